"""Messages inside Sentinel: what was sent over the channels of the type `inapp`."""

import json
import sqlite3
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from sentinel.model.delivery import Delivery

_COLUMNS = (
    "id, key, channel, address, person, reason, incident_id AS incident, severity, state, "
    "attempts, created, due, sent, error, receipt, subject, fallback_of"
)
_SENT = "state = 'sent' AND channel IN (SELECT value FROM json_each(?1))"
_MOST_COUNTED = 100


class Bell(Struct, frozen=True):
    """`unread` counts up to 100. Of the unread messages, `critical` is the newest page that is
    critical, and `newest` the newest of all."""

    unread: int
    critical: Delivery | None
    newest: Delivery | None


def messages(
    conn: sqlite3.Connection, channels: Sequence[str], before: int | None = None, limit: int = 50
) -> list[Delivery]:
    """Newest first; `before` is a delivery's number and pages on."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM deliveries WHERE {_SENT} AND (?2 IS NULL OR id < ?2)"
        " ORDER BY id DESC LIMIT ?3",
        (json.dumps(list(channels)), before, limit),
    )
    return [msgspec.convert(dict(row), Delivery) for row in rows]


def bell(conn: sqlite3.Connection, channels: Sequence[str], seen: int) -> Bell:
    """`seen` is the number of the newest message that was looked at."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM deliveries WHERE {_SENT} AND id > ?2 ORDER BY id DESC LIMIT ?3",
        (json.dumps(list(channels)), seen, _MOST_COUNTED),
    )
    found = [msgspec.convert(dict(row), Delivery) for row in rows]
    alarms = (one for one in found if one.severity == "critical" and one.reason == "firing")
    return Bell(len(found), next(alarms, None), next(iter(found), None))
