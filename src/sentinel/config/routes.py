"""Routes: reads the tree, fills in what children inherit, and finds dead ends."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from sentinel.config.conditions import pattern_fault
from sentinel.config.document import Document, KeyPath
from sentinel.config.model import RouteConfig, RuleConfig
from sentinel.config.names import Names
from sentinel.config.problem import Problem
from sentinel.config.schema import Route
from sentinel.config.suggest import show
from sentinel.config.validation import read_record
from sentinel.engine.conditions import compile_where
from sentinel.engine.routing import parse_matcher
from sentinel.model.values import Duration

_GROUP_WAIT = Duration(0)
_REPEAT_INTERVAL = Duration.parse("4h")
_PATTERN = re.compile(r'[=!]~\s*"?(.*?)"?\s*$')
_LABEL = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)")

Answer = Literal["no", "maybe", "yes"]


def read_routes(
    documents: Sequence[Document], escalations: Names
) -> tuple[tuple[RouteConfig, ...], list[Problem]]:
    """The routes of all files as one list. The schema's own problems are not told."""
    reading = _Reading(escalations)
    routes = [
        reading.route(document, ("routes", index), record, None)
        for document in documents
        for index in range(len(document.items("routes")))
        if (record := read_record(document, ("routes", index), Route)[0])
    ]
    return tuple(routes), reading.problems


class _Reading:
    def __init__(self, escalations: Names) -> None:
        self.names = Names("route")
        self.escalations = escalations
        self.problems: list[Problem] = []

    def route(
        self, document: Document, path: KeyPath, record: Route, parent: Route | None
    ) -> RouteConfig:
        self.problems += self.names.add(document, (*path, "name"), record.name)
        route = _inherit(record, parent)
        self._check_escalation(document, path, record, route)
        self._check_matchers(document, path, record)
        wait, repeat = route.group_wait, route.repeat_interval
        children = [
            self.route(document, (*path, "routes", index), child, route)
            for index, child in enumerate(record.routes)
        ]
        return RouteConfig(
            name=route.name,
            matchers=tuple(route.matchers),
            escalation=route.escalation or "",
            group_wait=float(_GROUP_WAIT if wait is None else wait),
            repeat_interval=float(_REPEAT_INTERVAL if repeat is None else repeat),
            continue_=route.continue_,
            routes=tuple(children),
            file=document.file,
            line=document.line(path),
        )

    def _check_escalation(
        self, document: Document, path: KeyPath, record: Route, route: Route
    ) -> None:
        if record.escalation is not None:
            here = (*path, "escalation")
            self.problems += self.escalations.unknown(document, here, record.escalation)
        elif route.escalation is None:
            self.problems.append(
                document.problem(
                    path,
                    "config/missing-key",
                    found="no key escalation",
                    expected="escalation: the name of an escalation",
                    hint="only a route below another one may leave it out",
                )
            )
        self.problems += document.positive(path, repeat_interval=record.repeat_interval)

    def _check_matchers(self, document: Document, path: KeyPath, record: Route) -> None:
        for index, text in enumerate(record.matchers):
            fault = _matcher_fault(text)
            if fault:
                problem = document.problem(
                    (*path, "matchers", index),
                    "route/bad-matcher",
                    found=show(text),
                    expected=fault,
                )
                self.problems.append(problem)


def _matcher_fault(text: str) -> str:
    """What was expected instead; empty where the matcher is right."""
    pattern = _PATTERN.search(text)
    fault = pattern_fault(pattern[1]) if pattern else ""
    if fault:
        return f"a regular expression: {fault}"
    try:
        parse_matcher(text)
    except ValueError:
        return 'a matcher such as team="payments", with =, !=, =~ or !~'
    return ""


def _inherit(record: Route, parent: Route | None) -> Route:
    if parent is None:
        return record
    return Route(
        name=record.name,
        matchers=record.matchers,
        escalation=parent.escalation if record.escalation is None else record.escalation,
        group_wait=parent.group_wait if record.group_wait is None else record.group_wait,
        repeat_interval=(
            parent.repeat_interval if record.repeat_interval is None else record.repeat_interval
        ),
        continue_=record.continue_,
        routes=record.routes,
    )


def lint_routes(routes: Sequence[RouteConfig], rules: Sequence[RuleConfig]) -> Iterator[Problem]:
    """Warnings: rules that no route takes, routes that take no rule."""
    reached: set[str] = set()
    for rule in rules:
        taken = _walk(routes, rule, _labels_of(rule), reached)
        if not taken:
            yield Problem(
                file=rule.file,
                line=rule.line,
                id="rule/no-route",
                path=rule.name,
                found="a rule that no route takes",
                expected="a route whose matchers its labels meet",
                hint="add a last route without matchers, or nobody will hear of it",
                warning=True,
            )
    for route in _all(routes):
        if route.name not in reached and rules:
            yield Problem(
                file=route.file,
                line=route.line,
                id="route/never-matches",
                path=route.name,
                found="a route that takes no rule's alerts",
                expected="matchers that some rule's labels meet, before a route that takes all",
                hint="check the label names and values, and the order",
                warning=True,
            )


def _all(routes: Sequence[RouteConfig]) -> Iterator[RouteConfig]:
    for route in routes:
        yield route
        yield from _all(route.routes)


def _walk(
    routes: Sequence[RouteConfig],
    rule: RuleConfig,
    labels: Mapping[str, str],
    reached: set[str],
) -> bool:
    taken = False
    for route in routes:
        answer = _answer(route, rule, labels)
        if answer == "no":
            continue
        taken = True
        reached.add(route.name)
        _walk(route.routes, rule, labels, reached)
        if answer == "yes" and not route.continue_:
            break
    return taken


def _answer(route: RouteConfig, rule: RuleConfig, labels: Mapping[str, str]) -> Answer:
    """Labels that come from a `by` field have their values only when the alert exists."""
    answer: Answer = "yes"
    for text in route.matchers:
        label = _LABEL.match(text)
        if label and label[1] in rule.by and label[1] not in labels:
            answer = "maybe"
        elif not parse_matcher(text).holds(labels):
            return "no"
    return answer


def _labels_of(rule: RuleConfig) -> dict[str, str]:
    """The labels that every alert of the rule has, as the engine gives them."""
    equal: Mapping[str, frozenset[Any]] = compile_where(rule.where).equal
    fixed = {name: str(next(iter(values))) for name, values in equal.items() if len(values) == 1}
    return {"alertname": rule.name, **fixed, **rule.labels}
