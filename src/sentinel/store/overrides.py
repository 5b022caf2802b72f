"""Overrides of schedules, those that are over included."""

import sqlite3
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from sentinel.model.override import Override

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Override).decode


def save(conn: sqlite3.Connection, overrides: Iterable[Override]) -> None:
    conn.executemany(
        "INSERT OR REPLACE INTO overrides (id, starts, until, body) VALUES (?, ?, ?, ?)",
        [(one.id, one.starts, one.until, _encode(one)) for one in overrides],
    )


def lasting(conn: sqlite3.Connection, now: float) -> list[Override]:
    """Those that are not over, begun or not, oldest first."""
    return between(conn, now, float("inf"))


def between(conn: sqlite3.Connection, start: float, end: float) -> list[Override]:
    """Those that hold, or held, at some time of [start, end), oldest first."""
    rows = conn.execute(
        "SELECT body FROM overrides WHERE until > ? AND starts < ? AND until > starts ORDER BY id",
        (start, end),
    )
    return [_decode(row[0]) for row in rows]


def listing(
    conn: sqlite3.Connection, *, limit: int = 100, before: int | None = None
) -> list[Override]:
    """Newest first; `before` is an override's number and pages on."""
    rows = conn.execute(
        "SELECT body FROM overrides WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
        (before, limit),
    )
    return [_decode(row[0]) for row in rows]


def like(conn: sqlite3.Connection, asked: Override) -> Override | None:
    """The newest one that was set as it was asked for: the engine gives it its number."""
    rows = conn.execute(
        "SELECT body FROM overrides WHERE starts = ? AND until = ? ORDER BY id DESC",
        (asked.starts, asked.ends),
    )
    for row in rows:
        found = _decode(row[0])
        if replace(found, id=asked.id, created=asked.created) == asked:
            return found
    return None


def get(conn: sqlite3.Connection, number: int) -> Override | None:
    row = conn.execute("SELECT body FROM overrides WHERE id = ?", (number,)).fetchone()
    return None if row is None else _decode(row[0])
