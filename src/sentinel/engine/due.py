"""When an alert or an incident wants to be looked at again, with nothing new coming in."""

from sentinel.engine.rules import Rule
from sentinel.model.alert import Alert, Incident


def alert_due(rule: Rule, alert: Alert) -> float | None:
    """When it fires, if its condition goes on holding, or ends, if that goes on not to."""
    if alert.state == "resolved":
        return None
    if alert.state == "pending":
        return alert.started + rule.hold + alert.unseen
    if alert.cleared is None:
        return None
    return alert.cleared + (max(rule.keep, rule.flapping.quiet) if alert.flapping else rule.keep)


def incident_due(incident: Incident) -> float | None:
    """When its acknowledgement wants a reminder or runs out, or its cascades surface."""
    if incident.state == "resolved":
        return None
    times = [incident.outlived]
    if incident.state == "acknowledged":
        times += [incident.ack_remind, incident.ack_until]
    return min((time for time in times if time is not None), default=None)
