"""How much a first visit loads."""

import random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sentinel.config.model_status import StatusPageConfig
from sentinel.status.facts import Day, Facts, Part, Story, Told
from sentinel.web.public import STYLE, Look, PublicPages
from sentinel.web.render import STATIC
from sentinel.web.status_site import Site, Surroundings

from .tales import DAY, NOON

PARTS, DAYS = 30, 90
WORDS = "Some messages arrive late. We have found the cause and are working on it. "


def a_story(number: int, parts: tuple[str, ...], *, over: bool) -> Story:
    at = NOON - number * DAY
    told = Told(id=number, phase="identified", stage="identified", text=WORDS * 20, at=at)
    return Story(
        id=number,
        kind="incident",
        title=f"Messages of part {number} arrive late",
        severity="warning",
        parts=parts,
        updates=(told,),
        opened=at,
        ended=at + 7_200 if over else None,
        starts=None,
        ends=None,
    )


def front(*, going_on: int = 2, bad_days: int = 6) -> bytes:
    """The front page of thirty components with trouble now and then."""
    dice = random.Random(1)
    parts: list[Part] = []
    for number in range(PARTS):
        states: list[Any] = ["up"] * DAYS
        for day in dice.sample(range(DAYS), bad_days):
            states[day] = dice.choice(["partial", "down", "degraded", "maintenance"])
        parts.append(
            Part(
                id=f"message-gateway-{number}",
                title=f"Message gateway {number}",
                group=f"Region {number // 6}",
                description="",
                state="up",
                days=tuple(
                    Day(at=NOON - (DAYS - at) * DAY, state=one) for at, one in enumerate(states)
                ),
                uptime=(0.9995, 0.9995, 0.9995),
            )
        )
    stories = [
        a_story(number, (parts[number % PARTS].id,), over=number > going_on)
        for number in range(1, going_on + 21)
    ]
    facts = Facts(at=NOON, overall="up", parts=tuple(parts), stories=tuple(stories))
    page = StatusPageConfig(
        title="Acme status",
        intro="",
        logo=None,
        logo_file=None,
        accent=None,
        support="",
        links=(),
        audience="public",
        environments=(),
        days=DAYS,
        zone=ZoneInfo("UTC"),
        parts=(),
    )
    pages = PublicPages()
    look = Look(title=page.title, home="/status", style=pages.assets.url(STYLE))
    around = Surroundings(
        page=page, pages=pages, look=lambda _: look, root="/status", address="https://acme.example"
    )
    document = Site(facts, around).document("")
    assert document is not None
    return document.body


def style() -> bytes:
    return (STATIC / PublicPages().assets.url(STYLE).rpartition("/")[2]).read_bytes()


def test_thirty_components_with_trouble_are_no_more_than_25_kilobytes_unpacked() -> None:
    assert len(front()) + len(style()) <= 25_000


@pytest.mark.parametrize("going_on", [6, 20])
def test_of_many_incidents_the_latest_alone_are_told_at_length(going_on: int) -> None:
    body = front(going_on=going_on).decode()
    assert body.count(WORDS.strip()) >= 5
    assert body.count("Some messages arrive late") <= 5 * 6
    for number in range(1, going_on + 1):
        assert f"/status/incidents/{number}" in body


def test_what_is_not_shown_of_the_last_two_weeks_is_counted_with_a_way_to_it() -> None:
    body = front().decode()
    assert '<a class="tap" href="/status/history">7 more in the history</a>' in body
