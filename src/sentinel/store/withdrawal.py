"""Pages that nobody needs any more. Every function runs inside the caller's transaction."""

import sqlite3

from sentinel.model.alert import Incident
from sentinel.model.decision import Decision
from sentinel.model.delivery import Delivery
from sentinel.store import alerts, decisions, deliveries

# This very text lets SQLite use the partial index deliveries_several.
_OPEN = "state IN ('pending', 'sending')"
_CALLS = "state = 'pending' AND subscription_id IS NULL AND reason IN ('firing', 'reminder')"


def withdraw(conn: sqlite3.Connection, incident: Incident, now: float) -> list[Decision]:
    """Somebody has it: what calls others for nothing else, and is not out yet, stays in. What is
    being sent at this moment can't be stopped. Gives what is to be noted of it."""
    rows = conn.execute(
        f"SELECT id FROM deliveries WHERE incident_id = :incident AND {_CALLS} UNION "
        "SELECT d.id FROM deliveries AS d INDEXED BY deliveries_several, json_each(also) AS one "
        f"WHERE also <> '[]' AND {_OPEN} AND one.value = :incident AND {_CALLS} ORDER BY id",
        {"incident": incident.id},
    ).fetchall()
    return [note for row in rows for note in _taken_back(conn, row["id"], now)]


def take_back(conn: sqlite3.Connection, id: int, now: float) -> bool:
    """Whether a call that waits again is not needed, because somebody took what it calls for while
    it was being sent. Then it ends."""
    notes = _taken_back(conn, id, now)
    decisions.record(conn, notes)
    return bool(notes)


def take_back_all(conn: sqlite3.Connection, now: float) -> None:
    """Likewise for all that wait, when nothing is being sent."""
    rows = conn.execute(f"SELECT id FROM deliveries WHERE {_CALLS} ORDER BY id").fetchall()
    for row in rows:
        take_back(conn, row["id"], now)


def taken_by(conn: sqlite3.Connection, delivery: Delivery) -> str | None:
    """Who has what a delivery calls for; None where it does not call, or some of it is free. What
    is over needs nobody, but whoever did not hear of it has nothing to be told of its end."""
    if delivery.reason not in ("firing", "reminder") or delivery.subscription is not None:
        return None
    numbers = {number for number in (delivery.incident, *delivery.also) if number is not None}
    known = alerts.incidents(conn, numbers)
    if len(known) < len(numbers) or any(one.state == "open" for one in known.values()):
        return None
    taken = [one for one in known.values() if one.state == "acknowledged"]
    return (taken[0].acknowledged_by or "somebody") if taken else None


def _taken_back(conn: sqlite3.Connection, id: int, now: float) -> list[Decision]:
    delivery = deliveries.get(conn, id)
    by = taken_by(conn, delivery) if delivery is not None else None
    if delivery is None or by is None:
        return []
    changed = conn.execute(
        "UPDATE deliveries SET state = 'superseded', error = ? WHERE id = ? AND state = 'pending'",
        (f"{by} has it", id),
    ).rowcount
    if not changed:
        return []
    numbers = (number for number in (delivery.incident, *delivery.also) if number is not None)
    return [
        Decision(
            at=now,
            verb="not_delivered",
            reason="acknowledged",
            text=f"{by} has it: what still waited for {delivery.person or delivery.channel} "
            f"on {delivery.channel} is not sent",
            incident=number,
        )
        for number in numbers
    ]
