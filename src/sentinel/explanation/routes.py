"""Which routes took an alert and which did not, matcher by matcher."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from sentinel.engine.routing import Route

Taken = Literal["takes", "hands_down", "no_match", "not_asked"]


class MatcherLine(Struct, frozen=True):
    """One matcher held against the alert's labels; a label that is missing is the empty text."""

    text: str
    found: str
    held: bool


class RouteLine(Struct, frozen=True, kw_only=True):
    """One route of the tree, `depth` below its top. `takes`: it tells of the alert; `hands_down`:
    it matches, and a route below it tells; `not_asked`: one before it took the alert and does not
    continue. Routes below one that does not match are left out."""

    name: str
    depth: int
    taken: Taken
    matchers: list[MatcherLine]
    escalation: str | None


def walk(root: Route, labels: Mapping[str, str]) -> list[RouteLine]:
    """In the order of the tree, its nameless top left out."""
    return _walk(root.routes, labels, 0)


def _walk(routes: Sequence[Route], labels: Mapping[str, str], depth: int) -> list[RouteLine]:
    lines: list[RouteLine] = []
    stopped = False
    for route in routes:
        matchers = [_hold(one.text, one.label, one.holds(labels), labels) for one in route.matchers]
        below: list[RouteLine] = []
        taken: Taken = "not_asked"
        if not stopped:
            taken = "no_match"
            if all(one.held for one in matchers):
                below = _walk(route.routes, labels, depth + 1)
                is_below = any(one.taken in ("takes", "hands_down") for one in below)
                taken = "hands_down" if is_below else "takes"
                stopped = not route.goes_on
        escalation = route.escalation.name if route.escalation else None
        lines.append(
            RouteLine(
                name=route.name, depth=depth, taken=taken, matchers=matchers, escalation=escalation
            )
        )
        lines += below
    return lines


def _hold(text: str, label: str, held: bool, labels: Mapping[str, str]) -> MatcherLine:
    return MatcherLine(text, labels.get(label, ""), held)
