"""Uptime day by day as a small picture, and in words. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from sentinel.intelligence.wording import counted, span
from sentinel.model.signal import State
from sentinel.model.uptime import Seconds

STEP, HEIGHT = 4, 26
"""Width of a day and height of the picture."""
_BAR, _TALL = 3, 20
_LEAST: dict[str, float] = {"down": 7.0, "degraded": 5.0}
_MOST_TOLD = 3
_DAY = 86_400.0


class Bars(Struct, frozen=True, kw_only=True):
    """SVG paths, one for each state. `marks` are triangles under the days on which it was down, so
    that these are told apart without colours. `text` says the same in words."""

    width: int
    up: str
    degraded: str
    down: str
    unknown: str
    marks: str
    text: str


def bars(days: Sequence[Seconds], now: float) -> Bars:
    """`days` are whole days in UTC but for the last, which is today until now."""
    paths: dict[State, list[str]] = {"up": [], "degraded": [], "down": [], "unknown": []}
    marks = []
    for index, day in enumerate(days):
        x = index * STEP
        if day.down:
            marks.append(f"M{x} {HEIGHT}h3l-1.5 -4z")
        if not day.known:
            paths["unknown"].append(f"M{x} {_TALL - 4}h{_BAR}v4h-{_BAR}z")
            continue
        top = 0.0
        for state, seconds in (("down", day.down), ("degraded", day.degraded)):
            if seconds:
                # A minute of a day would be too thin to see.
                high = max(_LEAST[state], round(_TALL * seconds / day.known, 1))
                high = min(high, _TALL - top)
                paths["down" if state == "down" else "degraded"].append(_box(x, top, high))
                top += high
        if day.up and top < _TALL:
            paths["up"].append(_box(x, top, _TALL - top))
    return Bars(
        width=len(days) * STEP,
        up="".join(paths["up"]),
        degraded="".join(paths["degraded"]),
        down="".join(paths["down"]),
        unknown="".join(paths["unknown"]),
        marks="".join(marks),
        text=_text(days, now),
    )


def percent(share: float | None) -> str:
    """`99.95 %`: never rounded up to a hundred; a dash where nothing is known."""
    if share is None:
        return "-"
    if share >= 1:
        return "100 %"
    return f"{int(share * 10_000) / 100:.2f} %"


def _box(x: float, top: float, high: float) -> str:
    return f"M{x:g} {top:g}h{_BAR}v{high:g}h-{_BAR}z"


def _text(days: Sequence[Seconds], now: float) -> str:
    known = [day for day in days if day.known]
    planned = sum(day.planned for day in days)
    announced = f"; {span(planned)} of announced maintenance left out" if planned else ""
    return _known_text(days, known, now) + announced


def _known_text(days: Sequence[Seconds], known: Sequence[Seconds], now: float) -> str:
    if not known:
        return f"{counted(len(days), 'day')}: nothing is known"
    first = now - now % _DAY - (len(days) - 1) * _DAY
    bad = [(first + index * _DAY, day.down) for index, day in enumerate(days) if day.down]
    told = f"{counted(len(days), 'day')}, {len(known)} known: "
    if not bad:
        return told + "never down"
    worst = sorted(bad, key=lambda one: -one[1])[:_MOST_TOLD]
    named = ", ".join(
        f"{datetime.fromtimestamp(at, UTC):%-d %b} {span(down)}" for at, down in worst
    )
    return told + f"down on {counted(len(bad), 'day')}, most on {named}"
