"""Where the components stand on the map: in columns, each left of what it needs.

After Sugiyama, Tagawa and Toda (1981): columns by the longest way, turns for the lines that pass a
column by, and the order within a column by the middle of a component's neighbours.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from sentinel.health.graph import Needs, needed_by

WIDTH, HEIGHT = 176, 48
_ACROSS, _BELOW, _MARGIN = 72, 14, 4
_TURN = 10
_SWEEPS = 4


class Node(Struct, frozen=True):
    """`x` and `y` are its upper left corner, in CSS pixels."""

    name: str
    x: float
    y: float


class Edge(Struct, frozen=True):
    """`path` is an SVG path from a component to one that it needs."""

    needing: str
    needed: str
    path: str


class Layout(Struct, frozen=True):
    width: float
    height: float
    nodes: list[Node]
    edges: list[Edge]


class _Spot(Struct, frozen=True):
    """A component, or a turn of the line from `name` to `to`."""

    name: str
    column: int
    to: str = ""

    @property
    def height(self) -> float:
        return _TURN if self.to else HEIGHT


def layout(needs: Needs) -> Layout:
    """Of all that are in `needs`, as needing or as needed."""
    columns_of = _columns_of(needs)
    lines = {
        (name, other): _line(name, other, columns_of)
        for name, others in needs.items()
        for other in others
    }
    order = _ordered(columns_of, lines.values())
    tops = _tops(order)
    nodes = [
        Node(spot.name, _left(spot.column), tops[spot])
        for column in order
        for spot in column
        if not spot.to
    ]
    edges = [Edge(*ends, _path(line, tops)) for ends, line in lines.items()]
    return Layout(
        width=_left(len(order)) - _ACROSS + _MARGIN,
        height=max((top + spot.height for spot, top in tops.items()), default=0.0) + _MARGIN,
        nodes=nodes,
        edges=edges,
    )


def _columns_of(needs: Needs) -> dict[str, int]:
    """Those that nobody needs stand in the first column."""
    needing = needed_by(needs)
    found: dict[str, int] = {}

    def column(name: str) -> int:
        if name not in found:
            found[name] = 1 + max((column(other) for other in needing.get(name, ())), default=-1)
        return found[name]

    for name in dict.fromkeys((*needs, *needing)):
        column(name)
    return found


def _line(name: str, other: str, columns_of: Mapping[str, int]) -> list[_Spot]:
    """From a component to one that it needs, with a turn in each column between."""
    start, end = columns_of[name], columns_of[other]
    turns = [_Spot(name, column, other) for column in range(start + 1, end)]
    return [_Spot(name, start), *turns, _Spot(other, end)]


def _ordered(columns_of: Mapping[str, int], lines: Iterable[Sequence[_Spot]]) -> list[list[_Spot]]:
    spots = dict.fromkeys(_Spot(name, column) for name, column in columns_of.items())
    neighbours: dict[_Spot, list[_Spot]] = {}
    for line in lines:
        spots |= dict.fromkeys(line)
        for left, right in pairwise(line):
            neighbours.setdefault(left, []).append(right)
            neighbours.setdefault(right, []).append(left)
    columns: list[list[_Spot]] = [[] for _ in range(1 + max(columns_of.values(), default=-1))]
    for spot in spots:
        columns[spot.column].append(spot)
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        beside = -1 if forwards else 1
        for column in columns if forwards else columns[::-1]:
            _sort(column, columns, neighbours, beside)
    return columns


def _sort(
    column: list[_Spot],
    columns: Sequence[list[_Spot]],
    neighbours: Mapping[_Spot, list[_Spot]],
    beside: int,
) -> None:
    """By the middle of the neighbours in the column beside; one without any keeps its place."""
    index = column[0].column + beside
    if not 0 <= index < len(columns):
        return
    places = {spot: place for place, spot in enumerate(columns[index])}
    middle = {spot: float(place) for place, spot in enumerate(column)}
    for spot in column:
        near = [places[other] for other in neighbours.get(spot, ()) if other in places]
        if near:
            middle[spot] = sum(near) / len(near)
    column.sort(key=lambda spot: middle[spot])


def _tops(columns: Sequence[Sequence[_Spot]]) -> dict[_Spot, float]:
    """Each column stands in the middle."""
    heights = [sum(spot.height + _BELOW for spot in column) - _BELOW for column in columns]
    tops: dict[_Spot, float] = {}
    for column, height in zip(columns, heights, strict=True):
        at = _MARGIN + (max(heights) - height) / 2
        for spot in column:
            tops[spot] = at
            at += spot.height + _BELOW
    return tops


def _path(line: Sequence[_Spot], tops: Mapping[_Spot, float]) -> str:
    first = line[0]
    text = f"M{_left(first.column) + WIDTH:g} {tops[first] + HEIGHT / 2:g}"
    for before, spot in pairwise(line):
        start, begin = _left(before.column) + WIDTH, tops[before] + before.height / 2
        x, y = _left(spot.column), tops[spot] + spot.height / 2
        half = _ACROSS / 2
        text += f"C{start + half:g} {begin:g} {x - half:g} {y:g} {x:g} {y:g}"
        if spot.to:
            text += f"H{x + WIDTH:g}"
    return text


def _left(column: int) -> float:
    return _MARGIN + column * (WIDTH + _ACROSS)
