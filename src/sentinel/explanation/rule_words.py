"""A rule as it is written, in words."""

from msgspec import Struct

from sentinel.engine.rules import Rule
from sentinel.model.values import Duration


class Pair(Struct, frozen=True):
    name: str
    text: str


def words(rule: Rule) -> list[Pair]:
    """What leaves its parameters at their defaults, and turns nothing on, is left out."""
    flapping = rule.flapping
    found = {
        "on": f"{rule.kind} signals",
        "where": rule.condition.text or "all of them",
        "of": _population(rule),
        "detector": _detector(rule),
        "by": ", ".join(rule.by),
        "for": Duration(rule.hold) if rule.hold else "",
        "keep_firing_for": Duration(rule.keep) if rule.keep else "",
        "recover_when": "an easier threshold ends it" if rule.recover else "",
        "on_missing": ""
        if rule.on_missing == "keep"
        else f"{rule.on_missing} after {Duration(rule.missing_after)} without data",
        "flapping": f"{flapping.times} times within {Duration(flapping.within)}"
        if flapping.times
        else "",
        "severity": rule.severity,
    }
    return [Pair(name, str(text)) for name, text in found.items() if text]


def _population(rule: Rule) -> str:
    if rule.population is None:
        return ""
    where = rule.population.condition.text
    return f"{rule.population.kind} signals" + (f" where {where}" if where else "")


def _detector(rule: Rule) -> str:
    # A population is a parameter too, and has a line of its own.
    plain = {
        name: value
        for name, value in rule.facts.items()
        if value is not None and not isinstance(value, Struct)
    }
    parameters = ", ".join(f"{name} {value}" for name, value in plain.items())
    return f"{rule.detector.type}: {parameters}" if parameters else str(rule.detector.type)
