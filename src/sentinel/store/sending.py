"""What the outbox does with deliveries: what is due, what is taken, and how it ended. Every
function runs inside the caller's transaction.

A delivery that goes over a fallback channel is a row of its own that points to the first one.
Rows linked like this are a family: it is enough that one of them is sent, the others then end
as superseded.

A plus before `state` keeps SQLite from going through all that are in that state.
"""

import sqlite3
from collections.abc import Iterable

from sentinel.model.delivery import Delivery, DeliveryState
from sentinel.store.deliveries import COLUMNS, FAMILY, OPEN, get, many
from sentinel.store.tries import NOTED

# The priority of what may wake someone: see `deliveries`.
_PAGE = "priority = 0"
_SINCE = "coalesce(since, created)"
# An all-clear must not arrive before the alarm that it ends, alone or with others.
_HELD_BACK = f"""reason = 'resolved' AND (EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.incident_id = d.incident_id AND earlier.channel = d.channel
    AND earlier.address = d.address AND earlier.id < d.id AND earlier.{OPEN})
    OR EXISTS (
    SELECT 1 FROM deliveries AS earlier, json_each(earlier.also) AS one
    WHERE earlier.also <> '[]' AND earlier.channel = d.channel AND earlier.address = d.address
    AND earlier.id < d.id AND earlier.{OPEN} AND one.value = d.incident_id))"""
# What tells of all that one tells of: its family, what took its place, and the family of that.
_TELLERS = """WITH RECURSIVE tellers(id) AS (
    VALUES (:id) UNION
    SELECT other.id FROM tellers JOIN deliveries AS one ON one.id = tellers.id
    JOIN deliveries AS other
    ON other.id IN (one.fallback_of, one.merged_into) OR other.fallback_of = one.id)"""
# The other way round: what one tells of, too.
_TOLD = """WITH RECURSIVE told(id) AS (
    VALUES (:id) UNION
    SELECT other.id FROM told JOIN deliveries AS one ON one.id = told.id
    JOIN deliveries AS other ON other.id = one.fallback_of
    OR other.fallback_of = one.id OR other.merged_into = one.id)"""


def due(conn: sqlite3.Connection, channel: str, now: float, limit: int) -> list[Delivery]:
    """What may be sent now: pages first, then by the time they were due."""
    return many(
        conn,
        f"SELECT {COLUMNS} FROM deliveries AS d WHERE channel = ? AND state = 'pending' "
        f"AND due <= ? AND NOT ({_HELD_BACK}) ORDER BY priority, due, id LIMIT ?",
        (channel, now, limit),
    )


def channels_to_test(conn: sqlite3.Connection, now: float) -> set[str]:
    """Where a test message waits that nobody has tried to send."""
    rows = conn.execute(
        f"SELECT DISTINCT channel FROM deliveries WHERE {OPEN} AND state = 'pending' "
        "AND reason = 'test' AND attempts = 0 AND due <= ?",
        (now,),
    )
    return {row["channel"] for row in rows}


def next_due(conn: sqlite3.Connection, channel: str, now: float) -> float | None:
    """The next time after now at which a delivery of this channel is due."""
    row = conn.execute(
        f"SELECT min(due) FROM deliveries WHERE channel = ? AND {OPEN} "
        "AND state = 'pending' AND due > ?",
        (channel, now),
    ).fetchone()
    due_at: float | None = row[0]
    return due_at


def claim(conn: sqlite3.Connection, id: int, now: float) -> Delivery | None:
    """Take a delivery for one attempt. None when someone else has it, or it has ended."""
    changed = conn.execute(
        "UPDATE deliveries SET state = 'sending', attempts = attempts + 1 "
        "WHERE id = ? AND state = 'pending' AND due <= ?",
        (id, now),
    ).rowcount
    return get(conn, id) if changed else None


def save_message(conn: sqlite3.Connection, id: int, subject: str, packed: bytes) -> None:
    """Keep what was rendered, so that every attempt sends the same."""
    conn.execute(
        "UPDATE deliveries SET subject = ?, message = ? WHERE id = ?", (subject, packed, id)
    )


