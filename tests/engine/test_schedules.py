from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine.intervals import TimeInterval, Window, covers
from sentinel.engine.schedules import (
    YEAR,
    Handoff,
    Layer,
    Override,
    People,
    Schedule,
    Shift,
    next_change,
    on_call,
    shifts,
)
from tests.effort import examples
from tests.engine.wall import (
    APIA,
    CHANGES,
    DAY,
    HOUR,
    KOLKATA,
    LONDON,
    MINUTE,
    ZONES,
    at,
    clock,
    minutes,
    utc,
)

MONDAY, WEDNESDAY = 1, 3
WEEK = 7 * 86_400
ALICE, BOB, BOTH = ("alice",), ("bob",), ("alice", "bob")
MONDAYS_AT_NINE = Handoff(9 * 60, MONDAY)


def layer(*people: People, **options: Any) -> Layer:
    options = {"every": WEEK, "handoff": MONDAYS_AT_NINE, **options}
    return Layer(people=people or (ALICE, BOB), **options)


def schedule(*layers: Layer, zone: ZoneInfo = LONDON, **options: Any) -> Schedule:
    return Schedule(name="primary", zone=zone, layers=layers, **options)


def changes_of(one: Schedule, start: float, days: float) -> list[tuple[datetime, People]]:
    """When somebody takes over, on the clocks of the schedule."""
    found = list(shifts(one, start, start + days * DAY))
    return [(clock(one.zone, shift.start), shift.people) for shift in found[1:]]


def test_people_take_turns_at_each_hand_off() -> None:
    weekly = schedule(layer(start=date(2026, 1, 5)))
    first, second = at("2026-01-05T09:00", LONDON), at("2026-01-12T09:00", LONDON)
    assert on_call(weekly, first) == ALICE
    assert on_call(weekly, second - 0.001) == ALICE
    assert on_call(weekly, second) == BOB
    assert on_call(weekly, second + WEEK) == ALICE
    assert next_change(weekly, first) == second


def test_before_its_start_a_layer_has_nobody() -> None:
    weekly = schedule(layer(start=date(2026, 1, 7)))
    begins = at("2026-01-12T09:00", LONDON)
    assert on_call(weekly, begins - 1) == ()
    assert next_change(weekly, begins - DAY) == begins
    assert on_call(weekly, begins) == ALICE


def test_a_start_on_the_day_of_the_hand_off_is_that_hand_off() -> None:
    daily = schedule(layer(every=86_400, handoff=Handoff(0), start=date(2026, 1, 5)))
    assert on_call(daily, at("2026-01-04T23:59", LONDON)) == ()
    assert on_call(daily, at("2026-01-05T00:00", LONDON)) == ALICE


@pytest.mark.parametrize(
    ("handoff", "first"),
    [
        (Handoff(9 * 60, MONDAY), "1970-01-05T09:00"),
        (Handoff(9 * 60, WEDNESDAY), "1970-01-07T09:00"),
        (Handoff(9 * 60, 0), "1970-01-11T09:00"),
        (Handoff(9 * 60), "1970-01-05T09:00"),
    ],
)
def test_without_a_start_turns_are_counted_from_the_first_hand_off_after_the_epoch(
    handoff: Handoff, first: str
) -> None:
    weekly = schedule(layer(handoff=handoff))
    begins = at(first, LONDON)
    assert on_call(weekly, begins) == ALICE
    assert on_call(weekly, begins - 1) == BOB
    assert on_call(weekly, begins + WEEK) == BOB


@pytest.mark.parametrize(
    ("start", "dates"),
    [
        ("2026-03-17", ["2026-03-23", "2026-03-30", "2026-04-06"]),
        ("2026-10-17", ["2026-10-19", "2026-10-26", "2026-11-02"]),
    ],
)
def test_a_hand_off_stays_at_nine_when_the_clocks_change(start: str, dates: list[str]) -> None:
    found = changes_of(schedule(layer()), at(f"{start}T00:00", LONDON), 21)
    assert [moment.isoformat() for moment, _ in found] == [f"{day}T09:00:00" for day in dates]


