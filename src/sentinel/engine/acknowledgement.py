"""A person has an incident: nobody else is called, until that runs out or is given back."""

from msgspec.structs import replace

from sentinel.engine import paging
from sentinel.engine.correlation import reopened
from sentinel.engine.state import State
from sentinel.model.alert import Incident
from sentinel.model.values import Duration

# Whoever has it is reminded so long before it runs out; of a short one, after three quarters.
_REMINDED_BEFORE = 600.0


def take(state: State, number: int, by: str) -> None:
    """Stop further steps and reminders, and let the others know. An incident that is not open
    stays as it is, but for one whose acknowledgement the same person makes last longer."""
    incident = state.incidents.get(number)
    again = incident is not None and (incident.state, incident.acknowledged_by) == (
        "acknowledged",
        by,
    )
    if incident is None or (incident.state != "open" and not again):
        text = f"{by} acknowledged it, but it is not open any more"
        state.decide("incident_acknowledged", "too_late", text, incident=number)
        return
    _hand(state, incident, by)
    if not again:
        paging.tell_others(state, number, (by,))


def assign(state: State, incident: Incident, to: str, by: str) -> None:
    """As if `to` had acknowledged; who did not say so has to be told."""
    _hand(state, incident, to, given_by=by)
    paging.tell_others(state, incident.id, (to, by))
    if to != by:
        paging.tell_assigned(state, incident.id, state.book.people[to])


def release(state: State, incident: Incident, by: str) -> None:
    """The escalation begins anew, as when an acknowledgement runs out."""
    had = incident.acknowledged_by
    text = f"{by} gave it back" if had == by else f"{by} took it back from {had}"
    reopen(state, incident, "released", text)
    paging.again(state, incident.id)


def reopen(state: State, incident: Incident, reason: str, text: str) -> None:
    """Nobody has it any more."""
    for alert in state.alerts_in(incident.id):
        if alert.state == "acknowledged":
            state.put_alert(state.window_of(alert), replace(alert, state="firing"))
    state.put_incident(reopened(incident))
    state.decide("incident_unacknowledged", reason, text, incident=incident.id)


def on_timer(state: State, incident: Incident) -> None:
    """It is about to run out, or has."""
    if incident.state != "acknowledged":
        return
    if incident.ack_until is not None and incident.ack_until <= state.now:
        text = f"the acknowledgement of {incident.acknowledged_by} has run out"
        reopen(state, incident, "ack_timeout", text)
        paging.again(state, incident.id)
    elif incident.ack_remind is not None and incident.ack_remind <= state.now:
        state.put_incident(replace(incident, ack_remind=None))
        paging.remind_of_ack(state, incident.id, incident.acknowledged_by or "")


def _hand(state: State, incident: Incident, to: str, *, given_by: str | None = None) -> None:
    for alert in state.alerts_in(incident.id):
        if alert.state == "firing":
            state.put_alert(state.window_of(alert), replace(alert, state="acknowledged"))
    lasts = _lasts(state, incident.id)
    ends = None if lasts is None else state.now + lasts
    reminded = None if lasts is None else state.now + max(lasts * 0.75, lasts - _REMINDED_BEFORE)
    taken = replace(
        incident,
        state="acknowledged",
        acknowledged=state.now,
        acknowledged_by=to,
        assigned_by=given_by,
        ack_until=ends,
        ack_remind=reminded,
    )
    state.put_incident(taken)
    for_how_long = "" if lasts is None else f" for {Duration(lasts)}"
    given = "" if given_by is None else f", given by {given_by}"
    text = f"{to} has it{for_how_long}{given}; no further steps or reminders"
    reason = "person" if given_by is None else "assigned"
    state.decide("incident_acknowledged", reason, text, incident=incident.id)
    paging.acknowledged(state, incident.id)


def _lasts(state: State, number: int) -> float | None:
    """The shortest time-out of the escalations that page for it."""
    limits = [one.ack_timeout for one in paging.escalations_of(state, number)]
    return min((limit for limit in limits if limit is not None), default=None)
