"""A selector of series as conditions on metric signals."""

import re
from typing import Any

import re2

from sentinel.importing.promql import LabelMatcher, Selector
from sentinel.importing.tokens import NotUnderstood

_WORDS = re.compile(r"[A-Za-z0-9_:@/ -]+(?:\|[A-Za-z0-9_:@/ -]+)*")
_MOST_VALUES = 100


def field_of(label: str) -> str:
    """The labels of a series are the tags of a metric signal."""
    return f"tags.{label}"


def where_of(selector: Selector) -> dict[str, Any]:
    """Raises NotUnderstood with what has no counterpart.

    To Prometheus a label that is missing and one that is empty are the same, to Sentinel a tag
    is there or not: a matcher that the empty text meets is translated only where that is exact.
    """
    name, matchers = _name_of(selector)
    where: dict[str, Any] = {"name": name}
    more: list[dict[str, Any]] = []
    for matcher in matchers:
        condition = _condition(matcher)
        if condition is None:
            continue
        field = field_of(matcher.label)
        if field in where:
            more.append({field: condition})
        else:
            where[field] = condition
    return {**where, "all": more} if more else where


def fixed_labels(selector: Selector) -> frozenset[str]:
    """The labels that have one and the same value in all series of the selector."""
    return frozenset(m.label for m in selector.matchers if m.operator == "=" and m.value)


def plain_words(pattern: str) -> list[str] | None:
    """The words of an expression that is nothing but `a|b|c`."""
    return pattern.split("|") if _WORDS.fullmatch(pattern) else None


def _name_of(selector: Selector) -> tuple[str, tuple[LabelMatcher, ...]]:
    if selector.metric:
        if any(m.label == "__name__" for m in selector.matchers):
            raise NotUnderstood("it matches on __name__")
        return selector.metric, selector.matchers
    names = [m for m in selector.matchers if m.label == "__name__"]
    if len(names) != 1 or names[0].operator != "=":
        raise NotUnderstood("it selects series without the name of one metric")
    return names[0].value, tuple(m for m in selector.matchers if m is not names[0])


def _condition(matcher: LabelMatcher) -> Any:
    """None where it always holds."""
    value = matcher.value
    match matcher.operator:
        case "=":
            return value or {"exists": False}
        case "!=":
            return {"not": value} if value else {"exists": True}
        case "=~":
            return _matching(matcher)
        case _:
            return _not_matching(matcher)


def _matching(matcher: LabelMatcher) -> Any:
    if matcher.value == ".*":
        return None
    if matcher.value == ".+":
        return {"exists": True}
    if _meets_empty(matcher):
        raise NotUnderstood(
            f"the matcher {matcher.label}=~{matcher.value!r} also takes series without the label"
        )
    return _values(matcher.value)


def _not_matching(matcher: LabelMatcher) -> Any:
    if matcher.value == ".+":
        return {"exists": False}
    if _meets_empty(matcher):
        raise NotUnderstood(
            f"the matcher {matcher.label}!~{matcher.value!r} also leaves out series without the "
            "label"
        )
    return {"not": _values(matcher.value)}


def _values(pattern: str) -> Any:
    words = plain_words(pattern)
    if words and len(words) <= _MOST_VALUES:
        return words if len(words) > 1 else words[0]
    return {"matches": f"^(?:{pattern})$"}


def _meets_empty(matcher: LabelMatcher) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(matcher.value, options).fullmatch("") is not None
    except re2.error as error:
        raise NotUnderstood(f"{matcher.value!r} is no regular expression") from error
