"""Statuses on their way in: how long they hold, and who hears of a turn."""

from pathlib import Path

from sentinel.api import Status
from sentinel.store import components, uptime
from sentinel.testing import FakeClock
from sentinel.web.live import Live
from tests.running import START, running

RULES = "routes: []\n"


async def test_a_status_holds_for_as_long_as_the_configuration_says(tmp_path: Path) -> None:
    clock = FakeClock(START)
    async with running(tmp_path, clock, RULES) as one:
        await one.send(Status(status="up", component="shop"))
        clock.advance(3_000)
        await one.send(Status(status="up", component="shop"))
        clock.advance(4_000)
        await one.send(Status(status="down", component="shop"))
        now = clock.now()
        found = await one.database.read(lambda conn: uptime.spans(conn, 0.0, now))
        heard = await one.database.read(components.heard)
    assert [(span.began - START, span.ended - START) for span in found["shop"][0]] == [
        (0.0, 6_600.0),
        (7_000.0, 7_000.0),
    ]
    assert [(one.status.status, one.until - START) for one in heard] == [("down", 10_600.0)]


async def test_pages_are_told_of_a_turn_and_not_of_each_status(tmp_path: Path) -> None:
    live = Live()
    told: list[bool] = []
    async with running(tmp_path, FakeClock(START), RULES) as one:
        for state in ("up", "up", "down", "down", "up"):
            await one.send(Status(status=state, component="shop"))  # type: ignore[arg-type]
        for written in one.written:
            turned = [live._turns(signal) for signal in written.signals]
            told += turned
    assert told == [True, False, True, False, True]
