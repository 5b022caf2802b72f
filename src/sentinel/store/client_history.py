"""What happened with each contact, by whom and when: also the proof of its consent."""

import sqlite3

from sentinel.model.client import Change


def note(conn: sqlite3.Connection, contact: int, change: Change) -> None:
    conn.execute(
        "INSERT INTO client_history (contact_id, subscription_id, at, actor, what, detail)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (contact, change.subscription, change.at, change.actor, change.what, change.detail),
    )


def changes(conn: sqlite3.Connection, contact: int, limit: int = 200) -> list[Change]:
    """Newest first."""
    rows = conn.execute(
        "SELECT at, actor, what, subscription_id AS subscription, detail FROM client_history"
        " WHERE contact_id = ? ORDER BY id DESC LIMIT ?",
        (contact, limit),
    )
    return [Change(**dict(row)) for row in rows]


def strikes(conn: sqlite3.Connection, subscription: int) -> int:
    """How many bounces in a row: those since the last message that was taken and came not back."""
    row = conn.execute(
        "SELECT count(*) FROM client_history WHERE subscription_id = :id AND what = 'bounced'"
        " AND at > ifnull((SELECT max(sent) FROM deliveries WHERE subscription_id = :id"
        " AND state = 'sent' AND ifnull(outcome, '') <> 'undelivered'), 0)",
        {"id": subscription},
    ).fetchone()
    count: int = row[0]
    return count


def erase(conn: sqlite3.Connection, contact: int) -> None:
    conn.execute("DELETE FROM client_history WHERE contact_id = ?", (contact,))
