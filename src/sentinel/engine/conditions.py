"""Conditions of a rule, compiled once to closures that can also say why they held or not.

The shape and the field names were checked when the configuration was loaded; here they are
only given their meaning:

- a scalar is equality, a list is membership, a mapping is operators that must all hold;
- a field without a value meets nothing but `exists: false` and `not`;
- `any`, `all` and `not` combine whole conditions.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import re2
from msgspec import Struct

from sentinel.model.signal import Signal, read_field

Test = Callable[[Any], bool]
Getter = Callable[[Signal], Any]


class Line(Struct, frozen=True):
    """One condition held against one signal, in the words of the YAML."""

    field: str
    wanted: str
    found: str
    held: bool


class Condition(Struct, frozen=True):
    """`equal` holds the fields that must have one of some values: what an index can use. `text`
    says the whole in words; it is empty where every signal will do. `parts` are the tests one by
    one, by their keys.
    """

    matches: Callable[[Signal], bool]
    explain: Callable[[Signal], list[Line]]
    equal: dict[str, frozenset[Any]]
    text: str = ""
    parts: tuple[tuple[str, Callable[[Signal], bool]], ...] = ()

    def matches_but(self, path: str) -> Callable[[Signal], bool]:
        """The test of what is left once this field is known to have one of its values."""
        return _all_of([test for key, test in self.parts if key != path])


def compile_where(where: Mapping[str, Any]) -> Condition:
    """Raises re2.error for a regular expression that does not compile."""
    return _all_parts([(key, _part(key, wanted)) for key, wanted in where.items()])


def both_of(one: Condition, other: Condition) -> Condition:
    """Not by field: where both name one, both must be met."""
    return _all_parts([("", one), ("", other)])


def negation_of(one: Condition) -> Condition:
    def matches(signal: Signal) -> bool:
        return not one.matches(signal)

    def explain(signal: Signal) -> list[Line]:
        return [_negated(line) for line in one.explain(signal)]

    return Condition(matches, explain, {}, f"not ({one.text})", (("", matches),))


def _all_parts(parts: Sequence[tuple[str, Condition]]) -> Condition:
    own = [part for _, part in parts]
    # The cheap ones first: a regular expression is tried on what else would match.
    parts = sorted(parts, key=lambda named: not named[1].equal)
    return Condition(
        _all_of([part.matches for _, part in parts]),
        _lines_of(own),
        {key: values for part in own for key, values in part.equal.items()},
        ", ".join(part.text for part in own if part.text),
        tuple((key, part.matches) for key, part in parts),
    )


def getter(path: str) -> Getter:
    """Reads a field, or `tags.NAME`; None where there is no value."""
    if "." in path:
        return lambda signal: read_field(signal, path)
    # Three times as fast, and every condition of a rule pays for it at every signal.
    return operator.attrgetter(path)


def _part(key: str, wanted: Any) -> Condition:
    if key == "not":
        return negation_of(compile_where(wanted))
    if key in ("any", "all"):
        choices = [compile_where(choice) for choice in wanted]
        tests = [choice.matches for choice in choices]
        combined = _any_of(tests) if key == "any" else _all_of(tests)
        word = " or " if key == "any" else " and "
        text = word.join(f"({choice.text})" for choice in choices)
        return Condition(combined, _lines_of(choices), {}, text)
    return _field(key, wanted)


def _field(path: str, wanted: Any) -> Condition:
    read, test = getter(path), _test(wanted)
    equality = _equality(path, wanted)
    values = equality.get(path)

    def matches(signal: Signal) -> bool:
        return test(read(signal))

    def is_one_of(signal: Signal) -> bool:
        return read(signal) in values  # type: ignore[operator]

    def explain(signal: Signal) -> list[Line]:
        value = read(signal)
        return [
            Line(path, _text(wanted), "nothing" if value is None else _shown(value), test(value))
        ]

    text = f"{path} {_text(wanted)}"
    return Condition(matches if values is None else is_one_of, explain, equality, text)


def _equality(path: str, wanted: Any) -> dict[str, frozenset[Any]]:
    if isinstance(wanted, Mapping) or "." in path:
        return {}
    return {path: frozenset(wanted if isinstance(wanted, list) else [wanted])}


def _test(wanted: Any) -> Test:
    if isinstance(wanted, Mapping):
        return _all_of([_OPERATORS[name](operand) for name, operand in wanted.items()])
    if isinstance(wanted, list):
        values = frozenset(wanted)
        return lambda value: value in values
    return lambda value: bool(value == wanted)


def _present(test: Test) -> Test:
    return lambda value: value is not None and test(value)


def _matches(pattern: str) -> Test:
    # RE2 runs in linear time: a rule must not be able to hang the daemon.
    search = re2.compile(pattern).search
    return _present(lambda value: search(value) is not None)


def _negation(wanted: Any) -> Test:
    test = _test(wanted)
    return lambda value: not test(value)


_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "gt": lambda bound: _present(lambda value: value > bound),
    "gte": lambda bound: _present(lambda value: value >= bound),
    "lt": lambda bound: _present(lambda value: value < bound),
    "lte": lambda bound: _present(lambda value: value <= bound),
    "contains": lambda part: _present(lambda value: part in value),
    "starts_with": lambda prefix: _present(lambda value: value.startswith(prefix)),
    "matches": _matches,
    "exists": lambda wanted: lambda value: (value is not None) is wanted,
    "not": _negation,
}


def _all_of(tests: Sequence[Test]) -> Test:
    match tests:
        case []:
            return lambda _: True
        case [only]:
            return only
        case [first, second]:
            return lambda value: first(value) and second(value)
    return lambda value: all(test(value) for test in tests)


def _any_of(tests: Sequence[Test]) -> Test:
    return lambda value: any(test(value) for test in tests)


def _lines_of(parts: Sequence[Condition]) -> Callable[[Signal], list[Line]]:
    return lambda signal: [line for part in parts for line in part.explain(signal)]


def _negated(line: Line) -> Line:
    return Line(line.field, f"not {line.wanted}", line.found, not line.held)


def _text(wanted: Any) -> str:
    if isinstance(wanted, Mapping):
        return " and ".join(f"{name} {_shown(operand)}" for name, operand in wanted.items())
    if isinstance(wanted, list):
        return "one of " + ", ".join(_shown(value) for value in wanted)
    return _shown(wanted)


def _shown(value: Any) -> str:
    """As it would stand in YAML."""
    return msgspec.json.encode(value).decode()
