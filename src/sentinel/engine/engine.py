"""The pure core: signals and the time in, effects out.

It does no I/O, reads no clock, draws no random number and starts no task. A reload, a restart
and an uninterrupted run give the same decisions for the same signals, because all three build
an engine from what is stored: see `Engine.__init__`.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from sentinel.engine import (
    acknowledgement,
    alerts,
    announcements,
    broadcast_commands,
    broadcasts,
    correlation,
    dnd,
    facts,
    gates,
    handling,
    overrides,
    paging,
    remedies,
    silences,
    windows,
)
from sentinel.engine.book import Book
from sentinel.engine.commands import (
    Acknowledge,
    ActionDone,
    Assign,
    Command,
    EditUpdate,
    EndBroadcast,
    EndOverride,
    EndSilence,
    Escalate,
    Note,
    PublishUpdate,
    Release,
    Resolve,
    SetDoNotDisturb,
    SetOverride,
    SetSilence,
    VetoUpdate,
    WriteUpdate,
)
from sentinel.engine.effects import Effects, WindowKey
from sentinel.engine.keys import Keys
from sentinel.engine.rules import Entry
from sentinel.engine.saved import Saved
from sentinel.engine.state import State
from sentinel.engine.timers import Subject
from sentinel.engine.window import revive
from sentinel.model.alert import Alert
from sentinel.model.broadcast import Update
from sentinel.model.decision import Match
from sentinel.model.signal import Change, Signal, Status

LONGEST_STEP_BACK = 60.0
_CLOCK_STEPPED = ("clock_stepped", "the clock was set back, so that its times mean nothing now")
_RULE_CHANGED = (
    "rule_changed",
    "its rule is gone, or changed so that what it had seen means nothing now",
)

# The signals that correlations know as facts.
_FACTS = (Change, Status)

Input = Signal | Command


class Engine:
    """Runs the rules of a book over what was saved, from `now` on. The effects of fitting the two
    together (rules that are gone, routes that changed) come out of the first step.

    `unseen` is for how many seconds before `now` nothing ran: a stop of the daemon, in which an
    alert that was pending may or may not have held.
    """

    def __init__(self, book: Book, saved: Saved, now: float, *, unseen: float = 0.0) -> None:
        self._state = State(book)
        self._keys = Keys()
        self._restore(saved, now, unseen)

    @property
    def last_alert(self) -> int:
        return self._state.last_alert

    @property
    def last_incident(self) -> int:
        return self._state.last_incident

    @property
    def last_silence(self) -> int:
        return self._state.last_silence

    @property
    def last_override(self) -> int:
        return self._state.last_override

    @property
    def last_broadcast(self) -> int:
        return self._state.broadcasts.last

    @property
    def last_update(self) -> int:
        return self._state.broadcasts.last_update

    @property
    def now(self) -> float:
        return self._state.now

    def is_waiting(self) -> bool:
        """Whether the passing of time alone may begin or end an alert: a stop of the daemon must be
        told apart from that."""
        rules = self._state.book.rules.by_name.values()
        return bool(self._state.alerts) or any(rule.detector.watches_silence for rule in rules)

    def next_due(self) -> float | None:
        """When `step` is to be called even if nothing comes in, in seconds since 1970 UTC."""
        return self._state.timers.next_due()

    def due_of(self, subject: Subject) -> float | None:
        """When something is to be done about one window, alert, incident or paging."""
        return self._state.timers.due_of(subject)

    def step(self, inputs: Sequence[Input], now: float) -> Effects:
        """Take signals in the order of their `received` times, then let time pass until `now`.

        Timers that were due before a signal run before it, at their own time: how inputs are
        cut into steps makes no difference. Time that runs backwards is held still.
        """
        state = self._state
        for one in inputs:
            self._advance(one.received)
            if isinstance(one, Signal):
                self._take(one)
            else:
                try:
                    self._obey(one)
                except Exception as error:  # noqa: BLE001 - one that is stored would come again
                    state.note_failure(f"the command {type(one).__name__}", error)
            self._free()
        self._advance(now)
        if state.links.failure is not None and not state.links.failure_told:
            state.links.failure_told = True
            state.note_failure("what joins alerts into incidents", state.links.failure)
        return self._state.take_effects()

    def _take(self, signal: Signal) -> None:
        state = self._state
        if isinstance(signal, _FACTS):
            correlation.meet(state, facts.take(state, signal))
        if state.attempts and isinstance(signal, Status):
            remedies.see(state, signal)
        for entry in state.book.rules.matching(signal):
            match = self._judge(entry, self._keys.of(entry.rule, signal), signal)
            if entry.counts:
                state.effects.matches.append(match)

    def _judge(self, entry: Entry, key: WindowKey, signal: Signal) -> Match:
        state, rule = self._state, entry.rule
        try:
            verdict = windows.observe(state, entry, key, signal)
        except windows.Refused as refused:
            return Match(
                signal=signal.seq, rule=rule.name, outcome="suppressed", reason=refused.reason
            )
        changed = alerts.judge(state, rule, key, verdict, signal if entry.counts else None)
        if changed is not None:
            self._settle(changed)
        return alerts.outcome_of(state, rule, key, signal)

    def _obey(self, command: Command) -> None:
        match command:
            case Acknowledge():
                acknowledgement.take(self._state, command.incident, command.by)
            case Release() | Assign() | Escalate() | Resolve() | Note():
                handling.obey(self._state, command)
            case PublishUpdate() | VetoUpdate() | EditUpdate() | WriteUpdate() | EndBroadcast():
                broadcast_commands.obey(self._state, command)
            case SetSilence():
                silences.put(self._state, command.silence)
            case EndSilence():
                silences.end(self._state, command.silence, command.by)
            case SetDoNotDisturb():
                dnd.put(self._state, command.person, command.until, command.by)
            case SetOverride():
                overrides.put(self._state, command.override)
            case EndOverride():
                overrides.end(self._state, command.override, command.by)
            case ActionDone():
                remedies.done(self._state, command)

    def _advance(self, time: float) -> None:
        state = self._state
        if not state.timers.may_be_due(time):
            state.now = max(state.now, time)
            return
        for due, subject in self._state.timers.pop_until(time):
            self._state.now = max(self._state.now, due)
            try:
                self._on_timer(subject)
                self._free()
            except Exception as error:  # noqa: BLE001 - or the same timer would stop all for ever
                state.note_failure(f"what was due of the {' '.join(subject)}", error)
        self._state.now = max(self._state.now, time)

    def _free(self) -> None:
        """Pagings that something kept quiet, once that is over."""
        state = self._state
        freed, loosened = state.freed, state.loosened
        if freed or loosened:
            state.freed, state.loosened = False, set()
        if freed:
            paging.stir(state)
            broadcasts.stir(state)
        elif loosened:
            found = (state.alerts.get(number) for number in loosened)
            for incident in sorted({one.incident for one in found if one and one.incident}):
                paging.stir_incident(state, incident)
                state.broadcasts.touched[incident] = None
        broadcasts.follow(state)

    def _on_timer(self, subject: Subject) -> None:
        state = self._state
        kind, name, key = subject
        match kind:
            case "paging":
                paging.run(state, (name, key))
            case "remedy":
                remedies.on_timer(state, int(name))
            case "incident":
                self._on_incident(int(name))
            case "broadcast":
                broadcasts.on_timer(state, int(name))
            case "broadcast_look":
                state.broadcasts.touched[int(name)] = None
            case "announcement":
                announcements.run(state, name)
            case "fact":
                state.drop_fact(name)
            case "silence":
                silences.on_timer(state, int(name))
            case "dnd":
                dnd.on_timer(state, name)
            case "alert":
                rule = state.book.rules.by_name[name]
                self._settle(alerts.on_timer(state, rule, (name, key)))
            case "window":
                rule = state.book.rules.by_name[name]
                verdict = windows.tick(state, rule, (name, key))
                if verdict is not None:
                    self._settle(alerts.judge(state, rule, (name, key), verdict, None))

    def _on_incident(self, number: int) -> None:
        state = self._state
        incident = state.incidents[number]
        acknowledgement.on_timer(state, incident)
        incident = state.incidents[number]
        if incident.outlived is None or incident.outlived > state.now:
            return
        rest = correlation.dissolve(state, incident)
        paging.end(state, incident)
        # One after the other: the next may be the cause of the one before, and fold its incident.
        for alert in rest:
            self._tell(*correlation.surface(state, alert, number))

    def _settle(self, alert: Alert | None) -> None:
        """Follow an alert that began to fire or was resolved up to the people it concerns; None:
        nothing began or ended."""
        if alert is None:
            return
        if alert.state == "resolved":
            remedies.end(self._state, alert)
            ended = correlation.leave(self._state, alert)
            if ended is not None:
                paging.end(self._state, ended)
        else:
            self._tell(alert, correlation.place(self._state, alert))
            remedies.begin(self._state, alert.id)

    def _tell(self, alert: Alert, placed: correlation.Placed) -> None:
        state, incident = self._state, placed.incident
        is_untold = incident.state == "open" and not paging.has_begun(state, incident.id)
        hold = correlation.hold_in(state, incident, alert)
        match placed.how:
            case "joined" | "rerooted" if is_untold:
                # No route took what there was of it before.
                paging.begin(state, incident, alert, hold=hold)
            case "opened":
                hold = max(hold, remedies.hold_of(state, alert))
                paging.begin(state, incident, alert, hold=hold)
            case "raised":
                paging.begin(state, incident, alert, hold=hold, raised=True)
            case "rerooted":
                paging.tell_told(state, incident.id, "cause_found", "cause_found")
                paging.widen(state, incident, alert, hold=hold)
            case "joined":
                state.decide(
                    "not_delivered",
                    "same_incident" if incident.state == "open" else "acknowledged",
                    f"incident {incident.id}, which is {incident.state}, tells of it",
                    alert=alert.id,
                    incident=incident.id,
                )
        paging.wake(state, incident.id)
        # An incident that was kept quiet is no longer, if this alert is not.
        if not gates.is_quiet(state, alert):
            paging.stir_incident(state, incident.id)

    def _restore(self, saved: Saved, now: float, unseen: float) -> None:
        state = self._state
        # A step back of the clock is waited out, unless it is a long one: then what was saved had
        # been told a wrong time, and its windows and timers mean nothing.
        stepped = saved.now - now > LONGEST_STEP_BACK
        state.now = now if stepped else max(saved.now, now)
        state.last_alert, state.last_incident = saved.last_alert, saved.last_incident
        state.last_silence, state.last_override = saved.last_silence, saved.last_override
        state.broadcasts.last, state.broadcasts.last_update = (
            saved.last_broadcast,
            saved.last_update,
        )
        lost = set()
        for key, data in saved.windows.items():
            rule = state.book.rules.by_name.get(key[0])
            window = None if stepped else revive(rule, key, data)
            if window is None or rule is None:
                lost.add(key)
            else:
                state.put_window(key, window, windows.due_of(rule, window))
        for alert in saved.alerts:
            state.put_alert(state.window_of(alert), alert)
        for incident in saved.incidents:
            state.put_incident(incident)
        for one in saved.pagings:
            state.put_paging(one)
        for silence in saved.silences:
            state.put_silence(silence)
        for one_dnd in saved.dnd:
            state.put_dnd(one_dnd)
        for override in saved.overrides:
            state.put_override(override)
        for fact in saved.facts:
            state.put_fact(fact)
        self._restore_broadcasts(saved)
        # Those of a time that is yet to come, by a clock that was wrong, count from now.
        state.runs = {
            rule: tuple(min(at, state.now) for at in times) for rule, times in saved.runs.items()
        }
        state.take_effects()  # What was only read back is no change.
        state.freed = False
        state.loosened = set()
        for key in lost:
            state.put_window(key, None)
        if unseen > 0:
            windows.unseen(state, unseen)
        for alert in saved.alerts:
            if state.window_of(alert) in lost or not self._has_rule(alert):
                reason, text = _CLOCK_STEPPED if stepped else _RULE_CHANGED
                # Whatever was tried for it, this is not what ended it.
                alert = replace(alert, attempt=None)
                self._settle(alerts.end(state, state.window_of(alert), alert, reason, text))
            elif unseen > 0:
                alerts.unseen(state, alert, unseen)
        for rule in state.book.rules.by_name.values():
            windows.begin(state, rule)
        facts.restore(state)
        # A fault that was contained may have come between an alert and its incident.
        for alert in list(state.alerts.values()):
            if alert.active and alert.incident is None:
                self._tell(alert, correlation.place(state, alert))
        paging.resume(state)
        if stepped:
            broadcasts.stepped_back(state)
        elif unseen > 0:
            broadcasts.unseen(state, unseen)
        # Entries may be new, and incidents may have ended with their rules.
        broadcasts.stir(state)
        broadcasts.follow(state)
        announcements.restore(state)

    def _restore_broadcasts(self, saved: Saved) -> None:
        state = self._state
        said: dict[int, list[Update]] = {}
        for update in saved.updates:
            said.setdefault(update.broadcast, []).append(update)
        for broadcast in saved.broadcasts:
            state.broadcasts.put(broadcast)
            for update in said.get(broadcast.id, ()):
                state.put_update(update)

    def _has_rule(self, alert: Alert) -> bool:
        rule = self._state.book.rules.by_name.get(alert.rule)
        return rule is not None and list(alert.key) == list(rule.by)
