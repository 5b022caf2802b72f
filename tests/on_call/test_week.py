"""The week of all schedules."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from sentinel.config.model import Config
from sentinel.model.override import Override
from sentinel.on_call.week import Piece, Week, bounds_of, monday_of, week_of
from tests.on_call.crew import at

LONDON = ZoneInfo("Europe/London")
HOUR = 3_600.0


def week(config: Config, first: str, *overrides: Override, zone: ZoneInfo = LONDON) -> Week:
    return week_of(config, date.fromisoformat(first), zone, at("2026-11-26 10:00"), overrides)


def pieces(found: Week, schedule: str = "primary") -> list[Piece]:
    return next(row.pieces for row in found.rows if row.schedule == schedule)


@pytest.mark.parametrize(
    ("first", "hours", "sunday"),
    [("2026-03-23", 167, 23), ("2026-10-19", 169, 25), ("2026-11-23", 168, 24)],
)
def test_the_weeks_in_which_clocks_change_are_as_long_as_they_are(
    config: Config, first: str, hours: int, sunday: int
) -> None:
    found = week(config, first)
    assert found.end - found.start == hours * HOUR
    assert [day.end - day.start for day in found.days] == [24 * HOUR] * 6 + [sunday * HOUR]
    assert sum(day.width for day in found.days) == pytest.approx(100, abs=0.01)
    assert found.days[6].width == pytest.approx(100 * sunday / hours, abs=0.01)


@pytest.mark.parametrize(
    ("first", "handoff"), [("2026-03-30", "2026-03-30 08:00"), ("2026-10-26", "2026-10-26 09:00")]
)
def test_a_hand_off_stays_at_its_time_on_the_wall(config: Config, first: str, handoff: str) -> None:
    before, after = pieces(week(config, first))
    assert before.end == after.start == at(handoff)
    assert before.people != after.people
    assert (before.begins, before.ends, after.ends) == (False, True, False)
    assert before.width + after.width == pytest.approx(100)


def test_hours_with_nobody_are_gaps(config: Config) -> None:
    found = week(config, "2026-11-23")
    office = next(row for row in found.rows if row.schedule == "office")
    assert [one.people for one in office.pieces[:3]] == [(), ("alice",), ()]
    assert office.gaps == (168 - 7 * 8) * HOUR


def test_an_override_is_cut_out_even_where_it_changes_nobody(config: Config) -> None:
    starts, ends = at("2026-11-27 12:00"), at("2026-11-27 18:00")
    one = Override(
        id=3, schedule="primary", people=("alice",), starts=starts, ends=ends, author="bob"
    )
    found = [piece for piece in pieces(week(config, "2026-11-23", one)) if piece.override]
    assert [(piece.start, piece.end, piece.override) for piece in found] == [(starts, ends, 3)]


def test_an_override_that_was_taken_back_shows_as_long_as_it_held(config: Config) -> None:
    starts, ended = at("2026-11-27 12:00"), at("2026-11-27 13:00")
    one = Override(
        id=3,
        schedule="primary",
        people=("bob",),
        starts=starts,
        ends=ended + 9 * HOUR,
        author="bob",
        ended=ended,
    )
    found = [piece for piece in pieces(week(config, "2026-11-23", one)) if piece.override]
    assert [(piece.start, piece.end) for piece in found] == [(starts, ended)]


def test_people_keep_their_colours(config: Config) -> None:
    names = {p.people: p.colour for p in pieces(week(config, "2026-11-23")) if p.people}
    assert names == {("alice",): 0, ("bob",): 2}


def test_today_and_now_are_marked_in_this_week_alone(config: Config) -> None:
    this, next_one = week(config, "2026-11-23"), week(config, "2026-11-30")
    assert [day.date.day for day in this.days if day.today] == [26]
    assert this.now == pytest.approx(100 * (3 * 24 + 10) / 168, abs=0.01)
    assert next_one.now is None


def test_another_zone_has_its_own_midnights() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    start, end = bounds_of(date(2026, 11, 23), tokyo)
    assert start == at("2026-11-22 15:00")
    assert end - start == 168 * HOUR


def test_a_week_begins_on_monday() -> None:
    assert {monday_of(date(2026, 11, day)) for day in range(23, 30)} == {date(2026, 11, 23)}
