"""Who hears at a moment, by the configuration."""

import pytest

from sentinel.config.model import Config
from sentinel.model.delivery import Recipient
from sentinel.model.override import Override
from sentinel.on_call import Roster, roster_of
from tests.on_call.crew import at


def roster(config: Config, text: str) -> Roster:
    return roster_of(config, at(text), [])


def test_whoever_stands_in_is_on_call_and_is_reached(config: Config) -> None:
    starts, ends = at("2026-11-26 09:00"), at("2026-11-26 20:00")
    override = Override(
        id=1, schedule="office", people=("bob",), starts=starts, ends=ends, author="alice"
    )
    found = roster_of(config, at("2026-11-26 10:00"), [override])
    office = found.schedules[1]
    assert (office.people, office.until) == (("bob",), ends)
    assert {one.person for one in found.escalations[0].steps[1].reaches} == {"bob"}


def test_who_is_on_call_until_when_and_who_is_next(config: Config) -> None:
    primary, office = roster(config, "2026-11-26 10:00").schedules
    assert (primary.people, primary.until, primary.next) == (
        ("alice",),
        at("2026-11-30 09:00"),
        ("bob",),
    )
    assert (office.people, office.until, office.next) == (("alice",), at("2026-11-26 17:00"), ())
    assert primary.timezone == "Europe/London"


def test_the_next_seven_days_are_told_with_their_gaps(config: Config) -> None:
    primary, office = roster(config, "2026-11-26 10:00").schedules
    assert [(one.start, one.end, one.people) for one in primary.shifts] == [
        (at("2026-11-26 10:00"), at("2026-11-30 09:00"), ("alice",)),
        (at("2026-11-30 09:00"), at("2026-12-03 10:00"), ("bob",)),
    ]
    assert [one.people for one in office.shifts[:3]] == [("alice",), (), ("alice",)]


@pytest.mark.parametrize(
    ("now", "on", "until", "following"),
    [
        ("2026-11-26 21:00", False, None, "2026-11-26 22:00"),
        ("2026-11-26 22:00", True, "2026-11-26 23:30", None),
        ("2026-11-26 23:30", False, None, None),
    ],
)
def test_a_maintenance_is_on_or_next_or_over(
    config: Config, now: str, on: bool, until: str | None, following: str | None
) -> None:
    work = roster(config, now).maintenance[0]
    assert (work.on, work.until, work.next) == (
        on,
        until and at(until),
        following and at(following),
    )


@pytest.mark.parametrize(
    ("now", "nights", "days"),
    [
        ("2026-11-26 10:00", (False, "2026-11-26 22:00"), (False, "2026-11-26 17:00")),
        ("2026-11-26 18:00", (False, "2026-11-26 22:00"), (True, "2026-11-27 09:00")),
        ("2026-11-26 23:00", (True, "2026-11-27 00:00"), (True, "2026-11-27 09:00")),
    ],
)
def test_routes_are_muted_by_their_intervals_and_outside_of_them(
    config: Config, now: str, nights: tuple[bool, str], days: tuple[bool, str]
) -> None:
    found = {one.route: (one.muted, one.changes) for one in roster(config, now).mutes}
    assert found == {
        "nights": (nights[0], at(nights[1])),
        "days": (days[0], at(days[1])),
    }


def test_each_step_says_whom_it_reaches_now(config: Config) -> None:
    [ladder] = roster(config, "2026-11-26 10:00").escalations
    assert ladder.routes == ["default", "nights", "days"]
    assert (ladder.repeat, ladder.ack_timeout) == (2, 3_600)
    assert [(step.after, step.notify) for step in ladder.steps] == [
        (0, ("schedule:primary", "channel:console")),
        (300, ("person:bob", "schedule:office")),
    ]
    told = [{(one.person, one.channel) for one in step.reaches} for step in ladder.steps]
    assert told == [{("alice", "mail"), (None, "console")}, {("bob", "mail"), ("alice", "mail")}]
    [night] = roster(config, "2026-11-26 23:00").escalations
    assert {one.person for one in night.steps[1].reaches} == {"bob"}


def test_quiet_hours_are_told_with_whom_they_keep_from_hearing(config: Config) -> None:
    [ladder] = roster(config, "2026-11-26 23:00").escalations
    quiet = {one.person: one.quiet for step in ladder.steps for one in step.reaches}
    assert quiet == {"alice": None, None: None, "bob": at("2026-11-27 07:00")}


def test_no_address_is_told(config: Config) -> None:
    recipients = config.escalations["platform"].steps[1].recipients
    assert recipients == (Recipient("mail", "bob@example.com", "bob"),)
    assert "example.com" not in repr(roster(config, "2026-11-26 10:00"))
