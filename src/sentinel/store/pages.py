"""Everything that the store knows for one message."""

import sqlite3

from sentinel.model.alert import Alert, Incident
from sentinel.model.delivery import Delivery
from sentinel.model.group import Group
from sentinel.model.page import Page, Tried
from sentinel.store import alerts, deliveries, groups, signals
from sentinel.store.reach import reach_of

_MOST_GROUPS = 5


def page_of(conn: sqlite3.Connection, delivery: Delivery) -> Page | None:
    """None where the delivery is about no incident, or its incident has been forgotten. One that
    was folded into another before it could be told is told as that one."""
    own = alerts.get_incident(conn, delivery.incident) if delivery.incident else None
    if own is None:
        return None
    home, is_folded = alerts.going_on(conn, own), delivery.reason == "folded"
    incident = own if is_folded else home
    found = alerts.of_incident(conn, incident.id)
    behind = _groups_of(conn, incident, found)
    # The newest event shows what it looks like now; a page is about now.
    newest = signals.latest_of_group(conn, behind[0].id) if behind else []
    original = deliveries.get(conn, delivery.fallback_of) if delivery.fallback_of else None
    return Page(
        incident=incident,
        alerts=tuple(found),
        groups=tuple(behind),
        sample=newest[0] if newest else None,
        reach=reach_of(conn, incident, found),
        others=_others(conn, delivery, incident),
        home=home if is_folded else None,
        tried=_tried(conn, delivery.incident, delivery.created),
        first=deliveries.is_first(conn, delivery),
        failed_channel=original.channel if original else None,
    )


def _others(conn: sqlite3.Connection, delivery: Delivery, lead: Incident) -> tuple[Incident, ...]:
    """The severest first, as the engine named them; those that were forgotten are left out."""
    known = (alerts.get_incident(conn, number) for number in delivery.also)
    found = [incident for incident in known if incident is not None]
    if delivery.reason != "folded":
        found = [alerts.going_on(conn, incident) for incident in found]
    by_number = {incident.id: incident for incident in found if incident.id != lead.id}
    return tuple(by_number.values())


def _tried(conn: sqlite3.Connection, incident: int | None, until: float) -> Tried | None:
    """The latest action that ran by then for an alert of the incident, if it did not help."""
    row = conn.execute(
        "SELECT runs.action, made.verb, made.text, made.at FROM decisions AS made"
        " JOIN action_runs AS runs ON runs.alert_id = made.alert_id"
        " WHERE made.incident_id = ? AND made.at <= ? AND NOT runs.dry AND made.reason IN"
        " ('helped', 'no_help', 'failed', 'unknown') AND made.verb LIKE 'action_%'"
        " ORDER BY made.id DESC LIMIT 1",
        (incident, until),
    ).fetchone()
    if row is None or row["verb"] == "action_done":
        return None
    return Tried(row["action"], row["text"].removeprefix(f"{row['action']}: "), row["at"])


def _groups_of(conn: sqlite3.Connection, incident: Incident, found: list[Alert]) -> list[Group]:
    root = [alert for alert in found if alert.id == incident.root]
    numbers = [incident.group, *(alert.group for alert in [*root, *found])]
    distinct = [number for number in dict.fromkeys(numbers) if number is not None]
    loaded = (groups.get(conn, number) for number in distinct[:_MOST_GROUPS])
    return [group for group in loaded if group is not None]
