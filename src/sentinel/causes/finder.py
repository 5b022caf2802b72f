"""What is behind an incident, for all who show it or tell of it."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import structlog

from sentinel.api import Candidate, Evidence, Ranker
from sentinel.causes.gathering import evidence_of
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.causes import combine
from sentinel.model.alert import Incident
from sentinel.model.cause import Findings
from sentinel.store import similar

log = structlog.get_logger("sentinel.causes")

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
        self._rankers = rankers
        self._depends_on = depends_on or {}
        self._told: set[str] = set()

    def findings(self, conn: sqlite3.Connection, incident: Incident, now: float) -> Findings:
        alike = similar.find(conn, incident, now, _MOST_COMPARED)
        evidence = evidence_of(conn, incident, alike, self._catalog, self._depends_on)
        return Findings(
            candidates=combine(self._candidates(evidence)),
            similar=tuple(alike[:_MOST_SHOWN]),
            changes=evidence.changes,
        )

    def _candidates(self, evidence: Evidence) -> Iterator[Candidate]:
        for ranker in self._rankers:
            try:
                yield from list(ranker().rank(evidence))
            except Exception as error:
                # Foreign code may raise anything. It is asked on every page: told once will do.
                if ranker.type not in self._told:
                    self._told.add(ranker.type)
                    log.error("a ranker failed", type=ranker.type, exc_info=error)
