"""Silences, those that are over included."""

import sqlite3
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from sentinel.model.silence import Silence, SilenceState

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Silence).decode
_HELD: dict[SilenceState, str] = {
    "active": "starts <= :now AND ends > :now",
    "pending": "starts > :now AND ends > :now",
    "expired": "ends <= :now",
}


def save(conn: sqlite3.Connection, silences: Iterable[Silence]) -> None:
    conn.executemany(
        "INSERT OR REPLACE INTO silences (id, starts, ends, body) VALUES (?, ?, ?, ?)",
        [(one.id, one.starts, one.ends, _encode(one)) for one in silences],
    )


def lasting(conn: sqlite3.Connection, now: float) -> list[Silence]:
    """Those that are not over, begun or not, oldest first."""
    rows = conn.execute("SELECT body FROM silences WHERE ends > ? ORDER BY id", (now,))
    return [_decode(row[0]) for row in rows]


def listing(
    conn: sqlite3.Connection,
    now: float,
    *,
    state: SilenceState | None = None,
    limit: int = 100,
    before: int | None = None,
) -> list[Silence]:
    """Newest first; `before` is a silence's number and pages on."""
    held = "1" if state is None else _HELD[state]
    rows = conn.execute(
        f"SELECT body FROM silences WHERE {held} AND (:before IS NULL OR id < :before)"
        " ORDER BY id DESC LIMIT :limit",
        {"now": now, "before": before, "limit": limit},
    )
    return [_decode(row[0]) for row in rows]


def like(conn: sqlite3.Connection, asked: Silence) -> Silence | None:
    """The newest one that was set as it was asked for: the engine gives it its number."""
    rows = conn.execute(
        "SELECT body FROM silences WHERE starts = ? AND ends = ? ORDER BY id DESC",
        (asked.starts, asked.ends),
    )
    for row in rows:
        found = _decode(row[0])
        if replace(found, id=asked.id, created=asked.created) == asked:
            return found
    return None


def get(conn: sqlite3.Connection, number: int) -> Silence | None:
    row = conn.execute("SELECT body FROM silences WHERE id = ?", (number,)).fetchone()
    return None if row is None else _decode(row[0])
