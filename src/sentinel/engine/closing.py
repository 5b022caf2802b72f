"""A person says that an incident is over.

Its alerts are closed with it. One whose condition still holds, or has not been gone for long
enough, stays closed until that is so: nobody is called anew for what somebody has just declared
over, unless it happens again. An effect that was held under the incident is closed like its cause.
"""

from msgspec.structs import replace

from sentinel.engine import facts, paging
from sentinel.engine.rules import Rule
from sentinel.engine.state import State
from sentinel.model.alert import Alert, Incident

# What comes after so long a pause happens again, rather than still.
PAUSE = 300.0
# These say how something is, over and over; all others say that something has happened.
_LEVELS = ("status", "metric")


def close(state: State, incident: Incident, by: str) -> None:
    """Whoever was told of it hears that it is over, and who said so."""
    alerts = state.alerts_in(incident.id)
    lasting = sum(alert.cleared is None for alert in alerts)
    for alert in alerts:
        _close(state, alert, by)
    closed = replace(incident, state="resolved", resolved=state.now, resolved_by=by, outlived=None)
    state.put_incident(closed)
    text = f"{by} resolved it"
    if lasting:
        text += f"; {lasting} of its alerts still {'holds' if lasting == 1 else 'hold'}"
    state.decide("incident_resolved", "person", text, incident=incident.id)
    paging.end(state, closed)


def happens_again(rule: Rule, alert: Alert, now: float) -> bool:
    """Whether a signal that comes now is news of what was closed, though the detector still counts
    what came before: an error, say, an hour after the one that was dealt with. A level that is
    still too high is none, nor is the little that comes where a detector waits for more."""
    if alert.state != "closed" or rule.kind in _LEVELS or rule.detector.watches_silence:
        return False
    return now - alert.last > max(PAUSE, rule.keep)


def _close(state: State, alert: Alert, by: str) -> None:
    if alert.attempt is not None and alert.attempt.state == "waiting":
        text = f"{by} resolved the incident before the action ran"
        state.decide(
            "action_refused",
            "resolved",
            text,
            rule=alert.rule,
            alert=alert.id,
            incident=alert.incident,
        )
    facts.remove_alert(state, alert)
    state.put_alert(state.window_of(alert), replace(alert, state="closed", attempt=None))
    state.decide(
        "alert_closed",
        "person",
        f"{by} resolved its incident; it is over once its condition is gone",
        rule=alert.rule,
        alert=alert.id,
        incident=alert.incident,
    )
