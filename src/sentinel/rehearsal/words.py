"""How a report on a test names things."""

from collections.abc import Mapping

from sentinel.model.alert import Alert, Incident
from sentinel.model.delivery import DeliveryIntent
from sentinel.model.values import Duration
from sentinel.rehearsal.history import History


def clock(seconds: float) -> str:
    """A time of the test, such as 2m30s."""
    return str(Duration(seconds))


def name_of(rule: str, labels: Mapping[str, str]) -> str:
    """An alert by its rule, and what tells it from the rule's others."""
    told = ", ".join(f"{name}: {value}" for name, value in labels.items())
    return f"{rule} {{{told}}}" if told else rule


def standing_of(history: History, alert: Alert) -> str:
    """What has become of an alert, as a sentence."""
    name = name_of(alert.rule, alert.key)
    since = {"pending": alert.started, "firing": alert.fired, "resolved": alert.resolved}
    time = since.get(alert.state)
    if alert.state == "resolved" and alert.fired is None:
        return f"{name} was dropped{_at(history, time)} without having fired"
    return f"{name} is {alert.state}{_at(history, time, ' since')}"


def standing_of_incident(history: History, incident: Incident) -> str:
    alerts = "1 alert" if incident.size == 1 else f"{incident.size} alerts"
    opened = _at(history, incident.opened)
    parts = (f"root {incident.rule}", incident.state, incident.severity, alerts)
    return f"incident {incident.id}, opened{opened} ({', '.join(parts)})"


def message_of(history: History, delivery: DeliveryIntent) -> str:
    to = delivery.recipient
    whom = f"{to.person} by {to.channel}" if to.person else to.channel
    return f"{whom}{_at(history, delivery.at)} ({delivery.reason})"


def _at(history: History, time: float | None, word: str = " at") -> str:
    return "" if time is None else f"{word} {clock(history.since_start(time))}"
