"""Deploys and other changes, by when they were made."""

import sqlite3

from msgspec.structs import replace

from sentinel.model.signal import Change
from sentinel.store import signals

LOOKED_BACK = 3_600.0
"""How long before an incident a change is of interest."""
_MOST_READ = 5_000


def before(
    conn: sqlite3.Connection, at: float, within: float = LOOKED_BACK, limit: int = 10
) -> list[Change]:
    """Those made up to a time, the nearest first."""
    rows = conn.execute(
        "SELECT seq, body FROM signals WHERE kind = 'change' AND at <= ? AND at >= ?"
        " ORDER BY at DESC, seq DESC LIMIT ?",
        (at, at - within, limit),
    )
    return [_change(row) for row in rows]


def search(
    conn: sqlite3.Connection,
    *,
    text: str = "",
    kind: str = "",
    before: tuple[float, int] | None = None,
    limit: int = 50,
) -> list[Change]:
    """The latest first, among the latest few thousand. `text` stands in any field that says what
    or where it was; `before` are the time and the number of the last one of the page before."""
    at, seq = before or (float("inf"), 0)
    rows = conn.execute(
        "SELECT seq, body FROM signals WHERE kind = 'change' AND (at, seq) < (?, ?)"
        " ORDER BY at DESC, seq DESC LIMIT ?",
        (at, seq, _MOST_READ),
    )
    found: list[Change] = []
    for row in rows:
        change = _change(row)
        if (not kind or change.kind == kind) and _holds(change, text.casefold()):
            found.append(change)
            if len(found) == limit:
                break
    return found


def _holds(change: Change, text: str) -> bool:
    said = (
        change.kind,
        change.summary,
        change.service,
        change.component,
        change.environment,
        change.release,
        change.author,
        change.project,
        change.tenant,
    )
    return not text or any(text in one.casefold() for one in said if one)


def _change(row: sqlite3.Row) -> Change:
    found = signals.unpack(row["body"])
    assert isinstance(found, Change)
    return replace(found, seq=row["seq"])
