"""A pipeline over a real database, on a clock that the test moves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sentinel.api import AnySignal
from sentinel.installation import require
from sentinel.pipeline import Pipeline, Written
from sentinel.store.database import Database
from sentinel.testing import FakeClock

START = 1_800_000_000.0
MAIN = "channels: {inbox: {type: inapp}, console: {type: console}}\n"


class Running:
    """`pass_time` moves the clock and lets the pipeline do what falls due."""

    def __init__(self, folder: Path, clock: FakeClock, rules: str, main: str = MAIN) -> None:
        self.clock = clock
        self.written: list[Written] = []
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / "rules.yaml").write_text(rules)
        self._config = folder / "sentinel.yaml"
        self._config.write_text(main)
        self.found, _ = require(self._config, {})
        self.database = Database(folder / "state")
        self.pipeline = Pipeline(
            self.database, self.found.setup(b"key"), clock, lambda one: self.written.append(one)
        )
        self._task = asyncio.create_task(self.pipeline.run())

    async def send(self, *signals: AnySignal) -> None:
        await self.pipeline.accept("shop", list(signals))

    async def pass_time(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.clock.advance(min(5.0, end - self.clock.now()))
            await self._settle()

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        return await self.database.read(lambda conn: [tuple(r) for r in conn.execute(query)])

    async def told(self) -> list[tuple[float, str]]:
        rows = await self.rows("SELECT created, reason FROM deliveries ORDER BY id")
        return [(row[0] - START, row[1]) for row in rows]

    async def stop(self) -> None:
        self.pipeline.stop()
        await self._task
        self.database.close()

    async def die(self) -> None:
        """As kill -9: what is queued is lost, what was committed is there."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.database.close()

    async def _settle(self) -> None:
        """Until the pipeline has done what was due and waits for the clock again."""
        await asyncio.sleep(0)
        while not self.clock.sleepers():  # noqa: ASYNC110 - the clock knows of no loop
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def running(folder: Path, clock: FakeClock, rules: str) -> AsyncIterator[Running]:
    one = Running(folder, clock, rules)
    try:
        yield one
    finally:
        await one.stop()
