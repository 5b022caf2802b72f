"""What to do about an incident, and what would show that it is mended: for its page and the API."""

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from sentinel.acting.proof import proofs
from sentinel.intelligence.advice import advice, runbook_of
from sentinel.intelligence.causes import suspect
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Findings
from sentinel.pipeline import Setup
from sentinel.store import signals

_READ_ERROR = "Open the error and read where in the code it was raised."
_READ_RULE = "See which rule fired, and why, and what was changed before."


class Guidance(Struct, frozen=True):
    """`steps` are what to do, the first one first. `tests` are the names of actions that would show
    that it is mended, the most telling first."""

    steps: list[str]
    tests: tuple[str, ...]
    runbook: str | None


def guidance(
    conn: sqlite3.Connection,
    incident: Incident,
    own: Sequence[Alert],
    findings: Findings,
    setup: Setup,
) -> Guidance:
    """`own` are all alerts of the incident."""
    suspected = suspect(findings.candidates)
    latest = signals.latest_of_group(conn, incident.group) if incident.group else []
    runbook = runbook_of(next((one for one in own if one.id == incident.root), None))
    return Guidance(
        steps=advice(
            setup.catalog.get(incident.code),
            suspect=suspected,
            behind=setup.catalog.behind(suspected),
            cause=incident.cause,
            runbook=runbook,
            otherwise=_READ_ERROR if incident.group else _READ_RULE,
        ),
        tests=proofs(
            setup.config,
            setup.catalog,
            incident,
            own,
            suspect=suspected,
            tags=latest[0].tags if latest else None,
        ),
        runbook=runbook,
    )
