"""Time intervals, with the meaning that they have in Alertmanager, and one-off windows.

An instant is covered if and only if the zone's clock, as it stands on the wall at that instant,
shows a time within the interval. So 01:00-02:00 lasts two hours on the day on which the clocks go
back over it, and no time at all on the day on which they skip it.

A named interval is a tuple of these; it covers what any of them covers. Instants are float
seconds since 1970 UTC.
"""

import heapq
from calendar import monthrange
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from msgspec import Struct

from sentinel.engine.wallclock import DAY, MINUTE, day_of, steady, utc_offset, weekday_of

Range = tuple[int, int]

Span = tuple[float, float]
"""[start, end), in instants."""

HORIZON = 732.0 * DAY
"""How far ahead `covered_until` and `next_cover` look: two years."""

_WHOLE_DAY = ((0, 24 * 60),)


class TimeInterval(Struct, frozen=True, kw_only=True):
    """Covers what meets all of its fields; a field meets what any of its ranges holds. A field
    without ranges restricts nothing.

    `times`: minutes of the day, [start, end), with end up to 1440. The others hold both ends.
    `weekdays`: 0 is Sunday. `days_of_month`: from 1; negative ones count from the month's end,
    which is -1, and what lies outside a month is left out: 29:31 is 29:30 in April and nothing in
    a February of 28 days. `months`: January is 1. `years`: of our era.

    Source: https://prometheus.io/docs/alerting/latest/configuration/#time_interval
    """

    zone: ZoneInfo
    times: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days_of_month: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()

    def covers(self, at: float) -> bool:
        day, second = divmod(at + utc_offset(self.zone, at), DAY)
        return self._on(int(day)) and any(
            start * MINUTE <= second < end * MINUTE for start, end in self.times or _WHOLE_DAY
        )

    def spans(self, start: float, end: float) -> Iterator[Span]:
        """What is covered of [start, end), in order. Spans may touch or overlap."""
        times = sorted(self.times or _WHOLE_DAY)
        for begin, stop, offset in steady(self.zone, start, end):
            first, last = (int((at + offset) // DAY) for at in (begin, stop))
            for day in filter(self._on, range(first, last + 1)):
                midnight = day * DAY - offset
                for opens, closes in times:
                    low = max(begin, midnight + opens * MINUTE)
                    high = min(stop, midnight + closes * MINUTE)
                    if low < high:
                        yield low, high

    def _on(self, number: int) -> bool:
        day = day_of(number)
        return (
            _holds(self.weekdays, weekday_of(number))
            and _holds(self.months, day.month)
            and _holds(self.years, day.year)
            and self._on_day_of_month(day.day, monthrange(day.year, day.month)[1])
        )

    def _on_day_of_month(self, day: int, length: int) -> bool:
        return not self.days_of_month or any(
            _from_start(first, length) <= day <= _from_start(last, length)
            for first, last in self.days_of_month
        )


class Window(Struct, frozen=True):
    """Covers [start, end) once, such as a maintenance that was announced."""

    start: float
    end: float

    def covers(self, at: float) -> bool:
        return self.start <= at < self.end

    def spans(self, start: float, end: float) -> Iterator[Span]:
        low, high = max(self.start, start), min(self.end, end)
        if low < high:
            yield low, high


Interval = TimeInterval | Window


def covers(intervals: Iterable[Interval], at: float) -> bool:
    """Whether any of them covers the instant."""
    return any(one.covers(at) for one in intervals)


def covered_until(intervals: Iterable[Interval], at: float) -> float | None:
    """The first instant from `at` on that is not covered; `at` itself where it is not.

    Intervals that touch are one: 22:00-24:00 and 00:00-06:00 last until 06:00. None: the cover
    does not end within HORIZON.
    """
    start, end = next(spans(intervals, at, at + HORIZON), (at, at))
    if start > at:
        return at
    return end if end < at + HORIZON else None


def next_cover(intervals: Iterable[Interval], at: float) -> float | None:
    """The first instant from `at` on that is covered; `at` itself where it is.

    None: nothing is covered within HORIZON.
    """
    return next((start for start, _ in spans(intervals, at, at + HORIZON)), None)


def spans(intervals: Iterable[Interval], start: float, end: float) -> Iterator[Span]:
    """What any of them covers of [start, end): in order, as few spans as can be."""
    merged: Span | None = None
    for span in heapq.merge(*(one.spans(start, end) for one in intervals)):
        if merged is None:
            merged = span
        elif span[0] <= merged[1]:
            merged = merged[0], max(merged[1], span[1])
        else:
            yield merged
            merged = span
    if merged is not None:
        yield merged


def _holds(ranges: tuple[Range, ...], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _from_start(day: int, length: int) -> int:
    return day if day > 0 else length + 1 + day
