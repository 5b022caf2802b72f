"""The pure core: signals and the time in, effects out.

It does no I/O, reads no clock, draws no random number and starts no task. A reload, a restart
and an uninterrupted run give the same decisions for the same signals, because all three build
an engine from what is stored: see `Engine.__init__`.
"""

from collections.abc import Sequence

import msgspec

from sentinel.engine import alerts, correlation, escalation
from sentinel.engine.book import Book
from sentinel.engine.effects import Effects, WindowKey
from sentinel.engine.rules import Rule, encode_key
from sentinel.engine.state import Saved, SavedWindow, State, Window
from sentinel.engine.timers import Subject
from sentinel.model.alert import Alert
from sentinel.model.decision import Match
from sentinel.model.signal import Signal
from sentinel.model.verdict import Verdict

LONGEST_STEP_BACK = 60.0
_CLOCK_STEPPED = ("clock_stepped", "the clock was set back, so that its times mean nothing now")
_RULE_CHANGED = (
    "rule_changed",
    "its rule is gone, or changed so that what it had seen means nothing now",
)


class Acknowledge(msgspec.Struct, frozen=True):
    """A person takes an incident."""

    incident: int
    by: str
    received: float


Input = Signal | Acknowledge


class Engine:
    """Runs the rules of a book over what was saved, from `now` on. The effects of fitting the two
    together (rules that are gone, routes that changed) come out of the first step."""

    def __init__(self, book: Book, saved: Saved, now: float) -> None:
        self._state = State(book)
        self._restore(saved, now)

    @property
    def last_alert(self) -> int:
        return self._state.last_alert

    @property
    def last_incident(self) -> int:
        return self._state.last_incident

    @property
    def now(self) -> float:
        return self._state.now

    def next_due(self) -> float | None:
        """When `step` is to be called even if nothing comes in, in seconds since 1970 UTC."""
        return self._state.timers.next_due()

    def step(self, inputs: Sequence[Input], now: float) -> Effects:
        """Take signals in the order of their `received` times, then let time pass until `now`.

        Timers that were due before a signal run before it, at their own time: how inputs are
        cut into steps makes no difference. Time that runs backwards is held still.
        """
        for one in inputs:
            self._advance(one.received)
            if isinstance(one, Acknowledge):
                escalation.acknowledge(self._state, one.incident, one.by)
            else:
                self._take(one)
        self._advance(now)
        return self._state.take_effects()

    def _take(self, signal: Signal) -> None:
        for rule in self._state.book.rules.matching(signal):
            key: WindowKey = (rule.name, encode_key(rule.key(signal)))
            verdict = self._observe(rule, key, signal)
            if verdict is None:
                match = Match(signal=signal.seq, rule=rule.name, outcome="suppressed")
            else:
                self._settle(alerts.judge(self._state, rule, key, verdict, signal))
                match = alerts.outcome_of(self._state, rule, key, signal)
            self._state.effects.matches.append(match)

    def _advance(self, time: float) -> None:
        for due, subject in self._state.timers.pop_until(time):
            self._state.now = max(self._state.now, due)
            self._on_timer(subject)
        self._state.now = max(self._state.now, time)

    def _on_timer(self, subject: Subject) -> None:
        kind, name, key = subject
        if kind == "incident":
            escalation.run(self._state, int(name))
            return
        rule = self._state.book.rules.by_name[name]
        if kind == "alert":
            self._settle(alerts.on_timer(self._state, rule, (name, key)))
            return
        verdict = self._observe(rule, (name, key), None)
        if verdict is not None:
            self._settle(alerts.judge(self._state, rule, (name, key), verdict, None))

    def _observe(self, rule: Rule, key: WindowKey, signal: Signal | None) -> Verdict | None:
        """Ask the detector; None where it has nothing to say, or failed."""
        if rule.name in self._state.broken:
            return None
        window = self._state.windows.get(key)
        before = None if window is None else window.state
        if signal is None and window is None:
            return None
        try:
            if signal is None:
                after, verdict = rule.detector.tick(before, self._state.now)
            else:
                after, verdict = rule.detector.observe(signal, before, self._state.now)  # type: ignore[arg-type]
            gone = after is None and not verdict.holds
            fresh = None if gone else Window(rule.detector.type, after, self._recheck(verdict))
        except Exception as error:  # noqa: BLE001 - code of third parties may raise anything
            self._state.set_aside(rule.name, error)
            return None
        self._state.put_window(key, fresh)
        return verdict

    def _recheck(self, verdict: Verdict) -> float | None:
        """A detector that asks to be called again at once would be called for ever."""
        if verdict.recheck is None or verdict.recheck > self._state.now:
            return verdict.recheck
        return self._state.now + 1.0

    def _settle(self, alert: Alert | None) -> None:
        """Follow an alert that began to fire or was resolved up to the people it concerns."""
        if alert is None:
            return
        if alert.state == "resolved":
            ended = correlation.leave(self._state, alert)
            if ended is not None:
                escalation.tell(self._state, ended, ended.told, "resolved", "recovered")
            return
        incident, how = correlation.place(self._state, alert)
        if how in ("opened", "raised"):
            escalation.begin(self._state, incident, alert)
        elif how == "rerooted":
            escalation.tell(self._state, incident, incident.told, "cause_found", "cause_found")
            escalation.widen(self._state, incident, alert)
        else:
            self._state.decide(
                "not_delivered",
                "same_incident" if incident.state == "open" else "acknowledged",
                f"incident {incident.id}, which is {incident.state}, tells of it",
                alert=alert.id,
                incident=incident.id,
            )

    def _restore(self, saved: Saved, now: float) -> None:
        state = self._state
        # A step back of the clock is waited out, unless it is a long one: then what was saved had
        # been told a wrong time, and its windows and timers mean nothing.
        stepped = saved.now - now > LONGEST_STEP_BACK
        state.now = now if stepped else max(saved.now, now)
        state.last_alert, state.last_incident = saved.last_alert, saved.last_incident
        lost = set()
        for key, data in saved.windows.items():
            window = None if stepped else self._revive(key, data)
            if window is None:
                lost.add(key)
            else:
                state.put_window(key, window)
        for alert in saved.alerts:
            state.put_alert(state.window_of(alert), alert)
        for incident in saved.incidents:
            state.put_incident(incident)
        state.take_effects()  # What was only read back is no change.
        for key in lost:
            state.put_window(key, None)
        for alert in saved.alerts:
            if state.window_of(alert) in lost or not self._has_rule(alert):
                reason, text = _CLOCK_STEPPED if stepped else _RULE_CHANGED
                self._settle(alerts.end(state, state.window_of(alert), alert, reason, text))
        escalation.resume(state, state.now)

    def _has_rule(self, alert: Alert) -> bool:
        rule = self._state.book.rules.by_name.get(alert.rule)
        return rule is not None and list(alert.key) == list(rule.by)

    def _revive(self, key: WindowKey, data: bytes) -> Window | None:
        """None where the rule is gone, has another detector or other group fields, or can't read
        what was saved."""
        rule = self._state.book.rules.by_name.get(key[0])
        names = list(msgspec.json.decode(key[1]))
        try:
            window = msgspec.msgpack.decode(data, type=SavedWindow)
            if rule is None or rule.detector.type != window.type or names != list(rule.by):
                return None
            value = msgspec.msgpack.decode(window.state, type=rule.detector.State)
        # TypeError: a plugin's State may be nothing that can be read back.
        except (msgspec.DecodeError, TypeError):
            return None
        return Window(window.type, value, window.recheck)
