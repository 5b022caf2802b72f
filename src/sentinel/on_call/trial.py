"""Who would be called: the daemon's own engine, on a virtual clock, with one made-up alert.

Nothing is worked out a second time here: what the engine decides is only written down.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from sentinel.engine.book import Book, Causes
from sentinel.engine.effects import Effects
from sentinel.engine.routing import Route
from sentinel.engine.rules import Rule, RuleIndex, make_rule
from sentinel.explanation.routes import RouteLine, walk
from sentinel.joins import open_joins
from sentinel.model.alert import AlertSeverity
from sentinel.model.decision import Decision
from sentinel.model.delivery import DeliveryIntent
from sentinel.model.override import Override
from sentinel.model.paging import Held, Paging
from sentinel.model.rest import DoNotDisturb
from sentinel.model.signal import Error, Signal
from sentinel.model.silence import Silence
from sentinel.model.verdict import Verdict
from sentinel.simulation import Simulation

Kind = Literal["told", "waits", "left_out", "nobody", "kept_quiet", "no_route"]

LONGEST = 7 * 86_400.0
"""For how long is looked ahead, in seconds: over the longest weekend."""

_MOST_LINES = 200
_MADE_UP = "made-up"
_WAITS = ("quiet_hours", "do_not_disturb", "digest")
_GATES = ("muted", "silenced", "inhibited", "maintenance")


class Case(Struct, frozen=True, kw_only=True):
    """An alert that fires at `at` (seconds since 1970 UTC) with these labels and goes on firing,
    and that nobody acknowledges. With `route`, that one alone is asked, whatever it matches."""

    at: float
    severity: AlertSeverity = "critical"
    labels: Mapping[str, str] = {}
    route: str | None = None


class Line(Struct, frozen=True, kw_only=True):
    """What happens `after` so many seconds. `waits` and `kept_quiet` last `until` then, None where
    that is not known; `step` is counted from 1, in its `round` from 1."""

    at: float
    after: float
    kind: Kind
    person: str | None = None
    channel: str = ""
    reason: str = ""
    step: int | None = None
    round: int = 1
    until: float | None = None
    text: str = ""


class Trial(Struct, frozen=True, kw_only=True):
    """`routes` are the tree as it was asked, `takes` those that tell. `goes_on` says that the
    reminders would come again and again; `cut` that more would follow than is shown."""

    at: float
    severity: AlertSeverity
    labels: dict[str, str]
    routes: list[RouteLine]
    takes: list[str]
    lines: list[Line]
    goes_on: bool
    cut: bool


def tried(
    book: Book,
    case: Case,
    *,
    silences: Sequence[Silence] = (),
    resting: Sequence[DoNotDisturb] = (),
    overrides: Sequence[Override] = (),
) -> Trial:
    """`silences`, `resting` and `overrides` are those that are not over now; of what nobody has
    set yet nothing is known. Raises KeyError for a route that there is not."""
    rule = _rule(case)
    asked = _book(book, rule, case)
    simulation = Simulation(asked, case.at)
    simulation.silences = {one.id: one for one in silences}
    simulation.dnd = {one.person: one for one in resting}
    simulation.overrides = {one.id: one for one in overrides}
    simulation.restart(now=case.at)
    lines, cut = _lines(simulation, case)
    routes = walk(asked.routes, rule.labels)
    return Trial(
        at=case.at,
        severity=case.severity,
        labels=dict(case.labels),
        routes=routes,
        takes=[one.name for one in routes if one.taken == "takes" and one.escalation],
        lines=lines,
        goes_on=any(one.repeat_at is not None for one in simulation.pagings.values()),
        cut=cut,
    )


def route_of(book: Book, name: str) -> Route:
    """Raises KeyError."""
    for route in _all_of(book.routes):
        if route.name == name:
            return route
    raise KeyError(name)


class _Always:
    """A detector that, once it has seen a signal, finds that its condition holds."""

    type = "always"
    State = bool
    watches_silence = False

    def begin(self, now: float) -> tuple[Any, Verdict]:
        return None, Verdict(False)

    def observe(self, signal: Signal, state: Any, now: float) -> tuple[Any, Verdict]:
        return True, Verdict(True)

    def observe_other(self, signal: Signal, state: Any, now: float) -> tuple[Any, Verdict]:
        return self.tick(state, now)

    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]:
        return state, Verdict(True)

    def explain(self, state: Any, now: float) -> str:
        return "it was made up"


def _rule(case: Case) -> Rule:
    own = {name: value for name, value in case.labels.items() if name != "severity"}
    return make_rule(
        name=case.labels.get("alertname", _MADE_UP),
        kind="error",
        where={},
        detector=_Always(),
        severity=case.severity,
        labels=own,
    )


def _book(book: Book, rule: Rule, case: Case) -> Book:
    """The same people, schedules, gates and routes, with this one rule."""
    routes = book.routes
    if case.route is not None:
        alone = msgspec.structs.replace(route_of(book, case.route), matchers=(), routes=())
        routes = Route(name="", routes=(alone,))
    return msgspec.structs.replace(
        book,
        rules=RuleIndex([rule]),
        routes=routes,
        open_joins=open_joins,
        causes=Causes(),
        correlations=(),
        broadcasts=(),
        # What clients would be told of is not what is asked for here.
        maintenance=tuple(msgspec.structs.replace(one, announce=None) for one in book.maintenance),
    )


def _lines(simulation: Simulation, case: Case) -> tuple[list[Line], bool]:
    """Until the last step has run and the first reminder has come."""
    tenant = case.labels.get("tenant")
    signal = Error(received=case.at, at=case.at, seq=1, tenant=tenant, code=case.labels.get("code"))
    lines = list(_told(simulation.run([signal]), simulation, case.at))
    while len(lines) < _MOST_LINES:
        due = simulation.engine.next_due()
        if due is None or due > case.at + LONGEST or _is_through(simulation, lines):
            return lines, False
        lines += _told(simulation.run(until=due), simulation, case.at)
    return lines[:_MOST_LINES], True


def _is_through(simulation: Simulation, lines: Sequence[Line]) -> bool:
    pagings = simulation.pagings.values()
    reminds = any(one.repeat_at is not None for one in pagings)
    return not any(map(_is_busy, pagings)) and (
        not reminds or any(line.reason == "reminder" for line in lines)
    )


def _is_busy(paging: Paging) -> bool:
    return bool(paging.news or paging.held or paging.step_at is not None)


def _told(effects: Effects, simulation: Simulation, began: float) -> Iterator[Line]:
    """The engine writes a message down right before it says so."""
    pagings = simulation.pagings.values()
    held = [one for paging in pagings for one in paging.held]
    opens = {one.gate.text: one.gate.until for one in pagings if one.gate is not None}
    sent = iter(effects.deliveries)
    for one in effects.decisions:
        after = one.at - began
        if one.verb == "delivery_enqueued":
            yield _message(one, next(sent), after)
        elif one.verb != "not_delivered":
            continue
        elif one.reason in _WAITS:
            yield _waiting(one, held, after)
        elif one.reason in _GATES:
            text, until = one.text, opens.get(one.text)
            yield Line(at=one.at, after=after, kind="kept_quiet", text=text, until=until)
        elif one.reason == "nobody":
            yield Line(at=one.at, after=after, kind="nobody", text=one.text)
        elif one.reason == "no_route":
            yield Line(at=one.at, after=after, kind="no_route", text="no route takes it")


def _message(decision: Decision, message: DeliveryIntent, after: float) -> Line:
    step, round = _step_of(decision.reason)
    return Line(
        at=decision.at,
        after=after,
        kind="told",
        person=message.recipient.person,
        channel=message.recipient.channel,
        reason=message.reason,
        step=step,
        round=round,
        text=decision.text,
    )


def _waiting(decision: Decision, held: Sequence[Held], after: float) -> Line:
    """What is not among those that are kept is left out."""
    for one in held:
        ends = f": {one.reason} by {one.recipient.channel} waits"
        if decision.text.startswith(f"{one.recipient.person} ") and decision.text.endswith(ends):
            return Line(
                at=decision.at,
                after=after,
                kind="waits",
                person=one.recipient.person,
                channel=one.recipient.channel,
                reason=one.reason,
                until=one.until,
                text=decision.text,
            )
    return Line(at=decision.at, after=after, kind="left_out", text=decision.text)


def _step_of(why: str) -> tuple[int | None, int]:
    """`step_2_round_3` is the second step, the third time."""
    words = why.split("_")
    if words[0] != "step":
        return None, 1
    return int(words[1]), int(words[3]) if len(words) > 2 else 1


def _all_of(route: Route) -> Iterator[Route]:
    yield route
    for child in route.routes:
        yield from _all_of(child)
