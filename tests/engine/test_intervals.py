from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine.intervals import (
    HORIZON,
    Interval,
    TimeInterval,
    Window,
    covered_until,
    covers,
    next_cover,
    spans,
)
from tests.effort import examples
from tests.engine.wall import CHANGES, DAY, HOUR, LONDON, NEW_YORK, ZONES, at, clock, minutes, utc

UTC = ZoneInfo("UTC")
NIGHT = ((22 * 60, 24 * 60), (0, 6 * 60))
SUNDAY, MONDAY, FRIDAY, SATURDAY = 0, 1, 5, 6


@pytest.mark.parametrize(
    ("fields", "moment", "expected"),
    [
        # No restriction at all.
        ({}, "2026-07-01T12:00", True),
        # Times: the start is part of it, the end is not.
        ({"times": ((540, 1020),)}, "2026-07-01T08:59:59", False),
        ({"times": ((540, 1020),)}, "2026-07-01T09:00", True),
        ({"times": ((540, 1020),)}, "2026-07-01T16:59:59.999", True),
        ({"times": ((540, 1020),)}, "2026-07-01T17:00", False),
        ({"times": ((1320, 1440),)}, "2026-07-01T23:59:59.999", True),
        ({"times": ((1320, 1440),)}, "2026-07-02T00:00", False),
        ({"times": ((1320, 1440), (0, 60))}, "2026-07-02T00:59", True),
        # Weekdays: both ends are part of it. 1 July 2026 is a Wednesday.
        ({"weekdays": ((MONDAY, FRIDAY),)}, "2026-07-01T12:00", True),
        ({"weekdays": ((MONDAY, FRIDAY),)}, "2026-07-03T23:59", True),
        ({"weekdays": ((MONDAY, FRIDAY),)}, "2026-07-04T00:00", False),
        ({"weekdays": ((SUNDAY, SUNDAY), (SATURDAY, SATURDAY))}, "2026-07-05T12:00", True),
        ({"weekdays": ((SUNDAY, SUNDAY), (SATURDAY, SATURDAY))}, "2026-07-06T00:00", False),
        # Days of the month, from its start and from its end.
        ({"days_of_month": ((1, 5),)}, "2026-07-05T12:00", True),
        ({"days_of_month": ((1, 5),)}, "2026-07-06T12:00", False),
        ({"days_of_month": ((-3, -1),)}, "2026-07-28T12:00", False),
        ({"days_of_month": ((-3, -1),)}, "2026-07-29T12:00", True),
        ({"days_of_month": ((-3, -1),)}, "2026-02-26T12:00", True),
        ({"days_of_month": ((-1, -1),)}, "2028-02-28T12:00", False),
        ({"days_of_month": ((-1, -1),)}, "2028-02-29T12:00", True),
        ({"days_of_month": ((5, -5),)}, "2026-04-26T12:00", True),
        ({"days_of_month": ((5, -5),)}, "2026-04-27T12:00", False),
        # What lies outside a month is left out.
        ({"days_of_month": ((29, 31),)}, "2026-04-30T12:00", True),
        ({"days_of_month": ((29, 31),)}, "2026-02-28T12:00", False),
        ({"days_of_month": ((31, 31),)}, "2026-04-30T12:00", False),
        ({"days_of_month": ((-31, -1),)}, "2026-02-01T12:00", True),
        ({"days_of_month": ((-31, -31),)}, "2026-02-01T12:00", False),
        # Months and years, both ends.
        ({"months": ((1, 3),)}, "2026-03-31T23:59", True),
        ({"months": ((1, 3),)}, "2026-04-01T00:00", False),
        ({"years": ((2026, 2027),)}, "2027-12-31T23:59", True),
        ({"years": ((2026, 2027),)}, "2028-01-01T00:00", False),
        # All fields must hold.
        ({"weekdays": ((3, 3),), "months": ((7, 7),)}, "2026-07-01T12:00", True),
        ({"weekdays": ((3, 3),), "months": ((8, 8),)}, "2026-07-01T12:00", False),
        ({"days_of_month": ((1, 7),), "weekdays": ((SATURDAY, 6),)}, "2026-07-11T12:00", False),
    ],
)
def test_an_interval_covers_what_alertmanager_says(
    fields: dict[str, Any], moment: str, expected: bool
) -> None:
    interval = TimeInterval(zone=UTC, **fields)
    instant = utc(moment)
    assert interval.covers(instant) is expected
    assert list(interval.spans(instant, instant + 1e-3)) == (
        [(instant, instant + 1e-3)] if expected else []
    )


