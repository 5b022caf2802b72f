"""Pages that nobody needs any more. Every function runs inside the caller's transaction."""

import sqlite3
from collections.abc import Iterable, Mapping

import msgspec

from sentinel.model.alert import Incident
from sentinel.model.decision import Decision
from sentinel.model.delivery import Delivery, Reason
from sentinel.store import alerts, decisions, deliveries

# This very text lets SQLite use the partial index deliveries_several.
_OPEN = "state IN ('pending', 'sending')"
_CALLS = "state = 'pending' AND subscription_id IS NULL AND reason IN ('firing', 'reminder')"
# What says that something goes on, and is untrue once it does not.
GOES_ON: tuple[Reason, ...] = (
    "firing",
    "assigned",
    "cause_found",
    "remedy_failed",
    "reminder",
    "acknowledged",
    "ack_expiring",
)
_OVER = "it was over before this could be sent"


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


def leave_out(conn: sqlite3.Connection, ids: Iterable[int], now: float) -> None:
    """These say that something goes on which is over: they are not sent."""
    for id in ids:
        changed = conn.execute(
            "UPDATE deliveries SET state = 'superseded', error = ? "
            "WHERE id = ? AND state = 'pending'",
            (_OVER, id),
        ).rowcount
        delivery = deliveries.get(conn, id) if changed else None
        if delivery is not None:
            what = f"{delivery.reason} to {delivery.person or delivery.channel}"
            text = f"{what} by {delivery.channel} is left out: {_OVER}"
            decisions.record(conn, _notes(delivery, "recovered", text, now))


def is_over(delivery: Delivery, known: Mapping[int, Incident]) -> bool:
    """Whether it says that something goes on of which nothing does. `known` are the incidents that
    are stored."""
    return (
        delivery.reason in GOES_ON
        and delivery.subscription is None
        and bool(numbers := delivery.incidents)
        and all(n in known and known[n].state == "resolved" for n in numbers)
    )


def is_pointless(conn: sqlite3.Connection, delivery: Delivery) -> bool:
    """Whether nobody is to be bothered with it over yet another channel: a call for what is over,
    or the end of what its person was never told of."""
    if delivery.reason == "resolved" and delivery.subscription is None:
        return not _has_heard(conn, delivery)
    return is_over(delivery, alerts.incidents(conn, delivery.incidents))


def taken_by(conn: sqlite3.Connection, delivery: Delivery) -> str | None:
    """Who has what a delivery calls for; None where it does not call, or some of it is free."""
    if delivery.reason not in ("firing", "reminder") or delivery.subscription is not None:
        return None
    numbers = delivery.incidents
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
    text = (
        f"{by} has it: what still waited for {delivery.person or delivery.channel} "
        f"on {delivery.channel} is not sent"
    )
    return _notes(delivery, "acknowledged", text, now)


def _notes(delivery: Delivery, reason: str, text: str, now: float) -> list[Decision]:
    return [
        Decision(at=now, verb="not_delivered", reason=reason, text=text, incident=number)
        for number in sorted(delivery.incidents)
    ]


def _has_heard(conn: sqlite3.Connection, delivery: Delivery) -> bool:
    """Whether its person was told of any of it, over whatever channel."""
    row = conn.execute(
        "SELECT 1 FROM deliveries AS d WHERE person IS :person AND state IN ('sending', 'sent') "
        "AND subscription_id IS NULL AND outcome IS NOT 'undelivered' AND id <> :id AND ("
        "incident_id IN (SELECT value FROM json_each(:numbers)) OR also <> '[]' AND EXISTS ("
        "SELECT 1 FROM json_each(d.also) AS one "
        "WHERE one.value IN (SELECT value FROM json_each(:numbers)))) LIMIT 1",
        {
            "person": delivery.person,
            "id": delivery.id,
            "numbers": msgspec.json.encode(sorted(delivery.incidents)).decode(),
        },
    ).fetchone()
    return row is not None
