"""The page of who hears now."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.test_on_call import MAIN, RULES

from sentinel.engine.schedules import Shift
from sentinel.installation import require
from sentinel.on_call import Duty
from sentinel.web.pages.on_call import Day, Turn, days_of

from .conftest import Browser, World


@pytest.fixture
async def on_call(tmp_path: Path) -> AsyncIterator[World]:
    """A world with people, schedules, maintenance and mutes."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    (tmp_path / "sentinel.yaml").write_text(MAIN)
    world = World(tmp_path, require(tmp_path / "sentinel.yaml", {})[0])
    await world.start()
    yield world
    await world.stop()


async def test_the_page_names_who_is_on_call_and_whom_steps_reach(on_call: World) -> None:
    browser = await Browser(on_call).sign_in("Bob", "viewer")
    response, text = await browser.get("/on-call")
    await browser.http.close()
    assert response.status == 200
    words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert re.search(r"primary times in Europe/London (alice|bob) until ", words)
    assert re.search(r"(alice|bob) by mail", words)
    assert "muted during night" in words
    assert "active only during day" in words
    assert "An acknowledgement holds for 1 h" in words


def test_a_week_is_shown_by_the_clock_of_the_schedule() -> None:
    def at(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    now, handoff, evening = at("2026-03-28 12:00"), at("2026-03-29 08:00"), at("2026-03-29 17:00")
    duty = Duty(
        schedule="primary",
        timezone="Europe/London",
        people=("alice",),
        until=handoff,
        next=("bob",),
        shifts=[
            Shift(now, handoff, ("alice",)),
            Shift(handoff, evening, ("bob",)),
            Shift(evening, now + 7 * 86_400, ()),
        ],
    )
    # The clocks go forward in between: 08:00 UTC is 09:00 there.
    assert days_of(duty, now) == [
        Day("Sat 28 Mar", [Turn("", "Sun 09:00", ("alice",))]),
        Day("Sun 29 Mar", [Turn("09:00", "18:00", ("bob",)), Turn("18:00", "", ())]),
    ]
