"""The outbox's table. Every function runs inside the caller's transaction.

A delivery that goes over a fallback channel is a row of its own that points to the first one.
Rows linked like this are a family: it is enough that one of them is sent, the others then end
as superseded.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import zstandard

from sentinel.model.delivery import (
    Audience,
    Delivery,
    DeliveryIntent,
    DeliveryState,
    Message,
    Reason,
    Recipient,
    is_page,
)
from sentinel.store import meta
from sentinel.store.tries import NOTED

_COLUMNS = (
    "id, key, channel, address, person, reason, incident_id AS incident, severity, state, "
    "attempts, created, due, sent, error, receipt, subject, fallback_of, also, reference, "
    "outcome, outcome_at, subscription_id AS subscription, update_id AS 'update', merged_into"
)
# This very text lets SQLite use the partial index deliveries_due.
_OPEN = "state IN ('pending', 'sending')"
# The priority of what may wake someone: see `_priority`.
_PAGE = "priority = 0"
# An all-clear must not arrive before the alarm that it ends, alone or with others.
_HELD_BACK = f"""reason = 'resolved' AND (EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.incident_id = d.incident_id AND earlier.channel = d.channel
    AND earlier.address = d.address AND earlier.id < d.id AND earlier.{_OPEN})
    OR EXISTS (
    SELECT 1 FROM deliveries AS earlier, json_each(earlier.also) AS one
    WHERE earlier.also <> '[]' AND earlier.channel = d.channel AND earlier.address = d.address
    AND earlier.id < d.id AND earlier.{_OPEN} AND one.value = d.incident_id))"""
_FAMILY = """WITH RECURSIVE
    above(id, up) AS (
        SELECT id, fallback_of FROM deliveries WHERE id = :id
        UNION SELECT d.id, d.fallback_of FROM deliveries d JOIN above ON d.id = above.up),
    family(id) AS (
        SELECT id FROM above
        UNION SELECT d.id FROM deliveries d JOIN family ON d.fallback_of = family.id)"""
# A plus before `state` below keeps SQLite from going through all that are in it.
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
_LONGEST_MESSAGE = 4_000_000


def enqueue(conn: sqlite3.Connection, intent: DeliveryIntent, now: float) -> int:
    """Write down what is to be sent; gives the row's id."""
    recipient = intent.recipient
    return _insert(
        conn,
        channel=recipient.channel,
        address=recipient.address,
        person=recipient.person,
        reason=intent.reason,
        incident=intent.incident,
        severity=intent.severity,
        fallback_of=None,
        also=intent.also,
        bundled=intent.bundled,
        now=now,
        update=intent.update,
    )


def enqueue_fallback(
    conn: sqlite3.Connection, failed: Delivery, channel: str, address: str, now: float
) -> int:
    """The same message for the same person over another channel, under a key of its own."""
    return _insert(
        conn,
        channel=channel,
        address=address,
        person=failed.person,
        reason=failed.reason,
        incident=failed.incident,
        severity=failed.severity,
        fallback_of=failed.id,
        also=failed.also,
        now=now,
        subscription=failed.subscription,
        update=failed.update,
    )


def enqueue_client(
    conn: sqlite3.Connection,
    recipient: Recipient,
    *,
    reason: Reason = "update",
    severity: str,
    subscription: int,
    update: int | None = None,
    incident: int | None = None,
    due: float,
    now: float,
) -> int | None:
    """What a client is to be told, not before `due`. None where that was written before."""
    if update is not None and _is_told(conn, update, subscription, recipient.channel):
        return None
    return _insert(
        conn,
        channel=recipient.channel,
        address=recipient.address,
        person=None,
        reason=reason,
        incident=incident,
        severity=severity,
        fallback_of=None,
        also=(),
        now=now,
        due=due,
        subscription=subscription,
        update=update,
    )


