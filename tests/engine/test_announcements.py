from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sentinel.engine.broadcast_rules import Announcement
from sentinel.engine.commands import WriteUpdate
from sentinel.engine.intervals import Interval, TimeInterval, Window
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.matchers import parse_matchers
from tests.engine.broadcast_worlds import only, published
from tests.engine.worlds import World, any_rule, book

HOUR = 3_600.0
WORDS: Any = {
    "scheduled": {"en": "{title} from {starts} until {ends}, {duration}."},
    "in_progress": {"en": "It has begun."},
    "completed": {"en": "Done."},
}
UTC = ZoneInfo("UTC")
WORK = Window(10 * HOUR, 12 * HOUR)


def work(*during: Interval, messages: Any = WORDS, name: str = "upgrade") -> Maintenance:
    announce = Announcement(
        title="Upgrade of the database",
        before=(4 * HOUR, HOUR),
        messages=messages,
        zone=UTC,
    )
    return Maintenance(name, parse_matchers(['team="db"']), during or (WORK,), announce)


def world(*maintenance: Maintenance) -> World:
    return World(book(any_rule(), maintenance=maintenance or (work(),)))


def said(told: World) -> list[tuple[float, str]]:
    return [(at / HOUR, phase) for at, phase in published(told)]


def test_work_is_announced_ahead_and_followed_to_its_end() -> None:
    told = world()
    told.run(until=20 * HOUR)
    assert said(told) == [
        (6, "scheduled"),
        (9, "scheduled"),
        (10, "in_progress"),
        (12, "completed"),
    ]


def test_an_announcement_says_when() -> None:
    told = world()
    told.run(until=7 * HOUR)
    assert only(told, "scheduled").text == (
        "Upgrade of the database from 1 Jan 1970, 10:00 UTC until 1 Jan 1970, 12:00 UTC, 2 hours."
    )


def test_the_end_is_told_in_shipped_words_where_there_are_no_others() -> None:
    told = world(work(messages={"scheduled": {"en": "Soon."}}))
    told.run(until=20 * HOUR)
    assert said(told) == [(6, "scheduled"), (9, "scheduled"), (12, "completed")]
    assert only(told, "completed").text == "This work is done."


def test_each_occurrence_of_recurring_work_is_announced() -> None:
    daily = TimeInterval(times=((600, 660),), zone=UTC)
    told = world(work(daily))
    told.run(until=60 * HOUR)
    assert said(told) == [
        (6, "scheduled"),
        (9, "scheduled"),
        (10, "in_progress"),
        (11, "completed"),
        (30, "scheduled"),
        (33, "scheduled"),
        (34, "in_progress"),
        (35, "completed"),
        (54, "scheduled"),
        (57, "scheduled"),
        (58, "in_progress"),
        (59, "completed"),
    ]
    assert len(told.broadcasts) == 3


@pytest.mark.parametrize("every", [0.5, 1.5, 7.0])
def test_restarts_announce_nothing_twice(every: float) -> None:
    straight, broken = world(), world()
    straight.run(until=20 * HOUR)
    now = 0.0
    while now < 20 * HOUR:
        now += every * HOUR
        broken.run(until=min(now, 20 * HOUR))
        broken.restart()
    broken.run(until=20 * HOUR)
    assert said(broken) == said(straight)


def test_a_daemon_that_was_down_says_once_what_it_missed() -> None:
    told = world()
    told.run(until=1 * HOUR)
    told.restart(now=9.5 * HOUR)
    told.run(until=9.6 * HOUR)
    assert said(told) == [(9.5, "scheduled")]


def test_work_that_is_found_under_way_is_told_as_such() -> None:
    told = world()
    told.run(until=1 * HOUR)
    told.restart(now=11 * HOUR)
    told.run(until=20 * HOUR)
    assert said(told) == [(11, "in_progress"), (12, "completed")]


def test_work_that_was_announced_and_is_taken_out_is_called_off() -> None:
    told = world()
    told.run(until=7 * HOUR)
    told.restart(book(any_rule()))
    told.run(until=20 * HOUR)
    assert said(told) == [(6, "scheduled"), (7, "retraction")]


def test_work_at_another_time_is_called_off_and_announced_anew() -> None:
    told = world()
    told.run(until=7 * HOUR)
    told.restart(book(any_rule(), maintenance=(work(Window(14 * HOUR, 15 * HOUR)),)))
    told.run(until=10.5 * HOUR)
    assert said(told) == [(6, "scheduled"), (7, "retraction"), (10, "scheduled")]


def test_work_that_takes_longer_is_completed_later() -> None:
    told = world()
    told.run(until=11 * HOUR)
    told.restart(book(any_rule(), maintenance=(work(Window(10 * HOUR, 13 * HOUR)),)))
    told.run(until=20 * HOUR)
    assert said(told)[2:] == [(10, "in_progress"), (13, "completed")]


def test_what_a_person_took_back_is_not_announced_again() -> None:
    told = world()
    told.run(until=7 * HOUR)
    retraction = WriteUpdate(
        of=told.broadcasts[1],
        phase="retraction",
        text="Not today.",
        by="bob",
        publish=True,
        received=7.5 * HOUR,
    )
    told.run(retraction, until=8 * HOUR)
    told.restart()
    told.run(until=20 * HOUR)
    assert said(told) == [(6, "scheduled"), (7.5, "retraction")]
    assert told.saved().broadcasts == []
