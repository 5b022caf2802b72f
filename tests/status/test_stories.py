"""Broadcasts as clients read them, and who may read which."""

import sqlite3
from typing import Any

import pytest

from sentinel.config.model_status import StatusPartConfig
from sentinel.status import stories
from sentinel.status.facts import Facts, Story
from sentinel.store import status as store

from .tales import DAY, NOON, tell

SMS = StatusPartConfig(id="sms", components=("gw",), title="SMS", group="", description="")


def only(conn: sqlite3.Connection) -> Story:
    [(broadcast, updates)] = store.published(conn, None, 0)
    return stories.story(broadcast, updates, [SMS])


def test_a_correction_leaves_the_stage_as_it_was(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("identified", "…", NOON - 9), ("correction", "It is mail.", NOON), ended=None)
    assert (only(conn).stage, only(conn).updates[-1].phase) == ("identified", "correction")


def test_a_post_mortem_leaves_it_resolved_when_it_was(conn: sqlite3.Connection) -> None:
    said = (("resolved", "…", NOON - 9), ("postmortem", "Why.", NOON))
    tell(conn, 1, *said, ended=NOON - 9)  # type: ignore[arg-type]
    assert (only(conn).stage, only(conn).ended) == ("resolved", NOON - 9)


def test_a_retraction_ends_it(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("investigating", "…", NOON - 9), ("retraction", "A mistake.", NOON), ended=None)
    assert only(conn).ended == NOON


def test_titles_and_texts_hold_nothing_that_can_not_be_seen(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("investigating", "a\u202eb\x07", NOON), title="Mail\n\u200f is slow\x00")
    assert only(conn).title == "Mail \\u{200f} is slow\\u{0}"
    assert only(conn).updates[0].text == "a\\u{202e}b\\u{7}"


def test_only_components_that_the_page_shows_are_named(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("investigating", "…", NOON), components=("gw", "ledger-db-7"))
    assert only(conn).parts == ("sms",)


@pytest.mark.parametrize(
    ("audience", "tenants", "readers"),
    [
        ("all", (), {None, "acme", "globex"}),
        ("subscribers", (), {None, "acme", "globex"}),
        ("subscribers", ("acme",), {None, "acme", "globex"}),
        ("affected", ("acme",), {"acme"}),
        ("affected", (), set()),
    ],
)
def test_what_is_for_the_affected_alone_is_read_by_them_alone(
    conn: sqlite3.Connection, audience: Any, tenants: Any, readers: set[str | None]
) -> None:
    tell(conn, 1, ("investigating", "…", NOON), audience=audience, tenants=tenants)
    found = {one for one in (None, "acme", "globex") if store.published(conn, one, 0)}
    assert found == readers


def test_what_goes_on_in_another_broadcast_is_told_there(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("investigating", "…", NOON))
    tell(conn, 2, ("investigating", "…", NOON), merged=1)
    assert [one.id for one, _ in store.published(conn, None, 0)] == [1]


def test_those_that_go_on_come_before_any_number_of_older_ones(conn: sqlite3.Connection) -> None:
    tell(conn, 1, ("investigating", "…", NOON - 99 * DAY))
    for number in range(2, 140):
        tell(conn, number, ("resolved", "…", NOON - DAY + number))
    found = [one.id for one, _ in store.published(conn, None, 0)]
    assert (len(found), found[0], found[1]) == (100, 1, 139)


@pytest.mark.parametrize(
    ("starts", "ends", "upcoming", "working"),
    [(60, 90, True, False), (-60, 90, False, True), (-90, -60, False, False)],
)
def test_announced_times_say_whether_work_goes_on(
    conn: sqlite3.Connection, starts: float, ends: float, upcoming: bool, working: bool
) -> None:
    times = {"starts": NOON + starts, "ends": NOON + ends}
    tell(conn, 1, ("scheduled", "…", NOON - DAY), kind="maintenance", **times)
    found = only(conn)
    assert found.is_upcoming(NOON) is upcoming
    assert stories.is_working(found, NOON) is working


def test_work_that_took_longer_goes_on_until_it_is_said_to_be_done(
    conn: sqlite3.Connection,
) -> None:
    times = {"starts": NOON - 90, "ends": NOON - 60}
    tell(conn, 1, ("in_progress", "…", NOON - 90), kind="maintenance", **times)
    assert stories.is_working(only(conn), NOON)
    assert stories.window(only(conn), NOON) == (NOON - 90, NOON)


def test_the_next_work_comes_first(conn: sqlite3.Connection) -> None:
    for number, starts in ((1, 900.0), (2, 300.0)):
        said = ("scheduled", "…", NOON - DAY)
        tell(conn, number, said, kind="maintenance", starts=NOON + starts)  # type: ignore[arg-type]
    told = [stories.story(one, said, []) for one, said in store.published(conn, None, 0)]
    facts = Facts(at=NOON, overall="up", parts=(), stories=tuple(told))
    assert [one.id for one in facts.upcoming()] == [2, 1]
