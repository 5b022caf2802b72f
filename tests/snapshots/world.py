"""Health rounds over a real pipeline, on a clock that the test moves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from sentinel.api import AnySignal, Error, Metric, Status
from sentinel.config.model import ProbeConfig
from sentinel.health.patience import Patience
from sentinel.model.snapshot import Snapshot
from sentinel.snapshots import HealthRounds
from sentinel.store import snapshots as store
from sentinel.testing import FakeClock
from tests.running import START, Running

from .pictures import TERMS

RULES = """
rules:
  - alert: SystemRegression
    on: error
    where: {code: SYSTEM_REGRESSION_DETECTED}
    timeframe: 3m
    by: [code]
    annotations: {summary: "{message}"}
routes: [{name: all, escalation: all}]
escalations: [{name: all, steps: [{notify: [channel:inbox]}]}]
"""
SETTLES = 16
"""Rounds until the first of them is known to be good."""


class World:
    """`pass_rounds` takes so many snapshots, each after the signals of one healthy minute and
    those that are given."""

    def __init__(self, folder: Path, terms: Any = TERMS, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.clock = FakeClock(START)
        self.running = Running(folder, self.clock, RULES)
        self.terms = terms
        self.env = env if env is not None else {}
        self.probes: tuple[ProbeConfig, ...] = ()
        self.key = b"key of this installation"
        self.health: list[AnySignal] = [Status(component="shop", status="up", latency=0.1)]
        self.restart()

    def restart(self) -> None:
        setup = self.running.pipeline._setup
        config = replace(setup.config, snapshots=self.terms, probes=self.probes)
        self.running.pipeline._patience = Patience(config)
        self.rounds = HealthRounds(
            self.running.database,
            self.clock,
            lambda: config,
            self._emit,
            key=self.key,
            env=self.env,
        )

    async def pass_rounds(self, number: int, *signals: AnySignal) -> Snapshot:
        for _ in range(number):
            self.clock.advance(55)
            await self.running.pass_time(5)
            await self.send(*self.health)
            await self.send(*signals)
            self.latest = await self.rounds.take()
        await self.running.pass_time(1)
        return self.latest

    async def send(self, *signals: AnySignal, project: str = "shop") -> None:
        if signals:
            await self.running.pipeline.accept(project, list(signals))

    async def good(self) -> Snapshot | None:
        return await self.running.database.read(store.last_good)

    async def told(self) -> list[str]:
        return [reason for _, reason in await self.running.told()]

    async def regressions(self) -> list[Error]:
        found: Sequence[Any] = [one for w in self.running.written for one in w.signals]
        return [one for one in found if getattr(one, "code", "") == "SYSTEM_REGRESSION_DETECTED"]

    async def _emit(self, signals: Sequence[AnySignal]) -> None:
        await self.running.pipeline.accept("sentinel", list(signals))


@contextlib.asynccontextmanager
async def world(folder: Path, **values: Any) -> AsyncIterator[World]:
    one = World(folder, **values)
    try:
        yield one
    finally:
        await one.running.stop()


def boom(number: int = 1, **values: Any) -> list[AnySignal]:
    return [Error(type="Boom", message="boom", **values) for _ in range(number)]


def companies(value: float, **values: Any) -> Metric:
    return Metric(name="db.companies", value=value, **values)


async def until_asleep(clock: FakeClock) -> None:
    """Until the pipeline and the job wait for the clock."""
    await asyncio.sleep(0)
    while clock.sleepers() < 2:  # noqa: ASYNC110 - the clock knows of no loop
        await asyncio.sleep(0)
