"""Alerts, incidents and messages as they stood at a time that has passed, from what is kept of
them: their times and the decisions."""

from collections.abc import Sequence

from msgspec.structs import replace

from sentinel.model.alert import Alert, AlertState, Incident
from sentinel.model.decision import Decision
from sentinel.model.delivery import Delivery

NOT_KEPT = (
    "What was in the window then, who was to be told next, and what silences, maintenance and "
    "quiet hours said is not kept: the decisions up to then tell what came of it."
)


def until(made: Sequence[Decision], at: float) -> list[Decision]:
    return [one for one in made if one.at <= at]


def alert_at(alert: Alert, made: Sequence[Decision], at: float) -> Alert | None:
    """None where it had not begun. Its incident's acknowledgement counts as its own."""
    if alert.started > at:
        return None
    state: AlertState = "pending"
    if alert.resolved is not None and alert.resolved <= at:
        state = "resolved"
    elif alert.fired is not None and alert.fired <= at:
        state = "firing" if _holder(until(made, at)) is None else "acknowledged"
        if any(one.verb == "alert_closed" and one.alert == alert.id for one in until(made, at)):
            state = "closed"
    own = [one for one in until(made, at) if one.alert == alert.id and one.incident is not None]
    return replace(
        alert,
        state=state,
        fired=_by(alert.fired, at),
        resolved=_by(alert.resolved, at),
        cleared=_by(alert.cleared, at),
        last=min(alert.last, at),
        incident=own[-1].incident if own else None if state == "pending" else alert.incident,
    )


def incident_at(incident: Incident, made: Sequence[Decision], at: float) -> Incident | None:
    """None where it had not been opened."""
    if incident.opened > at:
        return None
    taken = _holder(until(made, at))
    over = _by(incident.resolved, at)
    return replace(
        incident,
        state="resolved" if over is not None else "open" if taken is None else "acknowledged",
        resolved=over,
        resolved_by=incident.resolved_by if over is not None else None,
        acknowledged=taken.at if taken else None,
        acknowledged_by=taken.text.split(" has it")[0] if taken else None,
        assigned_by=None,
        ack_remind=None,
        ack_until=None,
        outlived=None,
    )


def delivery_at(delivery: Delivery, at: float) -> Delivery | None:
    """None where it had not been written. One that has ended since was under way."""
    if delivery.created > at:
        return None
    ended = delivery.sent if delivery.state == "sent" else delivery.due
    if delivery.state in ("pending", "sending") or (ended is not None and ended <= at):
        return delivery
    return replace(delivery, state="pending", sent=None, receipt=None, error=None)


def _holder(made: Sequence[Decision]) -> Decision | None:
    """The acknowledgement that held last. A step of the escalation is run only for an incident
    that is open, so that one which follows says that it had been opened again."""
    taken = None
    for one in made:
        if one.verb == "incident_acknowledged" and one.reason in ("person", "assigned"):
            taken = one
        elif one.verb == "incident_unacknowledged" or one.reason.startswith("step_"):
            taken = None
    return taken


def _by(time: float | None, at: float) -> float | None:
    return time if time is not None and time <= at else None
