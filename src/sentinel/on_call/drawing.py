"""A trial as a picture: a lane for each who hears, a column for each moment. Pure.

Moments stand side by side however far apart they are: half a minute and a night would not both be
seen on one scale.
"""

from collections.abc import Sequence

from msgspec import Struct

from sentinel.intelligence.wording import span
from sentinel.on_call.trial import Line, Trial

LABELS, COLUMN, LANE, TOP = 170, 84, 30, 44
"""Widths of the names and of a column, heights of a lane and of the heads of the columns."""

_MOST_COLUMNS = 24
_NOBODY = "nobody"
_QUIET = "kept quiet"


class Column(Struct, frozen=True, kw_only=True):
    """A moment, at its middle: how long after the beginning, and when."""

    x: int
    after: str
    at: float


class Lane(Struct, frozen=True, kw_only=True):
    y: int
    name: str


class Mark(Struct, frozen=True, kw_only=True):
    """`kind` is told, reminder, waits or nobody."""

    x: int
    y: int
    kind: str
    text: str


class Stretch(Struct, frozen=True, kw_only=True):
    """Somebody waits, or all is kept quiet, from one moment to another; to the edge where the end
    is not known."""

    x1: int
    x2: int
    y: int


class Drawing(Struct, frozen=True, kw_only=True):
    """`cut` says that there are more moments than are shown; `text` is the picture in words."""

    width: int
    height: int
    columns: list[Column]
    lanes: list[Lane]
    marks: list[Mark]
    stretches: list[Stretch]
    cut: bool
    text: str


def drawing_of(trial: Trial) -> Drawing:
    moments = sorted({one.at for one in trial.lines})
    shown = moments[:_MOST_COLUMNS]
    lines = [one for one in trial.lines if one.at in set(shown) and one.kind != "left_out"]
    names = list(dict.fromkeys(_lane_of(one) for one in lines))
    x_of = {at: LABELS + COLUMN * index + COLUMN // 2 for index, at in enumerate(shown)}
    y_of = {name: TOP + LANE * index + LANE // 2 for index, name in enumerate(names)}
    edge = LABELS + COLUMN * len(shown)
    return Drawing(
        width=max(edge, LABELS + COLUMN),
        height=TOP + LANE * max(len(names), 1) + 4,
        columns=[Column(x=x, after=_after(at - trial.at), at=at) for at, x in x_of.items()],
        lanes=[Lane(y=y, name=name) for name, y in y_of.items()],
        marks=[
            Mark(x=x_of[one.at], y=y_of[_lane_of(one)], kind=_kind_of(one), text=one.text)
            for one in lines
        ],
        stretches=[
            Stretch(x1=x_of[one.at], x2=_end(one, shown, x_of, edge), y=y_of[_lane_of(one)])
            for one in lines
            if one.kind in ("waits", "kept_quiet")
        ],
        cut=len(shown) < len(moments),
        text=_text(trial),
    )


def _lane_of(line: Line) -> str:
    if line.kind in ("nobody", "no_route"):
        return _NOBODY
    if line.kind == "kept_quiet":
        return _QUIET
    return f"{line.person}, {line.channel}" if line.person else line.channel


def _kind_of(line: Line) -> str:
    if line.kind == "told":
        return "reminder" if line.reason == "reminder" else "told"
    return "nobody" if line.kind in ("nobody", "no_route") else "waits"


def _end(line: Line, shown: Sequence[float], x_of: dict[float, int], edge: int) -> int:
    if line.until is None:
        return edge
    return next((x_of[at] for at in shown if at >= line.until), edge)


def _after(seconds: float) -> str:
    return "at once" if seconds < 1 else f"+{span(seconds)}"


def _text(trial: Trial) -> str:
    """Everybody at the moment at which they first hear."""
    first: dict[str, float] = {}
    for one in trial.lines:
        if one.kind == "told":
            first.setdefault(one.person or one.channel, one.after)
    if not first:
        return "Nobody would be told."
    parts = []
    for after in sorted(set(first.values())):
        names = ", ".join(name for name, at in first.items() if at == after)
        parts.append(f"{'At once' if after < 1 else f'After {span(after)}'}: {names}.")
    return " ".join(parts)