@pytest.mark.parametrize(
    ("start", "hours"),
    [("2026-03-28T09:00", 23), ("2026-10-24T09:00", 25), ("2026-07-01T09:00", 24)],
)
def test_a_daily_turn_is_as_long_as_the_day_is(start: str, hours: int) -> None:
    daily = schedule(layer(every=86_400, handoff=Handoff(9 * 60)))
    begins = at(start, LONDON)
    assert next_change(daily, begins) == begins + hours * HOUR


def test_half_days_change_at_the_same_times_all_year() -> None:
    halves = schedule(layer(every=12 * 3_600, handoff=Handoff(8 * 60)))
    for start in ("2026-03-28T00:00", "2026-10-24T00:00"):
        found = changes_of(halves, at(start, LONDON), 2.5)
        assert [moment.hour for moment, _ in found] == [8, 20, 8, 20, 8]


def test_turns_that_do_not_divide_a_day_are_counted_in_hours_that_pass() -> None:
    long = schedule(layer(every=36 * 3_600, handoff=Handoff(9 * 60), start=date(2026, 3, 28)))
    begins = at("2026-03-28T09:00", LONDON)
    found = list(shifts(long, begins, begins + 108 * HOUR))
    assert [shift.end - shift.start for shift in found] == [36 * HOUR] * 3
    assert clock(LONDON, found[1].start) == datetime.fromisoformat("2026-03-29T22:00")


def test_a_hand_off_that_the_clocks_skip_is_later_by_as_much() -> None:
    daily = schedule(layer(every=86_400, handoff=Handoff(90)))
    spring = at("2026-03-29T00:00", LONDON)
    assert next_change(daily, spring) == at("2026-03-29T02:30", LONDON)


def test_a_hand_off_that_the_clocks_show_twice_is_at_the_first() -> None:
    daily = schedule(layer(every=86_400, handoff=Handoff(90)))
    first = at("2026-10-25T01:30", LONDON)
    assert next_change(daily, first - HOUR) == first
    assert next_change(daily, first) == at("2026-10-26T01:30", LONDON)


def test_nobody_is_called_back_when_the_clocks_go_back_over_a_hand_off() -> None:
    daily = schedule(layer(every=86_400, handoff=Handoff(90), start=date(2026, 10, 24)))
    again = at("2026-10-25T01:10", LONDON, fold=1)
    assert on_call(daily, at("2026-10-25T01:10", LONDON)) == ALICE
    assert on_call(daily, again) == BOB
    assert next_change(daily, again) == at("2026-10-26T01:30", LONDON)


def test_the_turn_of_a_day_that_a_zone_left_out_is_left_out() -> None:
    turns = layer(ALICE, BOB, BOTH, every=86_400, handoff=Handoff(540), start=date(2011, 12, 29))
    found = changes_of(schedule(turns, zone=APIA), at("2011-12-29T00:00", APIA), 4)
    assert [(moment.isoformat(), who) for moment, who in found] == [
        ("2011-12-29T09:00:00", ALICE),
        ("2011-12-31T09:00:00", BOTH),
        ("2012-01-01T09:00:00", ALICE),
        ("2012-01-02T09:00:00", BOB),
    ]


def test_a_turn_may_be_of_several_people() -> None:
    assert on_call(schedule(layer(BOTH)), 0.0) == BOTH


def test_a_later_layer_takes_precedence_where_it_applies() -> None:
    nights = TimeInterval(zone=LONDON, times=((0, 480), (1080, 1440)))
    both = schedule(layer(ALICE), layer(BOB, during=(nights,)))
    assert on_call(both, at("2026-07-01T12:00", LONDON)) == ALICE
    assert on_call(both, at("2026-07-01T18:00", LONDON)) == BOB
    assert next_change(both, at("2026-07-01T18:00", LONDON)) == at("2026-07-02T08:00", LONDON)


