"""When a message last got through: over each channel, to each person."""

import sqlite3

from msgspec import Struct


class Proven(Struct, frozen=True, kw_only=True):
    """`person` is None where the channel reaches whoever looks at it. `at` is when the provider
    gave its receipt for the delivery; both None where it never did."""

    channel: str
    person: str | None
    at: float | None = None
    delivery: int | None = None


def proven(conn: sqlite3.Connection) -> dict[tuple[str, str | None], Proven]:
    """What is kept of deliveries that were sent."""
    # Beside max() SQLite gives the columns of the row that has it.
    rows = conn.execute(
        "SELECT channel, person, max(sent) AS at, id AS delivery FROM deliveries"
        " WHERE state = 'sent' GROUP BY channel, person"
    )
    return {(row["channel"], row["person"]): Proven(**dict(row)) for row in rows}


def oldest_due(conn: sqlite3.Connection, now: float) -> tuple[int, float | None]:
    """How many deliveries are due and not sent, and since when the oldest of them."""
    row = conn.execute(
        "SELECT count(*), min(due) FROM deliveries"
        " WHERE state IN ('pending', 'sending') AND state = 'pending' AND due <= ?",
        (now,),
    ).fetchone()
    return row[0], row[1]
