"""What a silence would keep quiet now."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from sentinel.engine.matchers import all_hold, parse_matchers
from sentinel.engine.silences import silenced_by
from sentinel.model.alert import Alert, Incident
from sentinel.store import alerts, silences

_MOST = 50


class Preview(Struct, frozen=True):
    """`alerts` are the firing ones that it meets, the newest first, and `incidents` the open ones
    of which nothing more would be told: each of their alerts is met, by it or by a silence that
    is in effect already. Of both the first 50; the counts are of all."""

    alerts: list[Alert]
    alerts_count: int
    incidents: list[Incident]
    incidents_count: int


def preview_of(conn: sqlite3.Connection, matchers: Sequence[str], now: float) -> Preview:
    """Of a silence with these matchers, which have been checked."""
    parsed = parse_matchers(matchers)
    active = [alert for alert in alerts.unresolved(conn) if alert.active]
    met = [alert for alert in active if all_hold(parsed, alert.labels)]
    quiet = {alert.id for alert in met}
    for other in silences.lasting(conn, now):
        if other.starts <= now:
            quiet.update(alert.id for alert in silenced_by(other, active))
    members: defaultdict[int | None, set[int]] = defaultdict(set)
    for alert in active:
        members[alert.incident].add(alert.id)
    touched = {alert.incident for alert in met}
    incidents = [
        incident
        for incident in reversed(alerts.unresolved_incidents(conn))
        if incident.state == "open" and incident.id in touched and members[incident.id] <= quiet
    ]
    return Preview(met[: -_MOST - 1 : -1], len(met), incidents[:_MOST], len(incidents))
