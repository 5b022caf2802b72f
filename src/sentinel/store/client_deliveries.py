"""What was sent to clients: the rows of the outbox that belong to a subscription."""

import sqlite3

from msgspec import Struct

from sentinel.model.delivery import DeliveryState, Outcome, Reason

_OF_CONTACT = "subscription_id IN (SELECT id FROM subscriptions WHERE contact_id = ?)"


class Sent(Struct, frozen=True, kw_only=True):
    """One message to a contact, as its history shows it. Times are seconds since 1970 UTC."""

    delivery: int
    subscription: int
    subject: str
    reason: Reason
    channel: str
    state: DeliveryState
    created: float
    sent: float | None
    outcome: Outcome | None
    outcome_at: float | None
    error: str | None


def sent_to(
    conn: sqlite3.Connection, contact: int, *, before: int | None = None, limit: int = 100
) -> list[Sent]:
    """Newest first. For the next page, `before` is the delivery of the last one of this page."""
    rows = conn.execute(
        "SELECT id AS delivery, subscription_id AS subscription, subject, reason, channel, state,"
        f" created, sent, outcome, outcome_at, error FROM deliveries WHERE {_OF_CONTACT}"
        " AND id < ifnull(?, 9e18) ORDER BY id DESC LIMIT ?",
        (contact, before, limit),
    )
    return [Sent(**dict(row)) for row in rows]


class Bounce(Struct, frozen=True, kw_only=True):
    """A message to somebody who is still subscribed, of which the channel said that it did not
    arrive."""

    contact: int
    subscription: int
    at: float
    detail: str


def uncounted(conn: sqlite3.Connection, limit: int) -> list[Bounce]:
    """Those that the history does not have yet, oldest first."""
    rows = conn.execute(
        "SELECT s.contact_id AS contact, s.id AS subscription, d.outcome_at AS at,"
        " ifnull(d.error, '') AS detail FROM deliveries AS d"
        " JOIN subscriptions AS s ON s.id = d.subscription_id"
        " WHERE d.outcome = 'undelivered' AND d.subscription_id IS NOT NULL"
        " AND s.state IN ('pending', 'active') AND NOT EXISTS (SELECT 1 FROM client_history AS h"
        " WHERE h.contact_id = s.contact_id AND h.subscription_id = s.id AND h.what = 'bounced'"
        " AND h.at = d.outcome_at) ORDER BY d.outcome_at LIMIT ?",
        (limit,),
    )
    return [Bounce(**dict(row)) for row in rows]


def bounced(
    conn: sqlite3.Connection, subscription: int, key: str, detail: str, now: float
) -> int | None:
    """Note on a message that it came back: on the one of this key, or, without a key, on the
    latest that was handed over. Gives its number; None where there is none, or where it was noted
    before, as providers and mail servers may report one bounce several times."""
    row = conn.execute(
        "SELECT id, outcome FROM deliveries WHERE subscription_id = ?1"
        " AND state IN ('sending', 'sent') AND (?2 = '' OR key = ?2) ORDER BY id DESC LIMIT 1",
        (subscription, key),
    ).fetchone()
    if row is None or row["outcome"] == "undelivered":
        return None
    conn.execute(
        "UPDATE deliveries SET outcome = 'undelivered', outcome_at = ?, error = ? WHERE id = ?",
        (now, detail, row["id"]),
    )
    id: int = row["id"]
    return id


def withdraw(conn: sqlite3.Connection, subscription: int, why: str) -> int:
    """What still waits to be sent there is not sent any more."""
    return conn.execute(
        "UPDATE deliveries SET state = 'superseded', error = ?"
        " WHERE subscription_id = ? AND state = 'pending'",
        (why, subscription),
    ).rowcount


def erase(conn: sqlite3.Connection, contact: int) -> None:
    """Nothing stays of the messages but that there was one, when, and how it ended."""
    conn.execute(
        "UPDATE deliveries SET state = 'superseded', error = 'the contact was erased'"
        f" WHERE state = 'pending' AND {_OF_CONTACT}",
        (contact,),
    )
    conn.execute(
        "UPDATE deliveries SET address = '', message = NULL, receipt = NULL, reference = NULL,"
        f" subject = '', error = NULL WHERE {_OF_CONTACT}",
        (contact,),
    )
