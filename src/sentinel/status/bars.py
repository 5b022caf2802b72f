"""Days as a small picture. Days in a row that were alike are one dashed stroke, so that a quiet
quarter of a year takes no more than a calm word. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from sentinel.status.facts import Day, PartState

STEP, HEIGHT = 4, 32
_BAR = 3


class Stroke(Struct, frozen=True):
    """An SVG path of this class, which says how thick it is. It is dashed `3 1`."""

    name: str
    path: str


_LOOKS: Mapping[PartState, tuple[tuple[str, float], ...]] = {
    # Class and middle of each stroke: the outlines differ, not only the colours. How thick each
    # class is stands in web/src/public.css.
    "up": (("u", 15),),
    "degraded": (("g", 19),),
    "partial": (("p", 7.5), ("p", 22.5)),
    "down": (("x", 15), ("y", 30.5)),
    "maintenance": (("w", 15), ("v", 26.5), ("v", 3.5)),
    "unknown": (("n", 26),),
}


def bars(days: Sequence[Day]) -> list[Stroke]:
    """Those that are drawn alike are put together."""
    paths: dict[str, str] = {}
    at = 0
    for state, same in groupby(days, key=lambda one: one.state):
        count = len(list(same))
        for name, middle in _LOOKS[state]:
            stroke = f"M{at * STEP} {middle:g}h{count * STEP - 1}"
            paths[name] = paths.get(name, "") + stroke
        at += count
    return [Stroke(name, path) for name, path in paths.items()]


def legend() -> list[tuple[PartState, list[Stroke]]]:
    """One day of each kind."""
    return [(state, bars([Day(at=0.0, state=state)])) for state in _LOOKS]


def width(days: Sequence[Day]) -> int:
    return len(days) * STEP - (STEP - _BAR)