def test_outside_of_its_intervals_nobody_is_on_call() -> None:
    weekdays = TimeInterval(zone=LONDON, weekdays=((1, 5),))
    office = schedule(layer(ALICE, during=(weekdays,)))
    start = at("2026-07-03T00:00", LONDON)
    assert list(shifts(office, start, start + 4 * DAY)) == [
        Shift(start, start + DAY, ALICE),
        Shift(start + DAY, start + 3 * DAY, ()),
        Shift(start + 3 * DAY, start + 4 * DAY, ALICE),
    ]


def test_an_override_takes_precedence_over_all_layers_and_earlier_overrides() -> None:
    covered = schedule(
        layer(ALICE),
        overrides=(Override(100.0, 200.0, BOB), Override(150.0, 300.0, BOTH)),
    )
    found = [(s.start, s.end, s.people) for s in shifts(covered, 0.0, 1_000.0)]
    assert found == [
        (0.0, 100.0, ALICE),
        (100.0, 150.0, BOB),
        (150.0, 300.0, BOTH),
        (300.0, 1_000.0, ALICE),
    ]


@pytest.mark.parametrize("one", [schedule(), schedule(layer(ALICE)), schedule(layer(BOB, BOB))])
def test_a_schedule_that_never_changes_has_no_next_change(one: Schedule) -> None:
    assert next_change(one, utc("2026-07-01T12:00")) is None


def test_a_change_within_a_year_is_found() -> None:
    now = utc("2026-07-01T12:00")
    yearly = schedule(layer(ALICE), overrides=(Override(now + YEAR - 1, now + 2 * YEAR, BOB),))
    assert next_change(yearly, now) == now + YEAR - 1
    assert next_change(yearly, now - 2) is None


@pytest.mark.parametrize("days", [1, 28, 56, 84])
def test_an_interval_that_begins_on_a_given_day_is_a_change(days: int) -> None:
    begins = days * DAY
    covered = schedule(layer(ALICE), layer(BOB, during=(Window(begins, begins + DAY),)))
    found = [(shift.start, shift.people) for shift in shifts(covered, 0.0, 100 * DAY)]
    assert found == [(0.0, ALICE), (begins, BOB), (begins + DAY, ALICE)]


def test_no_time_has_no_shifts() -> None:
    assert list(shifts(schedule(layer()), 5.0, 5.0)) == []


away = st.integers(-1000, 1000).map(lambda number: number * MINUTE)
people = st.sampled_from([ALICE, BOB, BOTH, ()])
everies = st.sampled_from([1, 2, 5, 8, 12, 24, 36, 48, 7 * 24, 14 * 24]).map(lambda h: h * 3_600)
# Around the changes of the clocks, and any.
minute = st.sampled_from([0, 30, 60, 90, 105, 120, 135, 150, 540]) | st.integers(0, 1439)
handoffs = st.builds(Handoff, minute, st.none() | st.integers(0, 6))


@st.composite
def schedules(draw: st.DrawFn, zone: ZoneInfo, moment: float) -> Schedule:
    today = clock(zone, moment).date()
    interval = st.builds(
        TimeInterval,
        zone=st.sampled_from([zone, KOLKATA]),
        times=st.sampled_from([((0, 480), (1080, 1440)), ((90, 150),), ((540, 1020),)]),
        weekdays=st.sampled_from([(), ((1, 5),)]),
    )
    window = st.builds(lambda a, b: Window(moment + a, moment + b), away, away)
    layers = st.builds(
        Layer,
        people=st.lists(people, min_size=1, max_size=4).map(tuple),
        every=everies,
        handoff=handoffs,
        start=st.none() | st.integers(-20, 3).map(lambda days: today + timedelta(days=days)),
        during=st.just(()) | st.lists(interval | window, max_size=2).map(tuple),
    )
    override = st.builds(
        lambda a, b, who: Override(moment + a, moment + b, who), away, away, people
    )
    return Schedule(
        name="primary",
        zone=zone,
        layers=tuple(draw(st.lists(layers, max_size=3))),
        overrides=tuple(draw(st.lists(override, max_size=2))),
    )


