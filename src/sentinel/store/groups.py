"""Error groups: counting events in, and finding them again."""

import sqlite3
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from sentinel.model.group import Group, GroupStatus
from sentinel.model.signal import Error

_COUNT = """
UPDATE groups SET count = count + 1, last_seen = max(last_seen, :received), title = :title,
    level = :level, severity = :severity, category = :category,
    last_release = coalesce(:release, last_release)
WHERE project = :project AND fingerprint = :fingerprint
RETURNING id, status
"""
# Not one statement with ON CONFLICT: that uses up a number for each event, and the second group
# of a busy shop would be error 80,000.
_INSERT = """
INSERT INTO groups (project, fingerprint, title, culprit, basis, code, type, level, severity,
    category, status, first_seen, last_seen, count, first_release, last_release)
VALUES (:project, :fingerprint, :title, :culprit, :basis, :code, :type, :level, :severity,
    :category, 'open', :received, :received, 1, :release, :release)
"""
_COLUMNS = (
    "id, project, fingerprint, title, culprit, code, type, level, severity, category, status,"
    " first_seen, last_seen, count, users, tenants, first_release, last_release, sample"
)
Reach = Literal["user", "tenant"]
_REACH_STEP = 60.0
"""Seconds by which the time may lag at which a user or a tenant met a group last: most events then
write nothing of them."""


def count_in(conn: sqlite3.Connection, error: Error, culprit: str, basis: str) -> Error:
    """Count an error into its group; it comes back with `group` and `group_state`.

    A group that had been resolved becomes `regressed`.
    """
    values = {
        "project": error.project,
        "fingerprint": error.fingerprint,
        "title": error.title,
        "culprit": culprit,
        "basis": basis,
        "code": error.code,
        "type": error.type,
        "level": error.level,
        "severity": error.severity,
        "category": error.category,
        "received": error.received,
        "release": error.release,
    }
    known = conn.execute(_COUNT, values).fetchone()
    if known is None:
        number = conn.execute(_INSERT, values).lastrowid
        return replace(error, group=number, group_state="new")
    number, status = known
    if status == "resolved":
        conn.execute("UPDATE groups SET status = 'regressed' WHERE id = ?", (number,))
        return replace(error, group=number, group_state="regressed")
    return replace(error, group=number, group_state="known")


def note(conn: sqlite3.Connection, group: int, sample: int, users: int, tenants: int) -> None:
    """The error that is shown of it, and how many more users and tenants have met it."""
    conn.execute(
        "UPDATE groups SET sample = ?, users = users + ?, tenants = tenants + ? WHERE id = ?",
        (sample, users, tenants, group),
    )


def reach(conn: sqlite3.Connection, group: int, kind: Reach, value: str | None, at: float) -> bool:
    """Note that a user or a tenant, if the error names one, met this group; whether it is the
    first time."""
    if not value:
        return False
    cursor = conn.execute(
        "INSERT OR IGNORE INTO group_reach (group_id, kind, value, last) VALUES (?, ?, ?, ?)",
        (group, kind, value, at),
    )
    if cursor.rowcount:
        return True
    conn.execute(
        "UPDATE group_reach SET last = ?4"
        " WHERE group_id = ?1 AND kind = ?2 AND value = ?3 AND last < ?4 - ?5",
        (group, kind, value, at, _REACH_STEP),
    )
    return False


def reached(conn: sqlite3.Connection, numbers: Sequence[int], since: float) -> tuple[int, int]:
    """How many tenants and how many users have met one of these groups since then, to a minute."""
    marks = ", ".join("?" * len(numbers))
    rows = conn.execute(
        f"SELECT kind, count(DISTINCT value) FROM group_reach WHERE group_id IN ({marks})"
        " AND last >= ? GROUP BY kind",
        (*numbers, since - _REACH_STEP),
    )
    counts = {kind: int(count) for kind, count in rows}
    return counts.get("tenant", 0), counts.get("user", 0)


def get(conn: sqlite3.Connection, number: int) -> Group | None:
    row = conn.execute(f"SELECT {_COLUMNS} FROM groups WHERE id = ?", (number,)).fetchone()
    return None if row is None else _from_row(row)


def tenants_of(conn: sqlite3.Connection, number: int, limit: int = 50) -> list[str]:
    rows = conn.execute(
        "SELECT value FROM group_reach WHERE group_id = ? AND kind = 'tenant'"
        " ORDER BY value LIMIT ?",
        (number, limit),
    )
    return [row[0] for row in rows]


def search(
    conn: sqlite3.Connection,
    *,
    text: str = "",
    status: GroupStatus | None = None,
    project: str | None = None,
    code: str | None = None,
    limit: int = 50,
    before: float | None = None,
    before_id: int = 0,
) -> list[Group]:
    """Latest seen first. `text` is looked for in title, culprit and code.

    `before` and `before_id` are `last_seen` and `id` of a page's last group, and page on.
    """
    wanted = f"%{_escaped(text)}%"
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM groups WHERE"
        " (?1 = '%%' OR title LIKE ?1 ESCAPE '\\' OR culprit LIKE ?1 ESCAPE '\\'"
        "  OR code LIKE ?1 ESCAPE '\\')"
        " AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR project = ?3)"
        " AND (?4 IS NULL OR code = ?4) AND (?5 IS NULL OR (last_seen, id) < (?5, ?6))"
        " ORDER BY last_seen DESC, id DESC LIMIT ?7",
        (wanted, status, project, code, before, before_id, limit),
    )
    return [_from_row(row) for row in rows]


def of_code(conn: sqlite3.Connection, code: str, limit: int = 10) -> list[Group]:
    return search(conn, code=code, limit=limit)


def set_status(conn: sqlite3.Connection, number: int, status: GroupStatus) -> bool:
    """Whether there is such a group."""
    cursor = conn.execute("UPDATE groups SET status = ? WHERE id = ?", (status, number))
    return cursor.rowcount > 0


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _from_row(row: sqlite3.Row) -> Group:
    values = dict(row)
    return Group(**{**values, "sample": str(values["sample"])})
