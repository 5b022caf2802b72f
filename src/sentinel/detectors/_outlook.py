"""Whether and when a trend crosses a bound, all of its interval with it."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from sentinel.detectors._season import season_at
from sentinel.detectors._trend import Trend

_STEPS = 48


class Bound(Struct, frozen=True):
    """`side` is 1 where numbers above are beyond it, -1 where those below are."""

    number: float
    side: int

    def passed(self, value: float) -> float:
        """How far a value is beyond the bound; 0 or less where it is not."""
        return self.side * (value - self.number)

    def __str__(self) -> str:
        return f"{'above' if self.side > 0 else 'below'} {self.number:g}"


class Outlook(Struct, frozen=True):
    """The interval of the moment at which all of it is first beyond a bound, and the time, in
    seconds since 1970, at which its middle gets there. Without such a moment: the interval at the
    end of the horizon."""

    expected: float
    lower: float
    upper: float
    bound: Bound | None = None
    crossing: float = 0.0


def outlook_of(
    trend: Trend,
    season: Sequence[float],
    start: float,
    end: float,
    width: float,
    bounds: Iterable[Bound],
) -> Outlook:
    """Looks ahead in equal steps. `width` is half the interval's, in standard deviations."""
    for bound in bounds:
        if _in_reach(trend, season, start, end, bound):
            found = _crossed(trend, season, start, end, width, bound)
            if found is not None:
                return found
    return _interval(trend, trend.mean(end) + season_at(season, end), end, width)


def _in_reach(
    trend: Trend, season: Sequence[float], start: float, end: float, bound: Bound
) -> bool:
    """Spares the steps to a healthy series: the ends of the line, at the best hour of the day."""
    best = max((bound.side * hour for hour in season), default=0.0)
    return max(bound.passed(trend.mean(start)), bound.passed(trend.mean(end))) + best > 0


def _crossed(
    trend: Trend, season: Sequence[float], start: float, end: float, width: float, bound: Bound
) -> Outlook | None:
    crossing = None
    since, before = start, trend.mean(start) + season_at(season, start)
    for step in range(1, _STEPS + 1):
        time = start + (end - start) * step / _STEPS
        mean = trend.mean(time) + season_at(season, time)
        passed = bound.passed(mean)
        if passed > 0:
            if crossing is None:
                crossing = _meeting(since, before, time, mean, bound.number)
            if passed > width * trend.deviation(time):
                return _interval(trend, mean, time, width, bound, crossing)
        since, before = time, mean
    return None


def _interval(
    trend: Trend,
    mean: float,
    time: float,
    width: float,
    bound: Bound | None = None,
    crossing: float = 0.0,
) -> Outlook:
    half = width * trend.deviation(time)
    return Outlook(mean, mean - half, mean + half, bound, crossing)


def _meeting(since: float, before: float, time: float, after: float, bound: float) -> float:
    """When a straight way from one value to the next meets the bound, or its start if it began
    beyond."""
    way = after - before
    share = (bound - before) / way if way else 0.0
    return since + (time - since) * min(1.0, max(0.0, share))
