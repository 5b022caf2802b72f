"""The route tree: who hears about an incident. Matchers mean what they mean in Alertmanager."""

import re
from collections.abc import Callable, Iterator, Mapping

import re2
from msgspec import Struct

from sentinel.model.delivery import Recipient

_MATCHER = re.compile(
    r'\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|(.*?))\s*'
)


class Matcher(Struct, frozen=True):
    text: str
    holds: Callable[[Mapping[str, str]], bool]


def parse_matcher(text: str) -> Matcher:
    """`name="value"`, with `!=`, `=~` and `!~`; a label that is missing counts as empty.

    Regular expressions are anchored at both ends. Raises ValueError with what was expected.
    """
    match = _MATCHER.fullmatch(text)
    if not match:
        raise ValueError(f'expected name="value" with =, !=, =~ or !~, found {text!r}')
    name, operator, quoted, bare = match.groups()
    value = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    if operator in ("=", "!="):
        wanted = operator == "="
        return Matcher(text, lambda labels: (labels.get(name, "") == value) is wanted)
    try:
        search = re2.compile(value).fullmatch
    except re2.error as error:
        raise ValueError(f"the regular expression {value!r} does not compile: {error}") from error
    wanted = operator == "=~"
    return Matcher(text, lambda labels: (search(labels.get(name, "")) is not None) is wanted)


class Step(Struct, frozen=True):
    """`after` is in seconds, counted from the step before."""

    after: float
    recipients: tuple[Recipient, ...]


class Escalation(Struct, frozen=True):
    name: str
    steps: tuple[Step, ...]


class Route(Struct, frozen=True, kw_only=True):
    """`group_wait` and `repeat` in seconds; `repeat` None: no reminders."""

    name: str
    matchers: tuple[Matcher, ...] = ()
    escalation: Escalation | None = None
    group_wait: float = 0.0
    repeat: float | None = None
    goes_on: bool = False
    routes: tuple["Route", ...] = ()


def takers(root: Route | None, labels: Mapping[str, str]) -> Iterator[Route]:
    """The routes that take an alert: the deepest that match; the first sibling, and the next
    ones too while `continue` says so."""
    if root is None or not all(matcher.holds(labels) for matcher in root.matchers):
        return
    taken = False
    for child in root.routes:
        found = list(takers(child, labels))
        yield from found
        taken = taken or bool(found)
        if found and not child.goes_on:
            return
    if not taken:
        yield root
