"""Deliveries for one address that wait at the same time: one message takes the place of all, and
what waits for a person's limit waits. Every function runs inside the caller's transaction."""

import sqlite3
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from sentinel.model.delivery import Delivery, DeliveryIntent
from sentinel.store import deliveries

# The copies on other channels, and the copies of those.
_COPIES = """WITH RECURSIVE copies(id) AS (
    SELECT id FROM deliveries WHERE fallback_of {}
    UNION SELECT d.id FROM deliveries AS d JOIN copies ON d.fallback_of = copies.id)"""


class Waiting(Struct, frozen=True):
    """A delivery that waits. `bundled` says that it may wait for others, `is_diverted` that a copy
    on another channel is on its way, `is_whole` that it took the place of others."""

    delivery: Delivery
    bundled: bool
    is_diverted: bool
    is_whole: bool = False


def waiting(conn: sqlite3.Connection, like: Delivery, now: float) -> list[Waiting]:
    """What waits for the same person at the same address of the same channel, oldest first: what
    is due, and what was tried and is to be tried again later."""
    rows = conn.execute(
        f"SELECT d.id, d.bundled, EXISTS ({_COPIES.format('= d.id')} SELECT 1 FROM copies "
        "JOIN deliveries USING (id) WHERE state IN ('pending', 'sending')) AS diverted, "
        "EXISTS (SELECT 1 FROM deliveries AS part WHERE part.merged_into = d.id) AS whole "
        "FROM deliveries AS d WHERE d.channel = ? AND d.address = ? AND d.person IS ? "
        "AND d.state = 'pending' AND d.subscription_id IS NULL AND (d.due <= ? OR d.attempts > 0) "
        "ORDER BY d.id",
        (like.channel, like.address, like.person, now),
    ).fetchall()
    found = deliveries.of_numbers(conn, [row["id"] for row in rows])
    return [
        Waiting(one, bool(row["bundled"]), bool(row["diverted"]), bool(row["whole"]))
        for one, row in zip(found, rows, strict=True)
    ]


def merge(
    conn: sqlite3.Connection, ids: Sequence[int], intent: DeliveryIntent, now: float
) -> int | None:
    """Let one new delivery take the place of these. It is as old as the oldest of them. None where
    one of them does not wait any more: then nothing was changed."""
    marks = ", ".join("?" * len(ids))
    still = f"id IN ({marks}) AND state = 'pending'"
    count: int = conn.execute(
        f"SELECT count(*) FROM deliveries WHERE {still}", tuple(ids)
    ).fetchone()[0]
    if count < len(ids):
        return None
    number = deliveries.enqueue(conn, intent, now)
    conn.execute(
        "UPDATE deliveries SET since = (SELECT min(coalesce(since, created)) FROM deliveries"
        f" WHERE id IN ({marks})) WHERE id = ?",
        (*ids, number),
    )
    text = f"told with others by delivery {number}"
    conn.execute(
        f"UPDATE deliveries SET state = 'superseded', error = ?, merged_into = ? WHERE {still}",
        (text, number, *ids),
    )
    # The copies on other channels would tell of the same again.
    conn.execute(
        f"{_COPIES.format(f'IN ({marks})')} UPDATE deliveries SET state = 'superseded', "
        "error = ?, merged_into = ? WHERE +state = 'pending' AND id IN (SELECT id FROM copies)",
        (*ids, text, number),
    )
    return number


def part(conn: sqlite3.Connection, id: int, made_after: float, now: float) -> list[int]:
    """One that took the place of others is given up with the oldest of them: those that are younger
    wait again, by themselves. Gives their numbers."""
    rows = conn.execute(
        "WITH RECURSIVE parts(id) AS (SELECT id FROM deliveries WHERE merged_into = :id "
        "UNION SELECT d.id FROM parts JOIN deliveries AS d ON d.merged_into = parts.id) "
        "SELECT id FROM parts JOIN deliveries AS d USING (id) WHERE d.created > :after "
        "AND d.channel = (SELECT channel FROM deliveries WHERE id = :id) AND NOT EXISTS ("
        "SELECT 1 FROM deliveries AS one WHERE one.merged_into = d.id)",
        {"id": id, "after": made_after},
    ).fetchall()
    ids = [row["id"] for row in rows]
    conn.executemany(
        "UPDATE deliveries SET state = 'pending', due = ?, merged_into = NULL, error = NULL "
        "WHERE id = ? AND state = 'superseded'",
        [(now, number) for number in ids],
    )
    return ids


