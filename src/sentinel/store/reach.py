"""Whom an incident has reached: counted when somebody is told, over the errors behind it."""

import sqlite3
from collections.abc import Sequence

from sentinel.model.alert import Alert, Incident
from sentinel.model.group import Group
from sentinel.model.reach import Reach
from sentinel.store import groups, signals

# An alert counts errors that came before it: it fires at the twentieth of a burst.
_BEFORE = 900.0
_MOST_GROUPS = 50


def reach_of(conn: sqlite3.Connection, incident: Incident, own: Sequence[Alert]) -> Reach | None:
    """`own` are its alerts. None where no error is behind it.

    What an error group has met in earlier weeks is not of this incident.
    """
    numbers = dict.fromkeys((incident.group, *(alert.group for alert in own)))
    wanted = [number for number in numbers if number is not None][:_MOST_GROUPS]
    found = [group for number in wanted if (group := groups.get(conn, number)) is not None]
    if not found:
        return None
    began = min((incident.opened, *(alert.started for alert in own)))
    tenants, users = groups.reached(conn, wanted, began - _BEFORE)
    first = signals.last_before(conn, began - _BEFORE)
    return Reach(
        began=_first_met(found, began),
        tenants=tenants,
        users=users,
        events={number: signals.count_of_group(conn, number, first) for number in wanted},
    )


def _first_met(found: Sequence[Group], began: float) -> float:
    """Of errors that were never seen before, the first tells best when it began."""
    news = (group.first_seen for group in found if group.first_seen >= began - _BEFORE)
    return min((began, *news))
