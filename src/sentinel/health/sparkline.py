"""A line of values over time, as a small picture and in words. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

WIDTH, HEIGHT = 360, 48
_MARGIN = 3
_GAPS = 3


class Sparkline(Struct, frozen=True, kw_only=True):
    """`path` is an SVG path, with breaks where values are missing. `text` says least, middle, most
    and last in words."""

    path: str
    text: str


def sparkline(points: Sequence[tuple[float, float]]) -> Sparkline | None:
    """Of times and values in seconds, oldest first; None for fewer than two."""
    if len(points) < 2:
        return None
    values = sorted(value for _, value in points)
    first, last, most = points[0][0], points[-1][0], values[-1] or 1.0
    usual = sorted(late[0] - early[0] for early, late in pairwise(points))[len(points) // 2 - 1]
    parts = []
    before = None
    for at, value in points:
        x = _MARGIN + (at - first) / (last - first) * (WIDTH - 2 * _MARGIN)
        y = HEIGHT - _MARGIN - value / most * (HEIGHT - 2 * _MARGIN)
        broken = before is None or at - before > _GAPS * usual
        parts.append(f"{'M' if broken else 'L'}{x:.1f} {y:.1f}")
        before = at
    middle = values[len(values) // 2]
    text = f"least {_ms(values[0])}, middle {_ms(middle)}, most {_ms(values[-1])}"
    return Sparkline(path="".join(parts), text=f"{text}, last {_ms(points[-1][1])}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"
