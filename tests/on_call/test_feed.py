"""Calendar feeds, as a calendar program reads them."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from sentinel.config.model import Config
from sentinel.engine.stand_ins import NOBODY, StandIns, stand_ins_of
from sentinel.model.calendar_feed import CalendarFeed, FeedKind
from sentinel.model.override import Override
from sentinel.on_call.feed import AHEAD, PAST, calendar_of
from tests.on_call.crew import at, config_of

NOW = at("2026-03-26 10:00")
LONDON = ZoneInfo("Europe/London")
DAY = 86_400.0


def feed(kind: FeedKind = "schedule", name: str = "primary") -> CalendarFeed:
    return CalendarFeed(id=1, kind=kind, name=name, user="alice", created=NOW)


def events(
    config: Config, of: CalendarFeed, stand_ins: StandIns = NOBODY, now: float = NOW
) -> list[icalendar.Event]:
    text = calendar_of(config, of, stand_ins, now)
    return icalendar.Calendar.from_ical(text).walk("VEVENT")


def stamp(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp()


def test_hand_offs_stay_at_nine_over_the_change_of_the_clocks(config: Config) -> None:
    found = [one for one in events(config, feed()) if stamp(one.end) < NOW + 80 * DAY]
    local = [one.start.astimezone(LONDON) for one in found]
    assert {(one.weekday(), one.hour, one.minute) for one in local[1:]} == {(0, 9, 0)}
    assert {f"{one:%Z}" for one in local} == {"GMT", "BST"}
    assert all(stamp(a.end) == stamp(b.start) for a, b in pairwise(found))


def test_who_is_on_call_is_the_title(config: Config) -> None:
    titles = {str(one["summary"]) for one in events(config, feed(), now=at("2026-12-26 10:00"))}
    assert titles >= {"alice on call (primary)", "bob on call (primary)"}


def test_hours_with_nobody_are_told_in_the_feed_of_the_schedule(config: Config) -> None:
    titles = {str(one["summary"]) for one in events(config, feed(name="office"))}
    assert titles == {"alice on call (office)", "Nobody on call (office)"}


def test_a_person_finds_the_shifts_of_all_schedules(config: Config) -> None:
    later = at("2026-12-26 10:00")
    found = events(config, feed("person", "alice"), now=later)
    assert {str(one["summary"]) for one in found} == {"On call: primary", "On call: office"}
    bobs = events(config, feed("person", "bob"), now=later)
    assert {str(one["summary"]) for one in bobs} == {"On call: primary"}


def test_it_holds_ninety_days_to_come_and_thirty_gone(config: Config) -> None:
    now = at("2027-06-16 10:00")
    found = events(config, feed(), now=now)
    assert min(stamp(one.end) for one in found) > now - PAST
    assert now + AHEAD - DAY < max(stamp(one.end) for one in found) <= now + AHEAD


def test_a_shift_keeps_its_uid_while_others_change(config: Config) -> None:
    now, later = at("2026-12-26 10:00"), at("2026-12-27 10:00")
    override = Override(
        id=1,
        schedule="primary",
        people=("bob",),
        starts=at("2027-01-20 10:00"),
        ends=at("2027-01-20 12:00"),
        author="alice",
    )
    before = {str(one["uid"]): one for one in events(config, feed(), now=now)}
    stand_ins = stand_ins_of([override], config.people)
    after = {str(one["uid"]): one for one in events(config, feed(), stand_ins, later)}
    assert len(before.keys() & after.keys()) > 10
    assert len(before) == len({stamp(one.start) for one in before.values()})


def test_what_has_not_changed_is_the_same_to_the_byte(config: Config) -> None:
    once, again = (calendar_of(config, feed(), NOBODY, now) for now in (NOW, NOW + 3_000))
    assert once == again


@pytest.mark.parametrize("of", [feed(name="gone"), feed("person", "gone")])
def test_a_feed_of_nobody_is_an_empty_calendar(config: Config, of: CalendarFeed) -> None:
    assert events(config, of) == []


def test_what_has_a_meaning_in_the_format_is_escaped(tmp_path: Path) -> None:
    rules = """
routes: [{name: r, escalation: e}]
schedules: [{name: both, layers: [{every: 1d, people: [[alice, bob]]}]}]
escalations: [{name: e, steps: [{notify: [both]}]}]
"""
    two = config_of(tmp_path, rules=rules)
    text = calendar_of(two, feed(name="both"), NOBODY, NOW).decode()
    assert "SUMMARY:alice\\, bob on call (both)" in text
    assert {str(one["summary"]) for one in events(two, feed(name="both"))} == {
        "alice, bob on call (both)"
    }