def _is_told(conn: sqlite3.Connection, update: int, subscription: int, channel: str) -> bool:
    found = conn.execute(
        "SELECT 1 FROM deliveries WHERE update_id = ? AND subscription_id = ? AND channel = ?",
        (update, subscription, channel),
    ).fetchone()
    return found is not None


def due(conn: sqlite3.Connection, channel: str, now: float, limit: int) -> list[Delivery]:
    """What may be sent now: pages first, then by the time they were due."""
    return _many(
        conn,
        f"SELECT {_COLUMNS} FROM deliveries AS d WHERE channel = ? AND state = 'pending' "
        f"AND due <= ? AND NOT ({_HELD_BACK}) ORDER BY priority, due, id LIMIT ?",
        (channel, now, limit),
    )


def channels_to_test(conn: sqlite3.Connection, now: float) -> set[str]:
    """Where a test message waits that nobody has tried to send."""
    rows = conn.execute(
        f"SELECT DISTINCT channel FROM deliveries WHERE {_OPEN} AND state = 'pending' "
        "AND reason = 'test' AND attempts = 0 AND due <= ?",
        (now,),
    )
    return {row["channel"] for row in rows}


def next_due(conn: sqlite3.Connection, channel: str, now: float) -> float | None:
    """The next time after now at which a delivery of this channel is due."""
    row = conn.execute(
        f"SELECT min(due) FROM deliveries WHERE channel = ? AND {_OPEN} "
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


def pack(message: Message) -> bytes:
    return zstandard.compress(msgspec.msgpack.encode(message))


def save_message(conn: sqlite3.Connection, id: int, subject: str, packed: bytes) -> None:
    """Keep what was rendered, so that every attempt sends the same."""
    conn.execute(
        "UPDATE deliveries SET subject = ?, message = ? WHERE id = ?", (subject, packed, id)
    )


def message(conn: sqlite3.Connection, id: int) -> Message | None:
    """What was rendered at the first attempt; None before it."""
    row = conn.execute("SELECT message FROM deliveries WHERE id = ?", (id,)).fetchone()
    if row is None or row["message"] is None:
        return None
    unpacked = zstandard.decompress(row["message"], max_output_size=_LONGEST_MESSAGE)
    return msgspec.msgpack.decode(unpacked, type=Message)


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
    found = _many(
        conn,
        f"{_TOLD} SELECT {_COLUMNS} FROM deliveries WHERE id IN (SELECT id FROM told UNION "
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
        f" outcome_at = iif(:unreachable, :now, outcome_at) WHERE id = :id AND {_OPEN}",
        {"id": id, "state": state, "error": error, "now": now, "unreachable": unreachable},
    )
    return state


def has_fallback(conn: sqlite3.Connection, id: int) -> bool:
    found = conn.execute("SELECT 1 FROM deliveries WHERE fallback_of = ?", (id,)).fetchone()
    return found is not None


def channels_tried(conn: sqlite3.Connection, id: int) -> set[str]:
    """The channels of the whole family: a fallback goes to none of them again."""
    rows = conn.execute(
        f"{_FAMILY} SELECT DISTINCT channel FROM deliveries WHERE id IN (SELECT id FROM family)",
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
    return _many(
        conn,
        f"SELECT {_COLUMNS} FROM deliveries AS d WHERE channel = ? AND state = 'pending' "
        f"AND {_PAGE} AND (? OR (attempts > 0 AND created <= ?)) AND NOT "
        "EXISTS (SELECT 1 FROM deliveries AS child WHERE child.fallback_of = d.id) "
        # The plus keeps SQLite from going through all that waits for the sake of the order.
        "ORDER BY +id",
        (channel, untried, created_before),
    )


def next_divert(conn: sqlite3.Connection, channel: str, created_after: float) -> float | None:
    """When the oldest page that has been tried in vain, and is younger than this, was made."""
    row = conn.execute(
        f"SELECT min(created) FROM deliveries AS d WHERE channel = ? AND state = 'pending' "
        f"AND {_PAGE} AND attempts > 0 AND created > ?",
        (channel, created_after),
    ).fetchone()
    created: float | None = row[0]
    return created


def hasten(conn: sqlite3.Connection, channel: str, now: float) -> int:
    """The channel works again: what waited for its next attempt is due now."""
    return conn.execute(
        f"UPDATE deliveries SET due = ? WHERE channel = ? AND {_OPEN} AND state = 'pending' "
        "AND due > ? AND attempts > 0",
        (now, channel, now),
    ).rowcount


def release_stale(conn: sqlite3.Connection, now: float) -> int:
    """At start-up: what was under way when the process died is sent again.

    The more attempts it had, the later: a message that kills the process with every attempt
    must not keep the others from being sent.
    """
    return conn.execute(
        "UPDATE deliveries SET state = 'pending', due = CASE WHEN attempts < 2 THEN :now "
        f"ELSE :now + min(300, 1 << min(attempts - 2, 9)) END WHERE {_OPEN} AND state = 'sending'",
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
    rows = _many(conn, f"SELECT {_COLUMNS} FROM deliveries WHERE {_OPEN}", ())
    return [delivery for delivery in rows if delivery.channel not in known]


def send_again(conn: sqlite3.Connection, id: int, now: float) -> bool:
    """A person wants a failed delivery tried once more. False if it has not failed."""
    changed = conn.execute(
        "UPDATE deliveries SET state = 'pending', due = ?, attempts = 0 "
        "WHERE id = ? AND state = 'failed'",
        (now, id),
    ).rowcount
    return bool(changed)


def get(conn: sqlite3.Connection, id: int) -> Delivery | None:
    found = _many(conn, f"SELECT {_COLUMNS} FROM deliveries WHERE id = ?", (id,))
    return found[0] if found else None


def of_numbers(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[Delivery]:
    """By number."""
    return _many(
        conn,
        f"SELECT {_COLUMNS} FROM deliveries WHERE id IN (SELECT value FROM json_each(?)) "
        "ORDER BY id",
        (msgspec.json.encode(numbers).decode(),),
    )


def listing(
    conn: sqlite3.Connection,
    *,
    state: DeliveryState | None = None,
    channel: str | None = None,
    incident: int | None = None,
    person: str | None = None,
    audience: Audience | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Newest first. For the next page, `before` is the id of the last one of this page."""
    filters = {"state = ?": state, "channel = ?": channel, "incident_id = ?": incident}
    filters |= {"person = ?": person, "id < ?": before}
    if audience is not None:
        filters["(subscription_id IS NOT NULL) = ?"] = audience == "client"
    used = {text: value for text, value in filters.items() if value is not None}
    where = f"WHERE {' AND '.join(used)} " if used else ""
    return _many(
        conn,
        f"SELECT {_COLUMNS} FROM deliveries {where}ORDER BY id DESC LIMIT ?",
        (*used.values(), limit),
    )


def family(conn: sqlite3.Connection, id: int) -> list[Delivery]:
    """The same message over all of its channels, oldest first, this one among them."""
    return _many(
        conn,
        f"{_FAMILY} SELECT {_COLUMNS} FROM deliveries WHERE id IN (SELECT id FROM family) "
        "ORDER BY id",
        {"id": id},
    )


def merged(conn: sqlite3.Connection, id: int, limit: int = 100) -> list[Delivery]:
    """Those in whose place this one tells, oldest first."""
    return _many(
        conn,
        f"SELECT {_COLUMNS} FROM deliveries WHERE merged_into = ? ORDER BY id LIMIT ?",
        (id, limit),
    )


def of_incident(conn: sqlite3.Connection, incident: int, limit: int = 200) -> list[Delivery]:
    """Those that tell of it, alone or with others, oldest first."""
    return _many(
        conn,
        f"SELECT {_COLUMNS} FROM deliveries WHERE incident_id = :incident OR id IN (SELECT d.id "
        "FROM deliveries AS d, json_each(d.also) AS one WHERE d.also <> '[]' "
        "AND d.update_id IS NULL AND one.value = :incident) ORDER BY id LIMIT :limit",
        {"incident": incident, "limit": limit},
    )


def counts(conn: sqlite3.Connection) -> Mapping[str, Mapping[DeliveryState, int]]:
    """How many there are, by channel and state."""
    found: dict[str, dict[DeliveryState, int]] = defaultdict(dict)
    for row in conn.execute("SELECT channel, state, count(*) FROM deliveries GROUP BY 1, 2"):
        found[row[0]][row[1]] = row[2]
    return found


def is_first(conn: sqlite3.Connection, delivery: Delivery) -> bool:
    """Whether this address has not been written to about this incident before."""
    row = conn.execute(
        "SELECT 1 FROM deliveries WHERE incident_id = ? AND channel = ? AND address = ? AND id < ?",
        (delivery.incident, delivery.channel, delivery.address, delivery.id),
    ).fetchone()
    return row is None


def first_reference(conn: sqlite3.Connection, delivery: Delivery) -> str:
    """The provider's name for the first message about this incident that it took for this address;
    empty where there is none. One that told of further incidents, too, is not to be overwritten by
    one that does not; nor the question whether clients may be told by a page, or the other way
    round, for each has choices of its own."""
    if delivery.incident is None or delivery.reason == "veto":
        return ""
    rows = conn.execute(
        "SELECT reference, also FROM deliveries WHERE incident_id = ? AND channel = ? "
        "AND address = ? AND id <> ? AND state = 'sent' AND reference IS NOT NULL "
        "AND outcome IS NOT 'undelivered' AND reason <> 'veto' ORDER BY sent, id",
        (delivery.incident, delivery.channel, delivery.address, delivery.id),
    )
    own = set(delivery.also)
    fitting = (row["reference"] for row in rows if own.issuperset(_numbers(row["also"])))
    return next(fitting, "")


def _insert(
    conn: sqlite3.Connection,
    *,
    channel: str,
    address: str,
    person: str | None,
    reason: Reason,
    incident: int | None,
    severity: str,
    fallback_of: int | None,
    also: Sequence[int],
    now: float,
    due: float | None = None,
    bundled: bool = False,
    subscription: int | None = None,
    update: int | None = None,
) -> int:
    # The key holds the row's own number, so it follows in a second step of the transaction.
    cursor = conn.execute(
        "INSERT INTO deliveries (key, channel, address, person, reason, incident_id, severity, "
        "state, priority, created, due, fallback_of, also, bundled, subscription_id, "
        "update_id) VALUES ('', ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            channel,
            address,
            person,
            reason,
            incident,
            severity,
            _priority(reason, severity, subscription),
            now,
            now if due is None else due,
            fallback_of,
            msgspec.json.encode(also).decode(),
            bundled,
            subscription,
            update,
        ),
    )
    id = cursor.lastrowid
    assert id is not None
    conn.execute("UPDATE deliveries SET key = ? WHERE id = ?", (f"{meta.instance(conn)}-{id}", id))
    return id


def _priority(reason: Reason, severity: str, subscription: int | None) -> int:
    """Pages overtake everything, and what clients are told waits for whatever people wait for."""
    if is_page(reason, severity):
        return 0
    if subscription is not None:
        return 3
    return 2 if severity == "info" else 1


def _told_otherwise(conn: sqlite3.Connection, id: int) -> bool:
    row = conn.execute(
        f"{_TELLERS} SELECT 1 FROM deliveries WHERE +state = 'sent' AND id IN "
        "(SELECT id FROM tellers)",
        {"id": id},
    ).fetchone()
    return row is not None


def _many(
    conn: sqlite3.Connection, query: str, values: tuple[object, ...] | Mapping[str, object]
) -> list[Delivery]:
    return [
        msgspec.convert({**dict(row), "also": _numbers(row["also"])}, Delivery)
        for row in conn.execute(query, values)
    ]


def _numbers(text: str) -> list[int]:
    return msgspec.json.decode(text, type=list[int])