def newer_update(conn: sqlite3.Connection, delivery: Delivery) -> int | None:
    """A later delivery to the same subscription about the same broadcast, which makes this one
    old news."""
    row = conn.execute(
        "SELECT max(later.id) FROM deliveries AS later "
        "JOIN updates AS of_later ON of_later.id = later.update_id "
        "JOIN updates AS own ON own.id = ? AND own.broadcast_id = of_later.broadcast_id "
        "WHERE later.subscription_id = ? AND later.channel = ? AND later.id > ? "
        "AND later.state IN ('pending', 'sending', 'sent')",
        (delivery.update, delivery.subscription, delivery.channel, delivery.id),
    ).fetchone()
    number: int | None = row[0]
    return number


def supersede(conn: sqlite3.Connection, id: int, by: int) -> None:
    conn.execute(
        "UPDATE deliveries SET state = 'superseded', merged_into = ?, "
        "error = 'delivery ' || ? || ' has the latest news' WHERE id = ? AND state = 'pending'",
        (by, by, id),
    )


def digest_of(conn: sqlite3.Connection, delivery: Delivery, now: float) -> list[Delivery]:
    """The other updates that were kept for the same client until now, one of each broadcast."""
    rows = conn.execute(
        "SELECT id FROM deliveries WHERE subscription_id = ? AND channel = ? AND id <> ? "
        "AND +state = 'pending' AND update_id IS NOT NULL AND attempts = 0 "
        "AND due > created AND due <= ? ORDER BY id",
        (delivery.subscription, delivery.channel, delivery.id, now),
    ).fetchall()
    found = (deliveries.get(conn, row["id"]) for row in rows)
    return [one for one in found if one is not None and newer_update(conn, one) is None]


def bundle(conn: sqlite3.Connection, leader: Delivery, others: Sequence[Delivery]) -> None:
    """Let one update tell of the others too, as far as all of them still wait."""
    ids = [one.id for one in others]
    marks = ", ".join("?" * len(ids))
    count: int = conn.execute(
        f"SELECT count(*) FROM deliveries WHERE state = 'pending' AND id IN (?, {marks})",
        (leader.id, *ids),
    ).fetchone()[0]
    if count <= len(ids):
        return
    updates = [one.update for one in others]
    conn.execute(
        "UPDATE deliveries SET also = ?, message = NULL WHERE id = ?",
        (msgspec.json.encode(updates).decode(), leader.id),
    )
    conn.execute(
        "UPDATE deliveries SET state = 'superseded', error = ?, merged_into = ? "
        f"WHERE id IN ({marks})",
        (f"told with others by delivery {leader.id}", leader.id, *ids),
    )


def sent_since(
    conn: sqlite3.Connection, channel: str, person: str, since: float, now: float, limit: int
) -> list[float]:
    """When the latest messages to a person over a channel were sent, the newest first, at most so
    many of them. What is being sent counts as sent now."""
    rows = conn.execute(
        "SELECT sent AS at FROM deliveries WHERE channel = :channel AND person = :person "
        "AND sent > :since UNION ALL SELECT :now FROM deliveries WHERE channel = :channel "
        "AND person = :person AND state = 'sending' ORDER BY at DESC LIMIT :limit",
        {"channel": channel, "person": person, "since": since, "now": now, "limit": limit},
    )
    return [row["at"] for row in rows]


def postpone(conn: sqlite3.Connection, ids: Sequence[int], until: float, why: str) -> None:
    """What waits for its person's limit may then be told together."""
    conn.executemany(
        "UPDATE deliveries SET due = ?, bundled = 1, error = ? WHERE id = ? AND state = 'pending'",
        [(until, why, id) for id in ids],
    )


def reconsider(conn: sqlite3.Connection, now: float) -> None:
    """Limits may have changed: what waits because of one is looked at anew."""
    conn.execute(
        "UPDATE deliveries SET due = ? WHERE state = 'pending' AND bundled AND attempts = 0 "
        "AND due > ?",
        (now, now),
    )
