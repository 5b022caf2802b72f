"""Matchers on labels: what routes, silences and inhibitions choose alerts by. They mean what
they mean in Alertmanager."""

import re
from collections.abc import Callable, Iterable, Mapping

import re2
from msgspec import Struct

_MATCHER = re.compile(
    r'\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|(.*?))\s*'
)
_ESCAPES = {"n": "\n"}


class Matcher(Struct, frozen=True):
    text: str
    label: str
    holds: Callable[[Mapping[str, str]], bool]


Matchers = tuple[Matcher, ...]


def parse_matcher(text: str) -> Matcher:
    """`name="value"`, with `!=`, `=~` and `!~`; a label that is missing counts as empty.

    Regular expressions are anchored at both ends. Raises ValueError with what was expected.
    """
    match = _MATCHER.fullmatch(text)
    if not match:
        raise ValueError(f'expected name="value" with =, !=, =~ or !~, found {text!r}')
    name, operator, quoted, bare = match.groups()
    if quoted is None and '"' in bare:
        raise ValueError(f"expected a value in quotes from end to end, found {text!r}")
    value = bare if quoted is None else re.sub(r"\\(.)", _unescaped, quoted)
    if operator in ("=", "!="):
        wanted = operator == "="
        return Matcher(text, name, lambda labels: (labels.get(name, "") == value) is wanted)
    search = _compiled(value)
    wanted = operator == "=~"
    return Matcher(text, name, lambda labels: (search(labels.get(name, "")) is not None) is wanted)


def parse_matchers(texts: Iterable[str]) -> Matchers:
    """Raises ValueError with what was expected, for the first text that is none."""
    return tuple(parse_matcher(text) for text in texts)


def all_hold(matchers: Matchers, labels: Mapping[str, str]) -> bool:
    return all(matcher.holds(labels) for matcher in matchers)


def _compiled(pattern: str) -> Callable[[str], object]:
    options = re2.Options()
    # What is wrong is told to whoever wrote it, not to standard error.
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise ValueError(f"the regular expression {pattern!r} does not compile: {told}") from error
    fullmatch: Callable[[str], object] = compiled.fullmatch
    return fullmatch


def _unescaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[1])
