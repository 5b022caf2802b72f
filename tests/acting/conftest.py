"""A worker over a real database, with actions that do as the test says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
import structlog

from sentinel.acting.performer import Performer
from sentinel.acting.worker import Worker
from sentinel.api import Action, ActionResult, Context, NoParams, Params, Secret
from sentinel.config.model import ActionConfig, Config
from sentinel.engine.commands import Command
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.model.action import ActionRun
from sentinel.plugins import Registry
from sentinel.store import action_runs, audit, commands
from sentinel.store.database import Database
from sentinel.testing import FakeClock

Behaviour = Callable[[], Awaitable[ActionResult]]
GOOD = ActionResult(ok=True, text="done")


async def good() -> ActionResult:
    return GOOD


class Token(Params, frozen=True):
    token: Secret = Secret("s3cr3t-of-acme")


class Told:
    """Registry and configuration in one: what the actions of these names do."""

    def __init__(self) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self.actions: dict[str, ActionConfig] = {}
        self.channels: dict[str, Any] = {}
        self.scrub = ScrubPolicy()
        self.probes: Sequence[Any] = ()

    def add(self, name: str, behaviour: Behaviour = good, **more: Any) -> None:
        self.behaviours[name] = behaviour
        more = {"timeout": 30.0, "changes": True, "params": Token(), **more}
        self.actions[name] = ActionConfig(name=name, type=name, **more)

    def get(self, kind: str, type: str) -> Any:
        behaviour = self.behaviours[type]

        class Doing(Action[NoParams]):
            async def run(self) -> ActionResult:
                return await behaviour()

            def describe(self) -> str:
                return f"Do {type} with s3cr3t-of-acme."

        return Doing


class World:
    def __init__(self, folder: Path, http: aiohttp.ClientSession) -> None:
        self.clock = FakeClock()
        self.told = Told()
        self.database = Database(folder)
        self._change = asyncio.Event()
        self.reports = 0
        self._http = http
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        told = self.told
        performer = Performer(
            cast(Config, told),
            cast(Registry, told),
            lambda name, actor: self._context(name),
            self.clock,
        )
        self.worker = Worker(
            self.database,
            performer,
            self.clock,
            on_change=self._changed,
            on_report=self._reported,
        )
        self._running = asyncio.create_task(self.worker.run())

    async def stop(self) -> None:
        if self._running is None:
            return
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running
        await self.worker.stop(drain=0.01)
        self._running = None

    async def ask(self, name: str, *, dry: bool = False) -> int:
        now = self.clock.now()
        number = await self.database.write(
            lambda conn: action_runs.ask(conn, name, "alice", now, dry=dry)
        )
        if self._running is not None:
            self.worker.notify()
        return number

    async def ended(self, number: int) -> ActionRun:
        """The run, once it is over."""
        return await self._until(number, lambda run: run.over)

    async def began(self, number: int) -> None:
        await self._until(number, lambda run: run.state != "pending")

    async def _until(self, number: int, holds: Callable[[ActionRun], bool]) -> ActionRun:
        async with asyncio.timeout(10):
            while True:
                self._change.clear()
                run = await self.run_of(number)
                if holds(run):
                    return run
                await self._change.wait()

    async def run_of(self, number: int) -> ActionRun:
        found = await self.database.read(lambda conn: action_runs.get(conn, number))
        assert found is not None
        return found

    async def reported(self) -> list[Command]:
        now = self.clock.now()
        return await self.database.write(lambda conn: commands.take(conn, now))

    async def audited(self) -> list[tuple[str, str, str]]:
        found = await self.database.read(audit.entries)
        return [(one.actor, one.action, one.object) for one in found][::-1]

    def _changed(self) -> None:
        self._change.set()

    def _reported(self) -> None:
        self.reports += 1

    def _context(self, name: str) -> Context:
        return Context(name=name, clock=self.clock, log=structlog.get_logger(), http=self._http)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Not started, so that a test can say before what actions there are."""
    async with aiohttp.ClientSession() as http:
        made = World(tmp_path, http)
        yield made
        await made.stop()
        made.database.close()
