"""What a health round asks the store, each in one short read."""

import sqlite3
from collections.abc import Container
from typing import Literal

import msgspec
from msgspec import Struct

from sentinel.model.signal import AnySignal, Change, Level, Metric, Severity
from sentinel.store import signals

MeasuredKind = Literal["status", "metric", "span"]
MEASURED: tuple[MeasuredKind, ...] = ("status", "metric", "span")
_SERIOUS: tuple[Level, ...] = ("error", "fatal")


class GroupInfo(Struct, frozen=True):
    id: int
    project: str
    title: str
    code: str | None
    severity: Severity | None
    first_seen: float


def last_signal(conn: sqlite3.Connection) -> int:
    """Its number; 0 where there is none."""
    return int(conn.execute("SELECT coalesce(max(seq), 0) FROM signals").fetchone()[0])


def measured(
    conn: sqlite3.Connection, kind: MeasuredKind, after: int, until: int, most: int
) -> list[AnySignal]:
    """Those after one number and up to another, oldest first; of more than `most` the newest."""
    # The first condition lets SQLite use the partial index signals_other.
    rows = conn.execute(
        "SELECT body FROM signals WHERE kind <> 'error' AND kind = ? AND seq > ? AND seq <= ?"
        " ORDER BY seq DESC LIMIT ?",
        (kind, after, until, most),
    ).fetchall()
    return [signals.unpack(row["body"]) for row in reversed(rows)]


def metrics(
    conn: sqlite3.Connection, names: Container[str], after: int, until: int, most: int
) -> list[AnySignal]:
    """Those of these names among the newest `most` metrics after one number and up to another,
    oldest first."""
    found = measured(conn, "metric", after, until, most)
    return [one for one in found if isinstance(one, Metric) and one.name in names]


def errors_by_group(conn: sqlite3.Connection, after: int, until: int, but: str) -> dict[int, int]:
    """How many errors each group has among these numbers, without those of one project."""
    rows = conn.execute(
        "SELECT group_id, count(*) FROM signals WHERE seq > ? AND seq <= ?"
        " AND group_id IS NOT NULL AND project <> ? GROUP BY group_id",
        (after, until, but),
    )
    return dict(rows.fetchall())


def serious(conn: sqlite3.Connection, numbers: list[int]) -> list[GroupInfo]:
    """Those of these groups that are of the levels error and fatal, and not ignored."""
    rows = conn.execute(
        "SELECT id, project, title, code, severity, first_seen FROM groups"
        " WHERE id IN (SELECT value FROM json_each(?)) AND status <> 'ignored'"
        f" AND level IN {_SERIOUS}",
        (msgspec.json.encode(numbers).decode(),),
    )
    return [GroupInfo(*row) for row in rows]


def releases(conn: sqlite3.Connection, since: float) -> list[tuple[str, str]]:
    """Projects with the releases that the latest errors of their groups named."""
    rows = conn.execute(
        "SELECT DISTINCT project, last_release FROM groups WHERE last_seen > ?"
        " AND last_release IS NOT NULL ORDER BY last_seen",
        (since,),
    )
    return [(row[0], row[1]) for row in rows]


def changes(conn: sqlite3.Connection, after: int, until: int, most: int) -> list[Change]:
    """Changes after one number and up to another, newest first."""
    rows = conn.execute(
        "SELECT body FROM signals WHERE kind <> 'error' AND kind = 'change' AND seq > ?"
        " AND seq <= ? ORDER BY seq DESC LIMIT ?",
        (after, until, most),
    )
    found = (signals.unpack(row["body"]) for row in rows)
    return [one for one in found if isinstance(one, Change)]
