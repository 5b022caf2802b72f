"""What the engine knows between two steps, and the one way to change it.

Every change goes through a `put_…` or `decide`, which notes it in the effects of the running
step and sets the timer that follows from it. So what is stored and what is believed agree.
"""

from collections import defaultdict
from typing import Any

import msgspec
from msgspec import Struct, field

from sentinel.engine.book import Book
from sentinel.engine.effects import Effects, WindowKey
from sentinel.engine.rules import encode_key
from sentinel.engine.timers import Timers
from sentinel.model.alert import Alert, Incident
from sentinel.model.decision import Decision, Verb


class Window(Struct):
    """A detector's state for one group key. `type` and the key's names tell after a change of
    the rules whether the state still means the same."""

    type: str
    state: Any
    recheck: float | None


class SavedWindow(Struct, array_like=True):
    type: str
    recheck: float | None
    state: msgspec.Raw


class Saved(Struct):
    """What a store gives back: unresolved alerts, unresolved incidents, windows, counters."""

    alerts: list[Alert] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    windows: dict[WindowKey, bytes] = field(default_factory=dict)
    last_alert: int = 0
    last_incident: int = 0
    now: float = 0.0


class State:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.now = 0.0
        self.alerts: dict[int, Alert] = {}
        self.incidents: dict[int, Incident] = {}
        self.windows: dict[WindowKey, Window] = {}
        self.alert_of: dict[WindowKey, int] = {}
        # Where to look for the incident that an alert belongs to.
        self.with_code: defaultdict[str, set[int]] = defaultdict(set)
        self.with_group: dict[int, int] = {}
        self.with_rule: defaultdict[str, set[int]] = defaultdict(set)
        self.members: defaultdict[int, set[int]] = defaultdict(set)
        """The unresolved alerts of each incident."""
        self.last_alert = 0
        self.last_incident = 0
        self.timers = Timers()
        self.effects = Effects()
        self.broken: set[str] = set()
        self._dirty: set[WindowKey] = set()

    def put_window(self, key: WindowKey, window: Window | None) -> None:
        self._dirty.add(key)
        if window is None:
            self.windows.pop(key, None)
            self.timers.set(("window", *key), None)
        else:
            self.windows[key] = window
            self.timers.set(("window", *key), window.recheck)

    def put_alert(self, window: WindowKey, alert: Alert) -> None:
        self.effects.alerts[alert.id] = alert
        before = self.alerts.pop(alert.id, None)
        if before is not None and before.incident is not None:
            self.members[before.incident].discard(alert.id)
        if alert.state == "resolved":
            self.alert_of.pop(window, None)
        else:
            self.alerts[alert.id] = alert
            self.alert_of[window] = alert.id
            if alert.incident is not None:
                self.members[alert.incident].add(alert.id)
        self.timers.set(("alert", *window), self._alert_due(alert))

    def put_incident(self, incident: Incident) -> None:
        self.effects.incidents[incident.id] = incident
        before = self.incidents.pop(incident.id, None)
        if before is not None:
            self._unlist(before)
        if incident.state == "resolved":
            self.members.pop(incident.id, None)
        else:
            self.incidents[incident.id] = incident
            self._list(incident)
        self.timers.set(("incident", f"{incident.id:012d}", ""), incident_due(incident))

    def decide(
        self,
        verb: Verb,
        reason: str,
        text: str,
        *,
        rule: str | None = None,
        alert: int | None = None,
        incident: int | None = None,
    ) -> None:
        decision = Decision(
            at=self.now,
            verb=verb,
            reason=reason,
            text=text,
            rule=rule,
            alert=alert,
            incident=incident,
        )
        self.effects.decisions.append(decision)

    def set_aside(self, rule: str, error: Exception) -> None:
        """Leave out a rule whose detector failed until the next start or reload: a broken plugin
        must not stop the rules of the others."""
        self.broken.add(rule)
        detector = self.book.rules.by_name[rule].detector.type
        text = f"{detector} raised {type(error).__name__}: {error}; the rule is off"
        self.decide("detector_failed", type(error).__name__, text, rule=rule)

    def current_alert(self, window: WindowKey) -> Alert | None:
        number = self.alert_of.get(window)
        return None if number is None else self.alerts[number]

    @staticmethod
    def window_of(alert: Alert) -> WindowKey:
        return alert.rule, encode_key(alert.key)

    def next_alert(self) -> int:
        self.last_alert += 1
        return self.last_alert

    def next_incident(self) -> int:
        self.last_incident += 1
        return self.last_incident

    def take_effects(self) -> Effects:
        """The effects of the step that ends here; the next one begins empty."""
        for key in self._dirty:
            try:
                self.effects.windows[key] = encode_window(self.windows.get(key))
            except Exception as error:  # noqa: BLE001 - the state of a plugin may be anything
                self.set_aside(key[0], error)
        self._dirty.clear()
        effects, self.effects = self.effects, Effects()
        return effects

    def alerts_in(self, incident: int) -> list[Alert]:
        """The unresolved alerts of an incident, oldest first."""
        return [self.alerts[number] for number in sorted(self.members.get(incident, ()))]

    def _list(self, incident: Incident) -> None:
        self.with_rule[incident.rule].add(incident.id)
        if incident.code is not None:
            self.with_code[incident.code].add(incident.id)
        elif incident.group is not None:
            self.with_group[incident.group] = incident.id

    def _unlist(self, incident: Incident) -> None:
        self.with_rule[incident.rule].discard(incident.id)
        if incident.code is not None:
            self.with_code[incident.code].discard(incident.id)
            if not self.with_code[incident.code]:
                del self.with_code[incident.code]
        elif incident.group is not None:
            self.with_group.pop(incident.group, None)

    def _alert_due(self, alert: Alert) -> float | None:
        rule = self.book.rules.by_name.get(alert.rule)
        if rule is None or alert.state == "resolved":
            return None
        if alert.state == "pending":
            return alert.started + rule.hold
        return None if alert.cleared is None else alert.cleared + rule.keep


def incident_due(incident: Incident) -> float | None:
    """When the next escalation step or reminder is to go out."""
    if incident.state != "open":
        return None
    times = [
        time
        for paging in incident.paging
        for time in (paging.step_at, paging.repeat_at)
        if time is not None
    ]
    return min(times, default=None)


def encode_window(window: Window | None) -> bytes | None:
    if window is None:
        return None
    state = msgspec.Raw(msgspec.msgpack.encode(window.state))
    return msgspec.msgpack.encode(SavedWindow(window.type, window.recheck, state))
