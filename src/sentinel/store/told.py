"""Of which incidents an address was told."""

import sqlite3
from collections.abc import Mapping

from sentinel.model.alert import Incident
from sentinel.store.alerts import decode_incident

_WEEK = 7 * 86_400.0


def last_written_to(
    conn: sqlite3.Connection, channel: str, people: Mapping[str, str]
) -> str | None:
    """Whom of these, given with their addresses, the latest message over a channel went to."""
    latest: dict[str, float] = {}
    for person, address in people.items():
        row = conn.execute(
            "SELECT max(sent) FROM deliveries WHERE channel = ? AND person = ? AND address = ? "
            "AND sent IS NOT NULL",
            (channel, person, address),
        ).fetchone()
        if row[0] is not None:
            latest[person] = row[0]
    return max(latest, key=lambda person: latest[person], default=None)


def open_incidents(
    conn: sqlite3.Connection, channel: str, address: str, now: float
) -> list[Incident]:
    """Those that are not over, the newest first: by a message of their own, or in the last week by
    one that told of others too."""
    rows = conn.execute(
        "SELECT body FROM incidents AS i WHERE i.state IN ('open', 'acknowledged') AND (EXISTS ("
        "  SELECT 1 FROM deliveries AS d WHERE d.incident_id = i.id AND d.channel = :channel"
        "  AND d.address = :address AND d.subscription_id IS NULL AND d.state <> 'failed')"
        " OR i.id IN (SELECT one.value FROM deliveries AS d, json_each(d.also) AS one"
        "  WHERE d.also <> '[]' AND d.channel = :channel AND d.address = :address"
        "  AND d.created > :since)) ORDER BY i.id DESC LIMIT 50",
        {"channel": channel, "address": address, "since": now - _WEEK},
    )
    return [decode_incident(row["body"]) for row in rows]
