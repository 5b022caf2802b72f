"""The stream that tells open pages what changed."""

import asyncio
from collections.abc import Callable

import pytest

from sentinel.api import Error, Status
from sentinel.web import live as live_module
from sentinel.web.live import Live
from sentinel.web.stream import MOST_LISTENERS, lines

from .conftest import Browser, World


async def _heard(live: Live) -> None:
    """Return once somebody listens."""
    for _ in range(1000):
        if live._waiting:
            return
        await asyncio.sleep(0)
    raise AssertionError("nobody listens")


class QuickClock:
    """Time passes only by sleeping, which takes none."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return self.passed

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds
        await asyncio.sleep(0)


async def test_a_burst_becomes_one_event() -> None:
    live = Live()
    stream = lines(live, QuickClock())
    first = asyncio.ensure_future(anext(stream))
    await _heard(live)
    for _ in range(100):
        live.tell("errors")
    live.tell("alerts", "deliveries")
    assert await first == b"data: alerts deliveries errors\n\n"
    second = asyncio.ensure_future(anext(stream))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not second.done()
    live.tell("config")
    assert await second == b"data: config\n\n"
    await stream.aclose()


async def test_the_stream_ends_when_the_daemon_stops() -> None:
    live = Live()
    stream = lines(live, QuickClock())
    waiting = asyncio.ensure_future(anext(stream, None))
    await _heard(live)
    live.close()
    assert await waiting is None


async def test_a_listener_that_leaves_is_forgotten() -> None:
    live = Live()
    stream = lines(live, QuickClock())
    waiting = asyncio.ensure_future(anext(stream))
    await _heard(live)
    live.tell("errors")
    await waiting
    await stream.aclose()
    assert live._waiting == {}


async def test_a_page_hears_of_an_error_that_came_in(
    world: World, browser: Browser, event: Callable[..., Error]
) -> None:
    await browser.sign_in()
    async with browser.http.get(world.url + "/live") as response:
        assert response.content_type == "text/event-stream"
        assert await response.content.readline() == b"retry: 3000\n"
        await response.content.readline()
        await _heard(world.live)
        await world.accept(event())
        line = await response.content.readline()
        assert b"errors" in line
        assert b"incidents" in line


async def test_strangers_hear_nothing(world: World, browser: Browser) -> None:
    assert (await browser.get("/live"))[0].status == 401


async def test_open_pages_do_not_hold_up_a_stop(world: World, browser: Browser) -> None:
    await browser.sign_in()
    response = await browser.http.get(world.url + "/live")
    async with asyncio.timeout(5):
        world.live.close()
        assert b"data" not in await response.read()


async def test_the_number_of_listeners_is_bounded(world: World, browser: Browser) -> None:
    await browser.sign_in()
    open_ones = [await browser.http.get(world.url + "/live") for _ in range(3)]
    route = next(route for route in world.app.routes if getattr(route, "path", "") == "/live")
    stream = route.endpoint.__self__  # type: ignore[attr-defined]
    assert stream._listeners == 3
    stream._listeners = MOST_LISTENERS
    assert (await browser.get("/live"))[0].status == 503
    stream._listeners = 3
    for response in open_ones:
        response.close()


def test_a_sender_that_uses_no_name_twice_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_module, "_MOST_STATES", 10)
    live = live_module.Live()
    for number in range(100):
        assert live._turns(Status(component=f"c{number}", status="up"))
    assert len(live._states) <= 10
