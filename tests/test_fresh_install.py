"""What a fresh installation tells people: nothing for nothing, and that the disk is full.

The example configuration and the rules that ship go through the daemon's own pipeline, with what
the probe finds on this machine: its names, tags and file systems. How busy the machine is that
runs the tests must not matter, so that those numbers are an idle machine's.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from sentinel import installation
from sentinel.api import AnySignal, Metric, Status
from sentinel.app import OWN_PROJECT
from sentinel.clock import SystemClock
from sentinel.data import shipped
from sentinel.pipeline import Pipeline
from sentinel.probes.host import HostParams, HostProbe
from sentinel.store.database import Database
from sentinel.testing import FakeClock
from sentinel.testing.context import plugin_context

EVERY = 30.0
DAY = 24 * 3600.0
HIGHEST = 85.0
"""A disk of this machine that is fuller would rightly be told of."""

Sent = list[tuple[str, str, str, float]]


class Impatient(SystemClock):
    """Real time, but sleeping only lets others run."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture
async def seen() -> list[AnySignal]:
    """What the probe of the example configuration finds here and now."""
    async with plugin_context("host", Impatient()) as context:
        probe = HostProbe(HostParams(), context)
        await probe.start()
        try:
            found = await probe.probe()
        finally:
            await probe.stop()
    return [replace(one, component="host") for one in found if isinstance(one, Metric | Status)]


def idle(seen: Iterable[AnySignal], number: int, random: Random) -> Iterator[AnySignal]:
    """A look at an idle machine: busy in its first five minutes, and for four minutes an hour."""
    works = number < 10 or number % 120 < 8
    for one in seen:
        if isinstance(one, Status):
            yield replace(one, status="up", message="")
            continue
        assert isinstance(one, Metric)
        match one.name:
            case "host.cpu.percent":
                value = random.uniform(85, 100) if works else random.uniform(1, 15)
            case "host.memory.percent":
                value = random.uniform(75, 95) if works else random.uniform(40, 60)
            case "host.swap.percent":
                value = 100.0
            case "host.load":
                value = random.uniform(0, 8)
            case "host.disk.percent":
                # What is written and taken away again, such as logs.
                value = min(one.value, HIGHEST) + (number % 480) / 480
            case _:
                value = one.value
        yield replace(one, value=value)


class Host:
    """A daemon's pipeline on a virtual clock, into which somebody emits as its scheduler does."""

    def __init__(self, database: Database, pipeline: Pipeline, clock: FakeClock) -> None:
        self.clock = clock
        self._database = database
        self._pipeline = pipeline

    async def look(self, signals: Iterable[AnySignal]) -> None:
        self.clock.advance(EVERY)
        await self._pipeline.accept(OWN_PROJECT, list(signals))

    async def sent(self) -> Sent:
        """Channel, reason, severity and time of each message."""
        query = "SELECT channel, reason, severity, created FROM deliveries ORDER BY id"
        return await self._database.read(
            lambda conn: [tuple(row) for row in conn.execute(query)],
        )

    async def fired(self) -> list[str]:
        query = "SELECT rule FROM alerts WHERE incident_id IS NOT NULL ORDER BY id"
        return await self._database.read(lambda conn: [row[0] for row in conn.execute(query)])


@asynccontextmanager
async def fresh(state: Path) -> AsyncIterator[Host]:
    found, _ = installation.require(shipped("config.example.yaml"), os.environ)
    database, clock = Database(state), FakeClock()
    pipeline = Pipeline(database, found.setup(b"key"), clock, lambda _: None)
    running = asyncio.create_task(pipeline.run())
    try:
        yield Host(database, pipeline, clock)
    finally:
        pipeline.stop()
        await running
        database.close()


async def test_a_day_on_an_idle_machine_tells_nobody(tmp_path: Path, seen: list[AnySignal]) -> None:
    random = Random(1)
    async with fresh(tmp_path) as host:
        for number in range(int(DAY / EVERY)):
            await host.look(idle(seen, number, random))
        assert await host.fired() == []
        assert await host.sent() == []


async def test_a_disk_that_fills_up_pages_critical_once(
    tmp_path: Path, seen: list[AnySignal]
) -> None:
    random = Random(1)
    filled = 0.0
    async with fresh(tmp_path) as host:
        for number in range(120):
            await host.look(idle(seen, number, random))
        # From 86 % to 96 % in ten minutes, where it stays.
        for number in range(120, 240):
            level = min(96.0, 86 + (number - 120) / 2)
            filled = filled or (host.clock.now() if level > 95 else 0.0)
            await host.look(
                replace(one, value=level) if _is_root(one) else one
                for one in idle(seen, number, random)
            )
        critical = [one for one in await host.sent() if one[2] == "critical"]
    assert sorted(one[:2] for one in critical) == [("console", "firing"), ("inbox", "firing")]
    assert all(filled < at <= filled + 180 for *_, at in critical)


def _is_root(signal: AnySignal) -> bool:
    return (
        isinstance(signal, Metric)
        and signal.name == "host.disk.percent"
        and signal.tags["mount"] == "/"
    )
