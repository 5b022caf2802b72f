"""Of which incidents somebody was told."""

import sqlite3
from collections.abc import Mapping

from sentinel.model.alert import Incident
from sentinel.store.alerts import decode_incident

_WEEK = 7 * 86_400.0
# Who was told by mail may answer by SMS.
_THEIRS = "(d.person = :person OR (d.channel = :channel AND d.address = :address))"


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
    conn: sqlite3.Connection, person: str, channel: str, address: str, now: float
) -> list[Incident]:
    """Those that are not over, the newest first, of which the person was told over any channel, or
    the place that this one writes to: by a message of their own, or in the last week by one that
    told of others too."""
    rows = conn.execute(
        "SELECT body FROM incidents AS i WHERE i.state IN ('open', 'acknowledged') AND (EXISTS ("
        "  SELECT 1 FROM deliveries AS d WHERE d.incident_id = i.id"
        f"  AND {_THEIRS} AND d.subscription_id IS NULL AND d.state <> 'failed')"
        " OR i.id IN (SELECT one.value FROM deliveries AS d, json_each(d.also) AS one"
        f"  WHERE d.also <> '[]' AND {_THEIRS}"
        "  AND d.created > :since)) ORDER BY i.id DESC LIMIT 50",
        {"person": person, "channel": channel, "address": address, "since": now - _WEEK},
    )
    return [decode_incident(row["body"]) for row in rows]