def mark_sent(
    conn: sqlite3.Connection, id: int, receipt: str, now: float, reference: str = ""
) -> None:
    """The provider has it. What still waits to tell of the same is superseded."""
    conn.execute(
        "UPDATE deliveries SET state = 'sent', sent = ?, receipt = ?, reference = ?, error = NULL, "
        "outcome = NULL, outcome_at = NULL WHERE id = ?",
        (now, receipt, reference or None, id),
    )
    supersede_told(conn, id)


def supersede_told(conn: sqlite3.Connection, id: int) -> None:
    conn.execute(
        f"{_TOLD} UPDATE deliveries SET state = 'superseded', "
        "error = 'delivery ' || :id || ' of the same message was sent' "
        "WHERE +state = 'pending' AND id <> :id AND (id IN (SELECT id FROM told) "
        # One that took the place of several, if each of them has been told.
        "OR (id IN (SELECT merged_into FROM told JOIN deliveries USING (id)) AND NOT EXISTS ("
        "SELECT 1 FROM deliveries AS part WHERE part.merged_into = deliveries.id "
        "AND part.id NOT IN (SELECT id FROM told))))",
        {"id": id},
    )


def revive_told(
    conn: sqlite3.Connection, id: int, now: float, *, except_by: str | None = None
) -> list[Delivery]:
    """What was superseded because this one was sent waits again, as this one did not arrive; but
    for a channel that gets a copy anyway."""
    found = many(
        conn,
        f"{_TOLD} SELECT {COLUMNS} FROM deliveries WHERE id IN (SELECT id FROM told UNION "
        "SELECT merged_into FROM told JOIN deliveries USING (id)) "
        "AND id <> :id AND +state = 'superseded' AND merged_into IS NULL "
        "AND channel IS NOT :channel ORDER BY id",
        {"id": id, "channel": except_by},
    )
    revived = [one for one in found if not _told_otherwise(conn, one.id)]
    error = f"delivery {id} of the same message did not arrive"
    conn.executemany(
        "UPDATE deliveries SET state = 'pending', due = ?, error = ? WHERE id = ?",
        [(now, error, one.id) for one in revived],
    )
    return revived


def mark_retry(
    conn: sqlite3.Connection, id: int, due: float, error: str, now: float
) -> DeliveryState:
    """Give a claimed delivery back until `due`; superseded if a relative was sent meanwhile."""
    state: DeliveryState = "superseded" if _told_otherwise(conn, id) else "pending"
    conn.execute(
        f"UPDATE deliveries SET state = :state, due = :due, error = :error, {NOTED} "
        "WHERE id = :id AND state = 'sending'",
        {"state": state, "due": due, "error": error, "now": now, "id": id},
    )
    return state


def mark_failed(
    conn: sqlite3.Connection, id: int, error: str, now: float, *, unreachable: bool = False
) -> DeliveryState:
    """Give up; superseded if a relative was sent meanwhile. `due` keeps the time of the end.
    What goes to an address that is of no use at all is undelivered, too."""
    state: DeliveryState = "superseded" if _told_otherwise(conn, id) else "failed"
    conn.execute(
        f"UPDATE deliveries SET state = :state, due = :now, error = :error, {NOTED},"
        " outcome = iif(:unreachable, 'undelivered', outcome),"
        f" outcome_at = iif(:unreachable, :now, outcome_at) WHERE id = :id AND {OPEN}",
        {"id": id, "state": state, "error": error, "now": now, "unreachable": unreachable},
    )
    return state


def has_fallback(conn: sqlite3.Connection, id: int) -> bool:
    found = conn.execute("SELECT 1 FROM deliveries WHERE fallback_of = ?", (id,)).fetchone()
    return found is not None


def channels_tried(conn: sqlite3.Connection, id: int) -> set[str]:
    """The channels of the whole family: a fallback goes to none of them again."""
    rows = conn.execute(
        f"{FAMILY} SELECT DISTINCT channel FROM deliveries WHERE id IN (SELECT id FROM family)",
        {"id": id},
    )
    return {row["channel"] for row in rows}


