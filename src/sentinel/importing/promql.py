"""Reads PromQL: selectors, calls, aggregations and operators between them.

Source: https://prometheus.io/docs/prometheus/latest/querying/basics/ and operators/. What is
read here is more than what has a counterpart in Sentinel, so that a refusal can say why.
"""

import math
from collections.abc import Callable
from typing import Literal, NoReturn

from msgspec import Struct

from sentinel.importing.lengths import length
from sentinel.importing.tokens import NotUnderstood, Token, tokens_of
from sentinel.model.values import Duration

_DEEPEST = 40
_OF_ONE = ("avg", "min", "max", "sum", "count", "group", "stddev", "stdvar")
_OF_MORE = ("topk", "bottomk", "quantile", "count_values", "limitk", "limit_ratio")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
# The weakest first; each line binds stronger than the one before.
_LEVELS = (("or",), ("and", "unless"), COMPARISONS, ("+", "-"), ("*", "/", "%", "atan2"), ("^",))
_MATCHERS = ("=", "!=", "=~", "!~")
_FOLDED: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


class Number(Struct, frozen=True):
    value: float


class LabelMatcher(Struct, frozen=True):
    label: str
    operator: str
    value: str


class Selector(Struct, frozen=True):
    """`over` is the length of a range such as `[5m]`."""

    metric: str
    matchers: tuple[LabelMatcher, ...] = ()
    over: Duration | None = None


class Call(Struct, frozen=True):
    function: str
    arguments: tuple["Expression", ...]


class Aggregation(Struct, frozen=True):
    operator: str
    argument: "Expression"
    grouping: Literal["by", "without"] = "by"
    labels: tuple[str, ...] = ()


class Binary(Struct, frozen=True):
    operator: str
    left: "Expression"
    right: "Expression"


Expression = Number | Selector | Call | Aggregation | Binary


