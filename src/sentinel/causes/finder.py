"""What is behind an incident, for all who show it or tell of it."""

import sqlite3
from collections.abc import Mapping, Sequence

from sentinel.api import Ranker
from sentinel.causes.asking import Panel
from sentinel.causes.gathering import evidence_of
from sentinel.causes.repeated import tried
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.causes import combine
from sentinel.model.alert import Incident
from sentinel.model.cause import Findings
from sentinel.store import similar

_MOST_COMPARED = 10
_MOST_SHOWN = 5


class CauseFinder:
    """`depends_on` maps components to those that they need. A reload makes a new one."""

    def __init__(
        self,
        catalog: Catalog,
        rankers: Sequence[type[Ranker]],
        depends_on: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._catalog = catalog
        self._panel = Panel(rankers)
        self._depends_on = depends_on or {}

    def findings(self, conn: sqlite3.Connection, incident: Incident, now: float) -> Findings:
        alike = similar.find(conn, incident, now, _MOST_COMPARED)
        evidence = evidence_of(conn, incident, alike, self._catalog, self._depends_on)
        return Findings(
            candidates=combine(self._panel.candidates(evidence)),
            similar=tuple(alike[:_MOST_SHOWN]),
            tried=tried(alike),
            changes=evidence.changes,
        )