def test_a_location_moves_the_clock_that_is_read() -> None:
    nine = TimeInterval(zone=NEW_YORK, times=((540, 600),))
    assert nine.covers(utc("2026-07-01T13:30"))
    assert not nine.covers(utc("2026-07-01T09:30"))
    assert nine.covers(utc("2026-01-01T14:30"))


def test_the_weekday_is_that_of_the_location() -> None:
    friday = TimeInterval(zone=NEW_YORK, weekdays=((FRIDAY, FRIDAY),))
    assert friday.covers(utc("2026-07-04T03:59"))
    assert not friday.covers(utc("2026-07-04T04:00"))


def test_intervals_that_touch_are_one() -> None:
    night = [TimeInterval(zone=LONDON, times=(one,)) for one in NIGHT]
    assert covered_until(night, at("2026-07-01T23:00", LONDON)) == at("2026-07-02T06:00", LONDON)


def test_intervals_of_several_zones_are_one_where_they_overlap() -> None:
    offices = [TimeInterval(zone=zone, times=((540, 1020),)) for zone in (LONDON, NEW_YORK)]
    start = at("2026-07-01T10:00", LONDON)
    assert covered_until(offices, start) == at("2026-07-01T17:00", NEW_YORK)


def test_a_weekend_lasts_until_monday() -> None:
    weekend = [TimeInterval(zone=LONDON, weekdays=((day, day),)) for day in (SATURDAY, SUNDAY)]
    start = at("2026-07-04T12:00", LONDON)
    assert covered_until(weekend, start) == at("2026-07-06T00:00", LONDON)
    assert next_cover(weekend, at("2026-07-06T00:00", LONDON)) == at("2026-07-11T00:00", LONDON)


@pytest.mark.parametrize(
    "intervals",
    [
        [TimeInterval(zone=LONDON)],
        [
            TimeInterval(zone=LONDON, times=((0, 600),)),
            TimeInterval(zone=LONDON, months=((1, 12),)),
        ],
        [Window(0.0, 1e12)],
    ],
)
def test_what_covers_always_has_no_end(intervals: list[Interval]) -> None:
    assert covered_until(intervals, utc("2026-07-01T12:00")) is None


@pytest.mark.parametrize(
    "intervals",
    [
        [],
        [TimeInterval(zone=LONDON, years=((2020, 2025),))],
        [TimeInterval(zone=LONDON, years=((2036, 2036),))],
        [TimeInterval(zone=LONDON, months=((2, 2),), days_of_month=((30, 31),))],
        [Window(0.0, 1.0)],
    ],
)
def test_what_does_not_come_within_two_years_has_no_start(intervals: list[Interval]) -> None:
    now = utc("2026-07-01T12:00")
    assert next_cover(intervals, now) is None
    assert covered_until(intervals, now) == now


def test_a_rare_day_is_found() -> None:
    leap = [TimeInterval(zone=LONDON, months=((2, 2),), days_of_month=((29, 29),))]
    assert next_cover(leap, utc("2026-07-01T12:00")) == utc("2028-02-29T00:00")


def test_a_window_covers_once() -> None:
    window = [Window(100.0, 200.0)]
    assert [covers(window, t) for t in (99.9, 100.0, 199.9, 200.0)] == [False, True, True, False]
    assert next_cover(window, 0.0) == 100.0
    assert covered_until(window, 150.0) == 200.0
    assert next_cover(window, 200.0) is None


def test_a_window_and_an_interval_are_one_where_they_touch() -> None:
    end = at("2026-07-02T06:00", LONDON)
    both: list[Interval] = [TimeInterval(zone=LONDON, times=NIGHT), Window(end, end + 90.5)]
    assert covered_until(both, at("2026-07-01T23:00", LONDON)) == end + 90.5


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 1), ("2026-03-29", 0), ("2026-10-24", 1), ("2026-10-25", 2)]
)
def test_an_hour_that_the_clocks_skip_is_none_and_one_that_they_repeat_is_two(
    day: str, hours: int
) -> None:
    one_to_two = [TimeInterval(zone=LONDON, times=((60, 120),))]
    start = at(f"{day}T00:00", LONDON)
    found = spans(one_to_two, start, start + 20 * HOUR)
    assert sum(end - begin for begin, end in found) == hours * HOUR


