"""What of the rules the tests have tried: rules that fired, routes that took an alert, steps that
ran."""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sentinel.config.model import Config, RouteConfig
from sentinel.engine.book import Book
from sentinel.engine.routing import Escalation, Route, Step
from sentinel.engine.stand_ins import StandIns
from sentinel.model.delivery import Recipient
from sentinel.rehearsal.history import History

StepName = tuple[str, int]
"""An escalation's name, and the number of a step from 1."""


class Untried(Struct, frozen=True):
    """Something that no test touches: `kind` is rule, route or step."""

    kind: str
    name: str
    file: str
    line: int


class Coverage(Struct, frozen=True):
    """`tried` and `total` count by kind."""

    tried: dict[str, int]
    total: dict[str, int]
    untried: tuple[Untried, ...]


class Touched(Struct):
    """Grows with each test that is run."""

    rules: set[str] = field(default_factory=set)
    routes: set[str] = field(default_factory=set)
    steps: set[StepName] = field(default_factory=set)

    def add(self, history: History) -> None:
        self.rules |= {one.rule for one in history.alerts.values() if one.fired is not None}
        self.routes |= history.routes

    def watched(self, book: Book) -> Book:
        """The same book, whose steps note here that they run."""
        return replace(book, routes=self._watched_route(book.routes))

    def coverage(self, config: Config) -> Coverage:
        tried: dict[str, int] = {"rule": 0, "route": 0, "step": 0}
        total = dict(tried)
        untried = []
        for touched, one in self._all(config):
            total[one.kind] += 1
            tried[one.kind] += touched
            if not touched:
                untried.append(one)
        return Coverage(tried, total, tuple(untried))

    def _all(self, config: Config) -> Iterator[tuple[bool, Untried]]:
        for rule in config.rules:
            yield rule.name in self.rules, Untried("rule", rule.name, rule.file, rule.line)
        for route in _flat(config.routes):
            yield route.name in self.routes, Untried("route", route.name, route.file, route.line)
        for one in config.escalations.values():
            for number in range(1, len(one.steps) + 1):
                name = f"{one.name}, step {number}"
                yield (one.name, number) in self.steps, Untried("step", name, one.file, one.line)

    def _watched_route(self, route: Route) -> Route:
        return replace(
            route,
            escalation=route.escalation and self._watched_escalation(route.escalation),
            routes=tuple(self._watched_route(child) for child in route.routes),
        )

    def _watched_escalation(self, escalation: Escalation) -> Escalation:
        return replace(
            escalation,
            steps=tuple(
                _WatchedStep(step.after, step.recipients, self.steps, (escalation.name, number))
                for number, step in enumerate(escalation.steps, 1)
            ),
        )


class _WatchedStep(Step, frozen=True):
    """The engine asks a step whom it reaches when it runs, and at no other time."""

    ran: set[StepName]
    name: StepName

    def reached(self, at: float, stand_ins: StandIns) -> tuple[Recipient, ...]:
        self.ran.add(self.name)
        return Step.reached(self, at, stand_ins)


def _flat(routes: Sequence[RouteConfig]) -> Iterator[RouteConfig]:
    for route in routes:
        yield route
        yield from _flat(route.routes)
