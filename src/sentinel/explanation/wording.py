"""How people, groups and moments are named in explanations."""

from collections.abc import Iterable, Mapping
from itertools import islice

from sentinel.intelligence.wording import clock_time
from sentinel.model.delivery import Delivery, Recipient
from sentinel.model.paging import Gate

_LONGEST_VALUE = 40


def who(one: Recipient | Delivery) -> str:
    """`alice by email`; a channel that is addressed directly by its name alone."""
    return f"{one.person} by {one.channel}" if one.person else one.channel


def several(names: Iterable[str], most: int = 3) -> str:
    """`alice, bob and carol`; of many the first and how many more."""
    found = list(dict.fromkeys(names))
    shown = list(islice(found, most))
    if len(found) > most:
        return f"{', '.join(shown)} and {len(found) - most} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else "nobody"


def group_text(key: Mapping[str, str]) -> str:
    """Fingerprints are long and say little."""
    return ", ".join(f"{name}={value[:_LONGEST_VALUE]}" for name, value in key.items())


def until(at: float | None, now: float) -> str:
    return "" if at is None else f" until {clock_time(at, now)}"


def gate_text(gate: Gate, now: float) -> str:
    return f"{gate.text}{until(gate.until, now)}"