def test_half_of_a_repeated_hour_is_covered_twice() -> None:
    half_past = [TimeInterval(zone=LONDON, times=((90, 120),))]
    midnight = at("2026-10-25T00:00", LONDON)
    assert list(spans(half_past, midnight, midnight + DAY)) == [
        (midnight + 1.5 * HOUR, midnight + 2 * HOUR),
        (midnight + 2.5 * HOUR, midnight + 3 * HOUR),
    ]


def ranges(low: int, high: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    pair = st.tuples(st.integers(low, high), st.integers(low, high))
    return st.lists(pair.map(lambda p: (min(p), max(p))), max_size=2).map(tuple)


days_of_month = st.sampled_from([(), ((1, 5),), ((-3, -1),), ((28, 31), (1, 1)), ((25, -2),)])
# Minutes near the changes of the clocks as often as others.
minute = st.one_of(st.integers(0, 1440), st.sampled_from([0, 30, 60, 90, 120, 150, 180, 1440]))
times = st.lists(
    st.tuples(minute, minute).filter(lambda p: p[0] != p[1]).map(lambda p: (min(p), max(p))),
    max_size=3,
).map(tuple)


def time_intervals(zones: Sequence[ZoneInfo]) -> st.SearchStrategy[TimeInterval]:
    return st.builds(
        TimeInterval,
        zone=st.sampled_from(zones),
        times=times,
        weekdays=ranges(0, 6),
        days_of_month=days_of_month,
        months=st.sampled_from([(), (), ((3, 4),), ((10, 12),), ((1, 3), (12, 12))]),
        years=st.sampled_from([(), (), ((2011, 2011),), ((2026, 2027),)]),
    )


def naively(interval: TimeInterval, now: datetime) -> bool:
    """What the documentation of Alertmanager says, word by word."""
    next_month = date(now.year + now.month // 12, now.month % 12 + 1, 1)
    length = (next_month - date(now.year, now.month, 1)).days
    of_day, weekday = now.hour * 60 + now.minute, now.isoweekday() % 7
    days = {
        day
        for first, last in interval.days_of_month
        for day in range(
            first if first > 0 else length + first + 1,
            (last if last > 0 else length + last + 1) + 1,
        )
    }
    return (
        (not interval.times or any(a <= of_day < b for a, b in interval.times))
        and (not interval.weekdays or any(a <= weekday <= b for a, b in interval.weekdays))
        and (not interval.days_of_month or now.day in days)
        and (not interval.months or any(a <= now.month <= b for a, b in interval.months))
        and (not interval.years or any(a <= now.year <= b for a, b in interval.years))
    )


changes = st.sampled_from(CHANGES)


@settings(max_examples=examples(60), deadline=None)
@given(changes, st.data())
def test_each_minute_around_a_change_of_the_clocks_is_covered_as_the_wall_clock_says(
    change: tuple[ZoneInfo, str], data: st.DataObject
) -> None:
    zone, moment = change
    named = data.draw(st.lists(time_intervals([zone, *ZONES]), min_size=1, max_size=3))
    start, end = utc(moment) - 1.2 * DAY, utc(moment) + 1.2 * DAY
    found = list(spans(named, start, end))
    for now in minutes(start, end):
        expected = any(naively(one, clock(one.zone, now)) for one in named)
        assert covers(named, now) is expected, clock(zone, now)
        assert any(begin <= now < stop for begin, stop in found) is expected, clock(zone, now)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(time_intervals(ZONES), max_size=3),
    changes,
    st.floats(-3 * DAY, 3 * DAY, allow_nan=False),
)
def test_the_end_and_the_next_start_are_the_first_that_differ(
    named: list[Interval], change: tuple[ZoneInfo, str], away: float
) -> None:
    now = utc(change[1]) + away
    until, following = covered_until(named, now), next_cover(named, now)
    here = covers(named, now)
    assert (following == now) is here
    assert (until == now) is not here
    turn = until if here else following
    for probe in minutes(now, min(turn or now + HORIZON, now + 2 * DAY)):
        assert covers(named, probe) is here
    if turn is not None:
        assert covers(named, turn) is not here
        assert covers(named, turn - 1e-3) is here or turn - 1e-3 < now


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(time_intervals(ZONES), max_size=3), st.floats(1.7e9, 2e9), st.floats(0, 90 * DAY))
def test_spans_are_in_order_and_never_touch(
    named: list[Interval], start: float, length: float
) -> None:
    found = list(spans(named, start, start + length))
    edges = [edge for span in found for edge in span]
    assert edges == sorted(set(edges))
    assert all(start <= edge <= start + length for edge in edges)