class Naive:
    """Who is on call in [start, end), by walking through every minute around it."""

    def __init__(self, one: Schedule, start: float, end: float) -> None:
        self.schedule, self.start, self.end = one, start, end
        self.shown: dict[datetime, float] = {}
        for now in minutes(start - 2 * DAY, end + 2 * DAY):
            self.shown.setdefault(clock(one.zone, now), now)
        self.turns = [self.hand_offs(one) for one in one.layers]

    def hand_offs(self, one: Layer) -> dict[int, float]:
        """When each turn begins that may matter."""
        first = datetime.combine(one.start or date(1970, 1, 5), time(0))
        first += timedelta(minutes=one.handoff.minute)
        while one.handoff.weekday not in (None, first.isoweekday() % 7):
            first += timedelta(days=1)
        every = timedelta(seconds=one.every)
        low = clock(self.schedule.zone, self.start) - timedelta(days=2) - every
        high = clock(self.schedule.zone, self.end) + timedelta(days=2)
        turns = range((low - first) // every, (high - first) // every + 1)
        if one.every in (5 * 3_600, 36 * 3_600):
            return {turn: self.begins(first) + turn * one.every for turn in turns}
        return {turn: self.begins(first + turn * every) for turn in turns}

    def begins(self, wall: datetime) -> float:
        first, last = min(self.shown), max(self.shown)
        if wall in self.shown or not first < wall < last:
            return self.shown.get(wall) or wall.replace(tzinfo=self.schedule.zone).timestamp()
        before = max(moment for moment in self.shown if moment < wall)
        return self.shown[before] + (wall - before).total_seconds()

    def on_call(self, now: float) -> People:
        for override in reversed(self.schedule.overrides):
            if override.start <= now < override.end:
                return override.people
        for one, turns in reversed(list(zip(self.schedule.layers, self.turns, strict=True))):
            turn = max(turn for turn, begin in turns.items() if begin <= now)
            applies = not one.during or covers(one.during, now)
            if applies and (one.start is None or turn >= 0):
                return one.people[turn % len(one.people)]
        return ()


@settings(max_examples=examples(100), deadline=None)
@given(st.sampled_from(CHANGES), st.data())
def test_at_each_minute_those_are_on_call_whom_the_definition_names(
    change: tuple[ZoneInfo, str], data: st.DataObject
) -> None:
    zone, moment = change[0], utc(change[1])
    one = data.draw(schedules(zone, moment))
    start, end = moment - 0.7 * DAY, moment + 0.7 * DAY
    naive = Naive(one, start, end)
    found = iter(shifts(one, start, end))
    shift = next(found)
    for now in minutes(start, end):
        if now >= shift.end:
            shift = next(found)
        expected = naive.on_call(now)
        assert on_call(one, now) == expected, clock(zone, now)
        assert shift.people == expected, clock(zone, now)


@settings(max_examples=examples(150), deadline=None)
@given(st.sampled_from(ZONES), st.floats(1.7e9, 2e9), st.floats(1.0, 40 * DAY), st.data())
def test_shifts_are_as_long_as_can_be_and_leave_nothing_out(
    zone: ZoneInfo, start: float, length: float, data: st.DataObject
) -> None:
    one = data.draw(schedules(zone, start))
    end = start + length
    found = list(shifts(one, start, end))
    starts, ends = [shift.start for shift in found], [shift.end for shift in found]
    assert starts == [start, *ends[:-1]]
    assert ends[-1] == end
    for shift, following in pairwise(found):
        assert shift.people != following.people
    for shift in data.draw(st.lists(st.sampled_from(found), max_size=5)):
        inside = data.draw(st.floats(shift.start, shift.end, exclude_max=True))
        assert on_call(one, shift.start) == on_call(one, inside) == shift.people
        if shift.end < end:
            assert next_change(one, inside) == shift.end
