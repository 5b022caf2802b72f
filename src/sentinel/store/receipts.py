"""What providers report later of what they took."""

import sqlite3

from sentinel.model.delivery import Delivery, Outcome
from sentinel.store import deliveries, sending


def by_reference(conn: sqlite3.Connection, channel: str, reference: str) -> Delivery | None:
    """The latest that the provider knows by this name."""
    row = conn.execute(
        "SELECT id FROM deliveries WHERE channel = ? AND reference = ? ORDER BY id DESC LIMIT 1",
        (channel, reference),
    ).fetchone()
    return None if row is None else deliveries.get(conn, row["id"])


def note(
    conn: sqlite3.Connection, delivery: Delivery, outcome: Outcome, detail: str, now: float
) -> bool:
    """Whether it is news. What has arrived stays so: reports overtake each other. One that did not
    arrive has failed after all."""
    if delivery.outcome == "delivered" or delivery.outcome == outcome:
        return False
    conn.execute(
        "UPDATE deliveries SET outcome = ?, outcome_at = ? WHERE id = ?",
        (outcome, now, delivery.id),
    )
    if outcome == "undelivered" and delivery.state == "sent":
        conn.execute(
            "UPDATE deliveries SET state = 'failed', error = ?, due = ? WHERE id = ?",
            (detail or "it did not arrive", now, delivery.id),
        )
    if outcome == "delivered" and delivery.state == "failed":
        conn.execute(
            "UPDATE deliveries SET state = 'sent', error = NULL WHERE id = ?", (delivery.id,)
        )
        sending.supersede_told(conn, delivery.id)
    return True
