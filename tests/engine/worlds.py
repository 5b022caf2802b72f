"""Small worlds for the engine's tests: a book of rules, a route, and a way to run signals."""

from collections.abc import Sequence
from typing import Any

from sentinel.detectors.any import AnyMatch, AnyParams
from sentinel.detectors.frequency import Frequency, FrequencyParams
from sentinel.engine.book import Book, Causes
from sentinel.engine.effects import Effects
from sentinel.engine.engine import Input
from sentinel.engine.matchers import parse_matcher
from sentinel.engine.routing import Escalation, Route, Step
from sentinel.engine.rules import Rule, RuleIndex, make_rule
from sentinel.joins import open_joins
from sentinel.model.delivery import Recipient
from sentinel.model.signal import Error
from sentinel.model.values import Duration
from sentinel.simulation import Simulation

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
    again: int = 0,
    ack_timeout: float | None = None,
    **options: Any,
) -> Route:
    steps = steps or (Step(0.0, (ALICE,)),)
    return Route(
        name=name,
        matchers=tuple(parse_matcher(text) for text in matchers),
        escalation=Escalation(name, steps, repeat=again, ack_timeout=ack_timeout),
        **options,
    )


def book(
    *rules: Rule,
    routes: Sequence[Route] | None = None,
    causes: Causes | None = None,
    **options: Any,
) -> Book:
    tree = Route(name="", routes=tuple(routes if routes is not None else [route()]))
    causes = causes or Causes(hold=0.0)
    return Book(
        rules=RuleIndex(rules), routes=tree, open_joins=open_joins, causes=causes, **options
    )


def error(at: float, seq: int = 0, **fields: Any) -> Error:
    return Error(received=at, at=at, seq=seq or int(at * 1000) + 1, **fields)


class World(Simulation):
    """A simulation that remembers everything that ever came of it. A fault of the engine, which
    is left out in production, is an error here unless it is what the test is about."""

    def __init__(self, first: Book, *, may_fail: bool = False) -> None:
        super().__init__(first)
        self.history = Effects()
        self.may_fail = may_fail

    def run(self, *inputs: Input, until: float | None = None) -> Effects:
        effects = super().run(inputs, until)
        faults = [one.text for one in effects.decisions if one.verb == "engine_failed"]
        assert self.may_fail or not faults, faults
        self.history.alerts.update(effects.alerts)
        self.history.incidents.update(effects.incidents)
        self.history.deliveries += effects.deliveries
        self.history.looks += effects.looks
        self.history.decisions += effects.decisions
        self.history.matches += effects.matches
        return effects

    def delivered(self) -> list[tuple[float, str, str]]:
        return [(d.at, d.recipient.person or "", d.reason) for d in self.history.deliveries]

    def verbs(self) -> list[str]:
        return [decision.verb for decision in self.history.decisions]

    def reasons(self) -> list[str]:
        return [decision.reason for decision in self.history.decisions]
