"""The single events of an error group."""

import sqlite3

from msgspec.structs import replace

from sentinel.model.signal import Error
from sentinel.store import signals


def get(conn: sqlite3.Connection, group: int, seq: int) -> Error | None:
    """The event with this number, where it is one of the group."""
    found = of_group(conn, group, before=seq + 1, limit=1)
    return found[0] if found and found[0].seq == seq else None


def of_group(
    conn: sqlite3.Connection, group: int, *, before: int | None = None, limit: int = 20
) -> list[Error]:
    """Newest first; `before` is an event's number and pages on."""
    rows = conn.execute(
        "SELECT seq, body FROM signals WHERE group_id = ?1 AND (?2 IS NULL OR seq < ?2)"
        " ORDER BY seq DESC LIMIT ?3",
        (group, before, limit),
    )
    return [
        replace(event, seq=row["seq"], group=group)
        for row in rows
        if isinstance(event := signals.unpack(row["body"]), Error)
    ]


def neighbours(conn: sqlite3.Connection, group: int, seq: int) -> tuple[int | None, int | None]:
    """The numbers of the next older and the next newer event of the group."""
    row = conn.execute(
        "SELECT (SELECT max(seq) FROM signals WHERE group_id = ?1 AND seq < ?2),"
        " (SELECT min(seq) FROM signals WHERE group_id = ?1 AND seq > ?2)",
        (group, seq),
    ).fetchone()
    return row[0], row[1]
