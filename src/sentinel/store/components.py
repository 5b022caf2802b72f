"""The health of components, by what their probes said last."""

import sqlite3

from sentinel.model.signal import Status
from sentinel.store import signals

# The first condition lets SQLite use the partial index signals_other.
_LATEST = (
    "SELECT seq, body FROM signals WHERE kind <> 'error' AND kind = 'status'"
    " ORDER BY seq DESC LIMIT ?"
)
_MOST_READ = 300


def latest(conn: sqlite3.Connection) -> list[Status]:
    """One status for each component among the latest ones, by name."""
    found: dict[str, Status] = {}
    for row in conn.execute(_LATEST, (_MOST_READ,)):
        status = signals.unpack(row["body"])
        if isinstance(status, Status):
            found.setdefault(name_of(status), status)
    return [status for _, status in sorted(found.items())]


def name_of(status: Status) -> str:
    return status.component or status.service or status.host or status.project
