"""A person takes an incident: nobody else is called, until it runs out."""

from msgspec.structs import replace

from sentinel.engine import paging
from sentinel.engine.correlation import reopened
from sentinel.engine.state import State
from sentinel.model.alert import Incident
from sentinel.model.values import Duration

# Whoever has it is reminded so long before it runs out; of a short one, after three quarters.
_REMINDED_BEFORE = 600.0


def take(state: State, number: int, by: str) -> None:
    """Stop further steps and reminders. An incident that is not open stays as it is, but for one
    whose acknowledgement the same person makes last longer."""
    incident = state.incidents.get(number)
    again = incident is not None and (incident.state, incident.acknowledged_by) == (
        "acknowledged",
        by,
    )
    if incident is None or (incident.state != "open" and not again):
        text = f"{by} acknowledged it, but it is not open any more"
        state.decide("incident_acknowledged", "too_late", text, incident=number)
        return
    for alert in state.alerts_in(number):
        if alert.state == "firing":
            state.put_alert(state.window_of(alert), replace(alert, state="acknowledged"))
    lasts = _lasts(state, number)
    taken = replace(
        incident,
        state="acknowledged",
        acknowledged=state.now,
        acknowledged_by=by,
        ack_until=None if lasts is None else state.now + lasts,
        ack_remind=None
        if lasts is None
        else state.now + max(lasts * 0.75, lasts - _REMINDED_BEFORE),
    )
    state.put_incident(taken)
    for_how_long = "" if lasts is None else f" for {Duration(lasts)}"
    text = f"{by} has it{for_how_long}; no further steps or reminders"
    state.decide("incident_acknowledged", "person", text, incident=number)
    paging.acknowledged(state, number)


def on_timer(state: State, incident: Incident) -> None:
    """It is about to run out, or has."""
    if incident.state != "acknowledged":
        return
    if incident.ack_until is not None and incident.ack_until <= state.now:
        for alert in state.alerts_in(incident.id):
            if alert.state == "acknowledged":
                state.put_alert(state.window_of(alert), replace(alert, state="firing"))
        state.put_incident(reopened(incident))
        text = f"the acknowledgement of {incident.acknowledged_by} has run out"
        state.decide("incident_unacknowledged", "ack_timeout", text, incident=incident.id)
        paging.again(state, incident.id)
    elif incident.ack_remind is not None and incident.ack_remind <= state.now:
        state.put_incident(replace(incident, ack_remind=None))
        paging.remind_of_ack(state, incident.id, incident.acknowledged_by or "")


def _lasts(state: State, number: int) -> float | None:
    """The shortest time-out of the escalations that page for it."""
    limits = [one.ack_timeout for one in paging.escalations_of(state, number)]
    return min((limit for limit in limits if limit is not None), default=None)
