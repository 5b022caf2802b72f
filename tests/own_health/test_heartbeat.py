"""The heartbeat outwards, through a real pipeline, to a real server."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from msgspec import Struct, field

from sentinel.config.schema_health import Heartbeat
from sentinel.errors import StoreError
from sentinel.model.signal import Status
from sentinel.model.values import Duration, Secret
from sentinel.own_health.heartbeat import HeartbeatKeeper
from sentinel.store import components
from sentinel.testing import FakeClock
from tests.running import START, Running, running

RULES = """
rules:
  - {alert: Down, on: status, where: {status: down}}
routes:
  - {name: all, escalation: all}
escalations:
  - {name: all, steps: [{notify: [channel:inbox]}]}
"""


class Switch(Struct):
    """A dead man's switch: the methods by which it was asked, and its answer."""

    asked: list[str] = field(default_factory=list)
    answer: int = 200
    url: str = ""


class World(Struct):
    one: Running
    switch: Switch
    keeper: HeartbeatKeeper

    async def beat(self, **more: object) -> bool:
        settings = Heartbeat(
            url=Secret(self.switch.url),
            **{"timeout": Duration.parse("5s"), **more},  # type: ignore[arg-type]
        )
        return await self.keeper.beat(settings)

    async def status(self) -> Status | None:
        found = await self.one.database.read(components.latest)
        return found[0] if found else None


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    switch = Switch()

    async def hear(request: web.Request) -> web.Response:
        switch.asked.append(request.method)
        return web.Response(status=switch.answer)

    app = web.Application()
    app.router.add_route("*", "/ping/s3cret", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    switch.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/s3cret"
    yield switch
    await runner.cleanup()


@pytest.fixture
async def world(tmp_path: Path, switch: Switch) -> AsyncIterator[World]:
    clock = FakeClock(START)
    async with running(tmp_path, clock, RULES) as one, aiohttp.ClientSession() as http:
        keeper = HeartbeatKeeper(
            one.database, lambda signals: one.send(*signals), "shop", http, clock, lambda: None
        )
        yield World(one, switch, keeper)


async def test_the_switch_hears_once_a_signal_has_passed_through(world: World) -> None:
    assert await world.beat()
    assert world.switch.asked == ["GET"]
    status = await world.status()
    assert status is not None
    assert (status.component, status.status) == ("sentinel.pipeline", "up")


async def test_the_method_is_that_of_the_configuration(world: World) -> None:
    assert await world.beat(method="POST")
    assert world.switch.asked == ["POST"]


async def test_a_switch_that_does_not_take_it_makes_the_component_degraded(world: World) -> None:
    world.switch.answer = 503
    assert not await world.beat()
    status = await world.status()
    assert status is not None
    assert status.status == "degraded"
    assert "status 503" in status.message
    world.switch.answer = 200
    assert await world.beat()
    status = await world.status()
    assert status is not None
    assert status.status == "up"


async def test_the_address_shows_in_no_message(world: World) -> None:
    world.switch.url = "http://127.0.0.1:1/s3cret"
    assert not await world.beat()
    status = await world.status()
    assert status is not None
    assert status.status == "degraded"
    assert "s3cret" not in status.message


async def test_nobody_hears_while_the_store_takes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(change: Callable[[sqlite3.Connection], object]) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(world.one.database, "write", refuse)
    monkeypatch.setattr(world.one.database, "write_here", refuse)
    assert not await world.beat()
    assert world.switch.asked == []
    monkeypatch.undo()
    await world.one.pass_time(5)


async def test_nobody_hears_when_the_signal_is_not_found_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentinel.store.signals.namesake", lambda conn, signal: None)
    assert not await world.beat()
    assert world.switch.asked == []


async def test_nobody_hears_when_the_rules_have_not_seen_the_signal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentinel.store.engine.judged_until", lambda conn: START - 1)
    assert not await world.beat()
    assert world.switch.asked == []
