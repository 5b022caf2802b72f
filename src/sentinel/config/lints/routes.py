"""Routes that take nothing, and rules that no route takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from sentinel.config.lints.warning import warn
from sentinel.config.model import RouteConfig, RuleConfig
from sentinel.config.problem import Problem
from sentinel.config.suggest import did_you_mean, show
from sentinel.engine.conditions import compile_where
from sentinel.engine.matchers import parse_matcher
from sentinel.engine.routing import BY_INCIDENT
from sentinel.model.values import Duration

Answer = Literal["no", "maybe", "yes"]


def all_routes(routes: Sequence[RouteConfig]) -> Iterator[RouteConfig]:
    """The whole tree, parents first."""
    for route in routes:
        yield route
        yield from all_routes(route.routes)


def lint_routes(routes: Sequence[RouteConfig], rules: Sequence[RuleConfig]) -> Iterator[Problem]:
    reached: set[str] = set()
    for rule in rules:
        if not _walk(routes, rule, labels_of(rule), reached):
            yield warn(
                rule,
                "rule/no-route",
                rule.name,
                found="a rule that no route takes",
                expected="a route whose matchers its labels meet",
                hint="add a last route without matchers, or nobody will hear of it",
            )
    for route in all_routes(routes):
        if route.name not in reached and rules:
            yield warn(
                route,
                "route/never-matches",
                route.name,
                found="a route that takes no rule's alerts",
                expected="matchers that some rule's labels meet, before a route that takes all",
                hint="check the label names and values, and the order",
            )
    labels = {label for rule in rules for label in (*labels_of(rule), *rule.by)}
    for route, parent in _with_parents(routes, None):
        yield from _lint_times(route, parent)
        if rules:
            yield from _lint_group_by(route, parent, labels)


def _with_parents(
    routes: Sequence[RouteConfig], parent: RouteConfig | None
) -> Iterator[tuple[RouteConfig, RouteConfig | None]]:
    """What a route has from its parent is told there alone."""
    for route in routes:
        yield route, parent
        yield from _with_parents(route.routes, route)


def _lint_times(route: RouteConfig, parent: RouteConfig | None) -> Iterator[Problem]:
    repeat, interval = route.repeat_interval, route.group_interval
    inherited = parent and (parent.repeat_interval, parent.group_interval)
    if repeat < interval and (repeat, interval) != inherited:
        yield warn(
            route,
            "route/repeat-interval",
            route.name,
            found=f"repeat_interval {Duration(repeat)} and group_interval {Duration(interval)}",
            expected="a repeat_interval that is not shorter",
            hint="a group is told of no more often than every group_interval",
        )


def _lint_group_by(
    route: RouteConfig, parent: RouteConfig | None, labels: set[str]
) -> Iterator[Problem]:
    if parent and route.group_by == parent.group_by:
        return
    for label in route.group_by:
        if label not in labels and label not in BY_INCIDENT:
            yield warn(
                route,
                "route/unknown-label",
                f"{route.name}.group_by",
                found=f"the label {show(label)}, which no rule's alerts have",
                expected="a label of some rule, or a field that it has under by",
                hint=did_you_mean(label, sorted(labels)),
            )


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
        matcher = parse_matcher(text)
        if matcher.label in rule.by and matcher.label not in labels:
            answer = "maybe"
        elif not matcher.holds(labels):
            return "no"
    return answer


def labels_of(rule: RuleConfig) -> dict[str, str]:
    """The labels that every alert of the rule has, as the engine gives them."""
    equal: Mapping[str, frozenset[Any]] = compile_where(rule.where).equal
    fixed = {name: str(next(iter(values))) for name, values in equal.items() if len(values) == 1}
    return {"alertname": rule.name, **fixed, **rule.labels}