def parse(text: str) -> Expression:
    """Raises NotUnderstood with what stands in the way."""
    reader = _Reader(list(tokens_of(text)))
    found = reader.expression(0)
    if reader.token.kind != "end":
        reader.refuse("the end of the expression")
    return found


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def next(self) -> Token:
        token = self.token
        self.position += token.kind != "end"
        return token

    def take(self, text: str) -> bool:
        found = self.token.kind in ("sign", "word") and self.token.text == text
        self.position += found
        return found

    def expect(self, text: str) -> None:
        if not self.take(text):
            self.refuse(repr(text))

    def refuse(self, expected: str) -> NoReturn:
        found = "its end" if self.token.kind == "end" else repr(self.token.text[:60])
        raise NotUnderstood(f"found {found}, expected {expected}")

    def expression(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self.signed()
        left = self.expression(level + 1)
        while self.token.kind in ("sign", "word") and self.token.text in _LEVELS[level]:
            operator = self.next().text
            self.no_modifier()
            if operator == "^":
                # It binds to the right, which no sum of constants needs.
                raise NotUnderstood("it uses the operator ^")
            left = _folded(operator, left, self.expression(level + 1))
        return left

    def no_modifier(self) -> None:
        if self.token.text in ("bool", "on", "ignoring", "group_left", "group_right"):
            raise NotUnderstood(f"it uses the modifier `{self.token.text}` of an operator")

    def signed(self) -> Expression:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotUnderstood(f"it is nested deeper than {_DEEPEST} levels")
        negative = self.take("-")
        if negative or self.take("+"):
            found = self.signed()
            if not isinstance(found, Number):
                raise NotUnderstood("it has a sign before something that is no number")
            found = Number(-found.value) if negative else found
        else:
            found = self.operand()
        self.depth -= 1
        return found

    def operand(self) -> Expression:
        if self.token.kind in ("number", "duration"):
            return self.number()
        if self.take("("):
            found = self.expression(0)
            self.expect(")")
            self.no_suffix()
            return found
        if self.token.text == "{" and self.token.kind == "sign":
            return self.selector("")
        if self.token.kind != "word":
            self.refuse("a metric, a number, a function or a parenthesis")
        name = self.next().text
        if name.lower() in ("inf", "nan"):
            return Number(float(name))
        if name in (*_OF_ONE, *_OF_MORE) and self.token.text in ("(", "by", "without"):
            return self.aggregation(name)
        if self.take("("):
            call = Call(name, self.arguments())
            self.no_suffix()
            return call
        return self.selector(name)

    def number(self) -> Number:
        token = self.next()
        if token.kind == "duration":
            raise NotUnderstood(f"it uses the duration {token.text} as a number")
        if token.text[:2].lower() == "0x":
            digits = token.text[2:]
            return Number(float(int(digits, 16)) if len(digits) <= 16 else math.inf)
        return Number(float(token.text))

    def selector(self, metric: str) -> Selector:
        matchers: list[LabelMatcher] = []
        if self.take("{"):
            while not self.take("}"):
                matchers.append(self.matcher())
                if not self.take(",") and self.token.text != "}":
                    self.refuse("a comma or }")
        over = self.range() if self.take("[") else None
        self.no_suffix()
        return Selector(metric, tuple(matchers), over)

    def matcher(self) -> LabelMatcher:
        label = self.next()
        if label.kind == "text":
            raise NotUnderstood(f"it has the quoted name {label.text[:60]!r} in a selector")
        operator = self.token
        if label.kind != "word" or operator.text not in _MATCHERS:
            self.refuse('a label with a matcher such as job="api"')
        self.next()
        if self.token.kind != "text":
            self.refuse("a value in quotes")
        return LabelMatcher(label.text, operator.text, self.next().text)

    def range(self) -> Duration:
        found = length(self.token.text) if self.token.kind == "duration" else None
        if not found:
            self.refuse("a duration such as 5m")
        self.next()
        # A colon may stand within names, so it begins a word here.
        if self.token.text.startswith(":"):
            raise NotUnderstood("it has a subquery")
        self.expect("]")
        return found

    def no_suffix(self) -> None:
        if self.token.kind == "word" and self.token.text == "offset":
            raise NotUnderstood("it looks at an earlier time (`offset`)")
        if self.token.kind == "sign" and self.token.text == "@":
            raise NotUnderstood("it looks at a fixed time (`@`)")
        if self.token.kind == "sign" and self.token.text == "[":
            raise NotUnderstood("it has a subquery")

    def aggregation(self, operator: str) -> Aggregation:
        if operator in _OF_MORE:
            raise NotUnderstood(f"it uses the aggregation {operator}, which has no counterpart")
        grouping = self.grouping()
        self.expect("(")
        arguments = self.arguments()
        self.no_suffix()
        grouping = grouping or self.grouping() or ("by", ())
        if len(arguments) != 1:
            raise NotUnderstood(f"it calls {operator} with {len(arguments)} arguments")
        return Aggregation(operator, arguments[0], *grouping)

    def grouping(self) -> tuple[Literal["by", "without"], tuple[str, ...]] | None:
        if self.take("by"):
            return "by", self.labels()
        return ("without", self.labels()) if self.take("without") else None

    def labels(self) -> tuple[str, ...]:
        self.expect("(")
        found: list[str] = []
        while not self.take(")"):
            if self.token.kind != "word":
                self.refuse("the name of a label")
            found.append(self.next().text)
            if not self.take(",") and self.token.text != ")":
                self.refuse("a comma or )")
        return tuple(found)

    def arguments(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while not self.take(")"):
            if self.token.kind == "text":
                raise NotUnderstood("it calls a function with a text")
            found.append(self.expression(0))
            if not self.take(",") and self.token.text != ")":
                self.refuse("a comma or )")
        return tuple(found)


def _folded(operator: str, left: Expression, right: Expression) -> Expression:
    """Sums and products of numbers are numbers: `5 * 60`."""
    if isinstance(left, Number) and isinstance(right, Number):
        if operator in _FOLDED:
            return Number(_FOLDED[operator](left.value, right.value))
        if operator == "/" and right.value:
            return Number(left.value / right.value)
    return Binary(operator, left, right)
