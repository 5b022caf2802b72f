"""Days as a small picture, a unit wide each, over a line of quiet days that all pictures share.
Each kind of other day is one stroke for all days of that kind: a quarter of a year with some
trouble takes no more than a few words. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from sentinel.status.facts import Day, PartState

HEIGHT = 32
_MIDDLE = HEIGHT // 2


class Stroke(Struct, frozen=True):
    """An SVG path as high as the picture, painted by the pattern of this name."""

    pattern: str
    path: str


PATTERNS: Mapping[PartState, tuple[str, Sequence[tuple[str, str]]]] = {
    # The name of each, with class and path of what is drawn in it, upon the paper of the page: the
    # outlines differ, not only the colours. How thick each class is stands in web/src/public.css.
    "up": ("u", [("u", "M0 15h1")]),
    "degraded": ("g", [("g", "M0 19h1")]),
    "partial": ("p", [("p", "M0 7.5h1m-1 15h1")]),
    "down": ("x", [("x", "M0 15h1"), ("y", "M0 30.5h1")]),
    "maintenance": ("w", [("w", "M0 15h1"), ("v", "M0 3.5h1m-1 23h1")]),
    "unknown": ("n", [("n", "M0 26h1")]),
}


def bars(days: Sequence[Day]) -> list[Stroke]:
    """Of all days but the quiet ones."""
    runs: dict[PartState, list[tuple[int, int]]] = {}
    at = 0
    for state, same in groupby(days, key=lambda one: one.state):
        count = len(list(same))
        if state != "up":
            runs.setdefault(state, []).append((at, count))
        at += count
    return [Stroke(PATTERNS[state][0], _path(found)) for state, found in runs.items()]


def _path(runs: Sequence[tuple[int, int]]) -> str:
    """Each run is a first day with a number of days."""
    pen = 0
    drawn = ""
    for at, count in runs:
        drawn += f"m{at - pen} 0h{count}" if drawn else f"M{at} {_MIDDLE}h{count}"
        pen = at + count
    return drawn


def legend() -> list[tuple[PartState, list[Stroke]]]:
    """One day of each kind."""
    return [(state, [Stroke(name, _path([(0, 1)]))]) for state, (name, _) in PATTERNS.items()]
