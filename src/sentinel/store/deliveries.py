"""The table of deliveries: what is written into it, and what is read out of it. What the outbox
does with them is in `sending`. Every function runs inside the caller's transaction."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence

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

COLUMNS = (
    "id, key, channel, address, person, reason, incident_id AS incident, severity, state, "
    "attempts, created, due, sent, error, receipt, subject, fallback_of, also, reference, "
    "outcome, outcome_at, subscription_id AS subscription, update_id AS 'update', merged_into, "
    "since"
)
# This very text lets SQLite use the partial index deliveries_due.
OPEN = "state IN ('pending', 'sending')"
FAMILY = """WITH RECURSIVE
    above(id, up) AS (
        SELECT id, fallback_of FROM deliveries WHERE id = :id
        UNION SELECT d.id, d.fallback_of FROM deliveries d JOIN above ON d.id = above.up),
    family(id) AS (
        SELECT id FROM above
        UNION SELECT d.id FROM deliveries d JOIN family ON d.fallback_of = family.id)"""
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


def pack(message: Message) -> bytes:
    return zstandard.compress(msgspec.msgpack.encode(message))


def message(conn: sqlite3.Connection, id: int) -> Message | None:
    """What was rendered at the first attempt; None before it."""
    row = conn.execute("SELECT message FROM deliveries WHERE id = ?", (id,)).fetchone()
    if row is None or row["message"] is None:
        return None
    unpacked = zstandard.decompress(row["message"], max_output_size=_LONGEST_MESSAGE)
    return msgspec.msgpack.decode(unpacked, type=Message)


def get(conn: sqlite3.Connection, id: int) -> Delivery | None:
    found = many(conn, f"SELECT {COLUMNS} FROM deliveries WHERE id = ?", (id,))
    return found[0] if found else None


def of_numbers(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[Delivery]:
    """By number."""
    return many(
        conn,
        f"SELECT {COLUMNS} FROM deliveries WHERE id IN (SELECT value FROM json_each(?)) "
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
    return many(
        conn,
        f"SELECT {COLUMNS} FROM deliveries {where}ORDER BY id DESC LIMIT ?",
        (*used.values(), limit),
    )


def family(conn: sqlite3.Connection, id: int) -> list[Delivery]:
    """The same message over all of its channels, oldest first, this one among them."""
    return many(
        conn,
        f"{FAMILY} SELECT {COLUMNS} FROM deliveries WHERE id IN (SELECT id FROM family) "
        "ORDER BY id",
        {"id": id},
    )


def merged(conn: sqlite3.Connection, id: int, limit: int = 100) -> list[Delivery]:
    """Those in whose place this one tells, oldest first."""
    return many(
        conn,
        f"SELECT {COLUMNS} FROM deliveries WHERE merged_into = ? ORDER BY id LIMIT ?",
        (id, limit),
    )


def of_incident(conn: sqlite3.Connection, incident: int, limit: int = 200) -> list[Delivery]:
    """Those that tell of it, alone or with others, oldest first."""
    return many(
        conn,
        f"SELECT {COLUMNS} FROM deliveries WHERE incident_id = :incident OR id IN (SELECT d.id "
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


def many(
    conn: sqlite3.Connection, query: str, values: tuple[object, ...] | Mapping[str, object]
) -> list[Delivery]:
    return [
        msgspec.convert({**dict(row), "also": _numbers(row["also"])}, Delivery)
        for row in conn.execute(query, values)
    ]


def _numbers(text: str) -> list[int]:
    return msgspec.json.decode(text, type=list[int])