def pages_to_divert(
    conn: sqlite3.Connection, channel: str, created_before: float, *, untried: bool
) -> list[Delivery]:
    """Critical pages that this channel did not get out and that have no fallback yet.

    `untried` also takes those that have not been tried, for a channel known to be failing;
    they count then whatever their age.
    """
    return many(
        conn,
        f"SELECT {COLUMNS} FROM deliveries AS d WHERE channel = ? AND state = 'pending' "
        f"AND {_PAGE} AND (? OR (attempts > 0 AND {_SINCE} <= ?)) AND NOT "
        "EXISTS (SELECT 1 FROM deliveries AS child WHERE child.fallback_of = d.id) "
        # The plus keeps SQLite from going through all that waits for the sake of the order.
        "ORDER BY +id",
        (channel, untried, created_before),
    )


def next_divert(conn: sqlite3.Connection, channel: str, created_after: float) -> float | None:
    """Since when the oldest page waits that has been tried in vain, and is younger than this."""
    row = conn.execute(
        f"SELECT min({_SINCE}) FROM deliveries AS d WHERE channel = ? AND state = 'pending' "
        f"AND {_PAGE} AND attempts > 0 AND {_SINCE} > ?",
        (channel, created_after),
    ).fetchone()
    since: float | None = row[0]
    return since


def hasten(conn: sqlite3.Connection, channel: str, now: float) -> int:
    """The channel works again: what waited for its next attempt is due now."""
    return conn.execute(
        f"UPDATE deliveries SET due = ? WHERE channel = ? AND {OPEN} AND state = 'pending' "
        "AND due > ? AND attempts > 0",
        (now, channel, now),
    ).rowcount


def ahead(conn: sqlite3.Connection, now: float) -> list[int]:
    """What a clock that was ahead has written: it would wait until that time comes again."""
    rows = conn.execute(
        f"SELECT id FROM deliveries WHERE {OPEN} AND state = 'pending' "
        "AND due > :now AND created > :now + 60",
        {"now": now},
    )
    return [row[0] for row in rows]


def set_right(conn: sqlite3.Connection, ids: Iterable[int], now: float) -> None:
    """They are due now."""
    conn.executemany(
        "UPDATE deliveries SET due = ? WHERE id = ? AND state = 'pending'",
        [(now, id) for id in ids],
    )


def release_stale(conn: sqlite3.Connection, now: float) -> int:
    """At start-up: what was under way when the process died is sent again.

    The more attempts it had, the later: a message that kills the process with every attempt
    must not keep the others from being sent.
    """
    return conn.execute(
        "UPDATE deliveries SET state = 'pending', due = CASE WHEN attempts < 2 THEN :now "
        f"ELSE :now + min(300, 1 << min(attempts - 2, 9)) END WHERE {OPEN} AND state = 'sending'",
        {"now": now},
    ).rowcount


def release(conn: sqlite3.Connection, ids: Iterable[int], now: float) -> None:
    """What was under way and has been given up half-way is due again."""
    conn.executemany(
        "UPDATE deliveries SET state = 'pending', due = ? WHERE id = ? AND state = 'sending'",
        [(now, id) for id in ids],
    )


def without_channel(conn: sqlite3.Connection, known: set[str]) -> list[Delivery]:
    """What waits for a channel that is no longer configured."""
    rows = many(conn, f"SELECT {COLUMNS} FROM deliveries WHERE {OPEN}", ())
    return [delivery for delivery in rows if delivery.channel not in known]


def send_again(conn: sqlite3.Connection, id: int, now: float) -> bool:
    """A person wants a failed delivery tried once more. False if it has not failed."""
    changed = conn.execute(
        "UPDATE deliveries SET state = 'pending', due = ?, attempts = 0 "
        "WHERE id = ? AND state = 'failed'",
        (now, id),
    ).rowcount
    return bool(changed)


def _told_otherwise(conn: sqlite3.Connection, id: int) -> bool:
    row = conn.execute(
        f"{_TELLERS} SELECT 1 FROM deliveries WHERE +state = 'sent' AND id IN "
        "(SELECT id FROM tellers)",
        {"id": id},
    ).fetchone()
    return row is not None
