"""Who does not want to be disturbed, and until when: the latest word on each person."""

import sqlite3
from collections.abc import Iterable

import msgspec

from sentinel.model.rest import DoNotDisturb


def save(conn: sqlite3.Connection, given: Iterable[DoNotDisturb]) -> None:
    conn.executemany(
        "INSERT OR REPLACE INTO do_not_disturb (person, since, until, actor) VALUES (?, ?, ?, ?)",
        [(one.person, one.since, one.until, one.by) for one in given],
    )


def lasting(conn: sqlite3.Connection, now: float) -> list[DoNotDisturb]:
    """Those that are not over, by name."""
    rows = conn.execute(
        "SELECT person, since, until, actor AS by FROM do_not_disturb WHERE until > ? "
        "ORDER BY person",
        (now,),
    )
    return [msgspec.convert(dict(row), DoNotDisturb) for row in rows]
