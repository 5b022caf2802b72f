"""What the hour of the day adds to a series."""

from collections.abc import Sequence
from math import isnan

_LEAST_DAYS = 2
_LEAST_HOURS = 18
_LEAST_LIKENESS = 0.5


def season_of(hours: Sequence[float], end: int) -> tuple[float, ...]:
    """24 numbers to add, by hour of the day in UTC; none where no daily cycle is to be seen.

    `hours` are hourly means, oldest first, not a number where there are none; `end` is the number
    of the hour after the last one, since 1970. Needs two whole days. What stays when each day's
    mean and the trend of the means are taken off must repeat from day to day (a correlation of
    0.5), or else any walk would be taken for a season.
    """
    days = len(hours) // 24
    if days < _LEAST_DAYS:
        return ()
    rest = _detrended(hours[-24 * days :], days)
    if rest is None or _likeness(rest) < _LEAST_LIKENESS:
        return ()
    profile = []
    for of_day in range(24):
        seen = [rest[n] for n in range((of_day - end) % 24, len(rest), 24) if not isnan(rest[n])]
        if not seen:
            return ()
        profile.append(sum(seen) / len(seen))
    return tuple(profile)


def season_at(season: Sequence[float], time: float) -> float:
    """Between the middles of two hours, in proportion; 0 without a season."""
    if not season:
        return 0.0
    position = time / 3600 - 0.5
    hour = int(position // 1)
    share = position - hour
    return (1 - share) * season[hour % 24] + share * season[(hour + 1) % 24]


def _detrended(hours: Sequence[float], days: int) -> list[float] | None:
    """A day's mean has no season in it, so the trend of the means is the trend alone."""
    means = []
    for day in range(days):
        seen = [value for value in hours[24 * day : 24 * day + 24] if not isnan(value)]
        if len(seen) < _LEAST_HOURS:
            return None
        means.append(sum(seen) / len(seen))
    middle, overall = (days - 1) / 2, sum(means) / days
    squares = sum((day - middle) ** 2 for day in range(days))
    slope = sum((day - middle) * (mean - overall) for day, mean in enumerate(means)) / squares / 24
    centre = (len(hours) - 1) / 2
    return [value - overall - slope * (n - centre) for n, value in enumerate(hours)]


def _likeness(rest: Sequence[float]) -> float:
    pairs = [
        (one, next_day)
        for one, next_day in zip(rest, rest[24:], strict=False)
        if not isnan(one + next_day)
    ]
    squares = sum(one * one + other * other for one, other in pairs) / 2
    return sum(one * other for one, other in pairs) / squares if squares > 0 else 0.0
