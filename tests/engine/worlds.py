"""Small worlds for the engine's tests: a book of rules, a route, and a way to run signals."""

from collections.abc import Sequence
from typing import Any

from sentinel.detectors.any import AnyMatch, AnyParams
from sentinel.detectors.frequency import Frequency, FrequencyParams
from sentinel.engine.book import Book, Causes
from sentinel.engine.effects import Effects
from sentinel.engine.engine import Engine, Input
from sentinel.engine.routing import Escalation, Route, Step, parse_matcher
from sentinel.engine.rules import Rule, RuleIndex, make_rule
from sentinel.engine.state import Saved
from sentinel.model.delivery import Recipient
from sentinel.model.signal import Error
from sentinel.model.values import Duration

ALICE = Recipient("mail", "alice@acme.example", "alice")
BOB = Recipient("mail", "bob@acme.example", "bob")


def any_rule(name: str = "Any", timeframe: float = 300, **options: Any) -> Rule:
    options.setdefault("where", {})
    options.setdefault("kind", "error")
    detector = AnyMatch(AnyParams(timeframe=Duration(timeframe)))
    return make_rule(name=name, detector=detector, **options)


def frequency_rule(
    name: str = "Often", num_events: int = 3, timeframe: float = 60, **options: Any
) -> Rule:
    options.setdefault("where", {})
    options.setdefault("kind", "error")
    params = FrequencyParams(num_events=num_events, timeframe=Duration(timeframe))
    return make_rule(name=name, detector=Frequency(params), **options)


def route(
    name: str = "default",
    *steps: Step,
    matchers: Sequence[str] = (),
    **options: Any,
) -> Route:
    steps = steps or (Step(0.0, (ALICE,)),)
    return Route(
        name=name,
        matchers=tuple(parse_matcher(text) for text in matchers),
        escalation=Escalation(name, steps),
        **options,
    )


def book(*rules: Rule, routes: Sequence[Route] | None = None, causes: Causes | None = None) -> Book:
    tree = Route(name="", routes=tuple(routes if routes is not None else [route()]))
    return Book(RuleIndex(rules), tree, causes or Causes())


def error(at: float, seq: int = 0, **fields: Any) -> Error:
    return Error(received=at, at=at, seq=seq or int(at * 1000) + 1, **fields)


class World:
    """An engine with a store of its own, which can die and come back at any moment."""

    def __init__(self, first: Book) -> None:
        self.book = first
        self.saved = Saved()
        self.engine = Engine(first, self.saved, 0.0)
        self.history = Effects()

    def run(self, *inputs: Input, until: float | None = None) -> Effects:
        now = until if until is not None else inputs[-1].received
        effects = self.engine.step(inputs, now)
        self._store(effects)
        return effects

    def restart(self, book: Book | None = None, now: float = 0.0) -> None:
        self.book = book or self.book
        self.engine = Engine(self.book, self.saved, now or self.saved.now)

    def delivered(self) -> list[tuple[float, str, str]]:
        return [(d.at, d.recipient.person or "", d.reason) for d in self.history.deliveries]

    def verbs(self) -> list[str]:
        return [decision.verb for decision in self.history.decisions]

    def _store(self, effects: Effects) -> None:
        alerts = {a.id: a for a in self.saved.alerts} | effects.alerts
        incidents = {i.id: i for i in self.saved.incidents} | effects.incidents
        windows = {**self.saved.windows, **effects.windows}
        self.saved = Saved(
            alerts=[a for a in alerts.values() if a.state != "resolved"],
            incidents=[i for i in incidents.values() if i.state != "resolved"],
            windows={key: state for key, state in windows.items() if state is not None},
            last_alert=self.engine.last_alert,
            last_incident=self.engine.last_incident,
            now=self.engine.now,
        )
        self.history.alerts.update(effects.alerts)
        self.history.incidents.update(effects.incidents)
        self.history.deliveries += effects.deliveries
        self.history.decisions += effects.decisions
        self.history.matches += effects.matches
