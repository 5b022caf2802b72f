"""What the engine knows between two steps, and the one way to change it.

Every change goes through a `put_…` or `decide`, which notes it in the effects of the running
step and sets the timer that follows from it. So what is stored and what is believed agree.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from sentinel.engine.book import Book
from sentinel.engine.broadcast_state import Broadcasts, due_of
from sentinel.engine.due import alert_due, incident_due
from sentinel.engine.effects import Effects, PagingKey, WindowKey
from sentinel.engine.incident_index import IncidentIndex, has_moved
from sentinel.engine.inhibition import Inhibition
from sentinel.engine.links import Links
from sentinel.engine.matchers import Matchers, parse_matchers
from sentinel.engine.routing import Route
from sentinel.engine.rules import encode_key
from sentinel.engine.stand_ins import NOBODY, StandIns, stand_ins_of
from sentinel.engine.timers import Timers
from sentinel.engine.window import Window, encode_window
from sentinel.model.alert import Alert, Incident
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.decision import Decision, Verb
from sentinel.model.fact import Fact
from sentinel.model.override import Override
from sentinel.model.paging import Paging
from sentinel.model.rest import DoNotDisturb
from sentinel.model.silence import Silence


class State:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.now = 0.0
        self.alerts: dict[int, Alert] = {}
        self.incidents: dict[int, Incident] = {}
        self.pagings: dict[PagingKey, Paging] = {}
        self.silences: dict[int, Silence] = {}
        self.dnd: dict[str, DoNotDisturb] = {}
        self.overrides: dict[int, Override] = {}
        self.stand_ins: StandIns = NOBODY
        """Who is on call by these."""
        self.facts: dict[str, Fact] = {}
        self.broadcasts = Broadcasts()
        self.windows: dict[WindowKey, Window] = {}
        self.groups_of: Counter[str] = Counter()
        """How many windows each rule has."""
        self.alert_of: dict[WindowKey, int] = {}
        self.attempts: set[int] = set()
        """The alerts whose rule's action is under way."""
        self.runs: dict[str, tuple[float, ...]] = {}
        self.index = IncidentIndex()
        self.members: defaultdict[int, set[int]] = defaultdict(set)
        """The alerts of each incident that are not over."""
        self.causes_in: Counter[int] = Counter()
        """How many of them stand for the cause itself."""
        self.pagings_of: defaultdict[int, set[PagingKey]] = defaultdict(set)
        self.stalled: set[PagingKey] = set()
        self.routes = {route.name: route for route in _walk(book.routes)}
        self.inhibition = Inhibition(book.inhibit)
        self.links = Links(book)
        self.matchers_of: dict[int, Matchers] = {}
        """Those of each silence."""
        self.freed = False
        """Whether something has ended that may have kept anything quiet."""
        self.loosened: set[int] = set()
        """The alerts for which an alert has ended that may have kept them quiet."""
        self.last_alert = 0
        self.last_incident = 0
        self.last_silence = 0
        self.last_override = 0
        self.timers = Timers()
        self.effects = Effects()
        self.broken: set[str] = set()
        self._crowded: set[str] = set()
        self._dirty: set[WindowKey] = set()

    def put_window(self, key: WindowKey, window: Window | None, due: float | None = None) -> None:
        self._dirty.add(key)
        if window is None:
            if self.windows.pop(key, None) is not None:
                self.groups_of[key[0]] -= 1
            self.timers.set(("window", *key), None)
            return
        if key not in self.windows:
            self.groups_of[key[0]] += 1
        self.windows[key] = window
        if due != window.due:
            window.due = due
            self.timers.set(("window", *key), due)

    def put_alert(self, window: WindowKey, alert: Alert) -> None:
        self.effects.alerts[alert.id] = alert
        before = self.alerts.get(alert.id)
        if before is not None and _only_counted(before, alert):
            self.alerts[alert.id] = alert
            return
        if alert.incident is not None:
            self.broadcasts.touch(alert.incident, alert.id)
        if before is not None:
            del self.alerts[alert.id]
        if before is not None:
            self._leave(before)
        if alert.state == "resolved":
            self.alert_of.pop(window, None)
        else:
            self.alerts[alert.id] = alert
            self.alert_of[window] = alert.id
            if alert.active and alert.incident is not None:
                self.members[alert.incident].add(alert.id)
                self.causes_in[alert.incident] += alert.cascade is None
        was_active = before is not None and before.active
        if alert.active and not was_active:
            self._start(alert)
        elif was_active and not alert.active:
            self._stop(alert)
        rule = self.book.rules.by_name.get(alert.rule)
        due = None if rule is None else alert_due(rule, alert)
        self.timers.set(("alert", *window), due)
        self._follow(alert)

    def put_incident(self, incident: Incident) -> None:
        self.effects.incidents[incident.id] = incident
        self.broadcasts.touch(incident.id)
        before = self.incidents.get(incident.id)
        if before is not None and (incident.state == "resolved" or has_moved(before, incident)):
            self._unlist(before)
            before = None
        if incident.state == "resolved":
            self.incidents.pop(incident.id, None)
            self.members.pop(incident.id, None)
            self.causes_in.pop(incident.id, None)
        else:
            self.incidents[incident.id] = incident
            if before is None:
                self._list(incident)
        self.timers.set(("incident", f"{incident.id:012d}", ""), incident_due(incident))

    def put_paging(self, paging: Paging) -> None:
        """One that has nothing left to tell is dropped."""
        key = (paging.route, paging.key)
        before = self.pagings.pop(key, None)
        for number in before.incidents if before else ():
            self.pagings_of[number].discard(key)
            if not self.pagings_of[number]:
                del self.pagings_of[number]
        self.stalled.discard(key)
        ended = not (paging.incidents or paging.over or paging.held)
        self.effects.pagings[key] = None if ended else paging
        self.timers.set(("paging", *key), None if ended else paging.due)
        if ended:
            return
        self.pagings[key] = paging
        for number in paging.incidents:
            self.pagings_of[number].add(key)
        if paging.stalled:
            self.stalled.add(key)

    def put_silence(self, silence: Silence) -> None:
        self.effects.silences[silence.id] = silence
        if silence.ends <= self.now:
            self.silences.pop(silence.id, None)
            self.matchers_of.pop(silence.id, None)
            self.timers.set(("silence", f"{silence.id:012d}", ""), None)
            self.freed = True
            return
        self.silences[silence.id] = silence
        self.matchers_of[silence.id] = parse_matchers(silence.matchers)
        self.timers.set(("silence", f"{silence.id:012d}", ""), silence.ends)

    def put_dnd(self, one: DoNotDisturb) -> None:
        self.effects.dnd[one.person] = one
        if one.until <= self.now:
            self.dnd.pop(one.person, None)
            self.timers.set(("dnd", one.person, ""), None)
            return
        self.dnd[one.person] = one
        self.timers.set(("dnd", one.person, ""), one.until)

    def put_override(self, override: Override) -> None:
        self.effects.overrides[override.id] = override
        self.overrides[override.id] = override
        lasting = (one for one in self.overrides.values() if one.state_at(self.now) != "over")
        self.overrides = {one.id: one for one in lasting}
        self.stand_ins = stand_ins_of(self.overrides.values(), self.book.people)

    def put_broadcast(self, broadcast: Broadcast) -> None:
        """One of which nothing more may come is dropped."""
        self.effects.broadcasts[broadcast.id] = broadcast
        self.broadcasts.put(broadcast)
        self._time(broadcast)
        if not self.broadcasts.is_wanted(broadcast, self.incidents, self.now):
            self.broadcasts.forget(broadcast)

    def put_update(self, update: Update) -> None:
        """Of a broadcast that is known."""
        self.effects.updates[update.id] = update
        self.broadcasts.updates[update.broadcast][update.id] = update
        self._time(self.broadcasts.known[update.broadcast])

    def _time(self, broadcast: Broadcast) -> None:
        said = self.broadcasts.said(broadcast.id)
        due = due_of(broadcast, said, self.book.broadcast(broadcast.rule))
        self.timers.set(("broadcast", f"{broadcast.id:012d}", ""), due)

    def put_fact(self, fact: Fact) -> None:
        self.effects.facts[fact.id] = fact
        self.facts[fact.id] = fact
        self.timers.set(("fact", fact.id, ""), fact.until)

    def drop_fact(self, id: str) -> None:
        self.effects.facts[id] = None
        del self.facts[id]
        self.links.remove_fact(id)
        self.timers.set(("fact", id, ""), None)

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

    def note_failure(self, what: str, error: Exception) -> None:
        """A fault of the engine itself: what failed is left out, so that the rest goes on."""
        text = f"{what} failed with {type(error).__name__}: {error}; it is left out"
        self.decide("engine_failed", type(error).__name__, text)

    def note_full(self, key: WindowKey) -> None:
        text = f"the window of {key[1]} is full: its oldest entries are left out of what is judged"
        self.decide("detector_full", "full", text, rule=key[0])

    def refuse_group(self, rule: str, most: int) -> None:
        if rule not in self._crowded:
            self._crowded.add(rule)
            text = f"it has {most:,} groups; signals of further ones are not judged"
            self.decide("groups_full", "too_many_groups", text, rule=rule)

    def note_run(self, rule: str, remembered: float) -> None:
        """The rule's action is run now. Times further back than `remembered` seconds count no
        more."""
        kept = (at for at in self.runs.get(rule, ()) if self.now - at < remembered)
        self.runs[rule] = (*kept, self.now)

    def runs_of(self, rule: str) -> tuple[float, ...]:
        """When the rule's own action ran lately, oldest first."""
        return self.runs.get(rule, ())

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

    def next_broadcast(self) -> int:
        self.broadcasts.last += 1
        return self.broadcasts.last

    def next_update(self) -> int:
        self.broadcasts.last_update += 1
        return self.broadcasts.last_update

    def next_silence(self) -> int:
        self.last_silence += 1
        return self.last_silence

    def next_override(self) -> int:
        self.last_override += 1
        return self.last_override

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

    def _follow(self, alert: Alert) -> None:
        attempt = None if alert.state == "resolved" else alert.attempt
        if attempt is None:
            self.attempts.discard(alert.id)
        else:
            self.attempts.add(alert.id)
        due = None if attempt is None else attempt.due
        self.timers.set(("remedy", f"{alert.id:012d}", ""), due)

    def _leave(self, alert: Alert) -> None:
        # Of an incident that is over nothing is kept.
        if alert.incident in self.incidents:
            self.members[alert.incident].discard(alert.id)
            self.causes_in[alert.incident] -= alert.cascade is None

    def _start(self, alert: Alert) -> None:
        self.inhibition.add(alert)
        if alert.code is not None:
            self.links.add_code(alert.code)

    def _stop(self, alert: Alert) -> None:
        self.loosened |= self.inhibition.remove(alert)
        if alert.code is not None:
            self.links.drop_code(alert.code)

    def _list(self, incident: Incident) -> None:
        self.index.add(incident)
        if incident.code is not None:
            self.links.add_code(incident.code)

    def _unlist(self, incident: Incident) -> None:
        self.index.remove(incident)
        if incident.code is not None:
            self.links.drop_code(incident.code)


def _only_counted(before: Alert, after: Alert) -> bool:
    """Whether no more than another signal was merged into it, as happens all the time."""
    return (
        before.state == after.state != "resolved"
        and before.incident == after.incident
        and before.cascade == after.cascade
        and before.cleared == after.cleared
        and before.flapping == after.flapping
        and before.unseen == after.unseen
        and before.attempt == after.attempt
    )


def _walk(route: Route) -> Iterator[Route]:
    yield route
    for child in route.routes:
        yield from _walk(child)
