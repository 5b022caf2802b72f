"""A real pipeline over a store in memory, and all that may happen to it."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from sentinel.api import AnySignal, Error, Metric
from sentinel.installation import require
from sentinel.model.silence import Silence
from sentinel.pipeline import Pipeline, Setup
from sentinel.store import sending
from sentinel.store.connection import transaction
from sentinel.store.migrations import migrate
from sentinel.testing.clock import FakeClock

MAIN = "rules_dir: rules\nhold: 10s\nchannels: {desk: {type: inapp}, mail: {type: inapp}}\n"
RULES = """
rules:
  - {alert: Each, on: error, timeframe: 2m, by: [tenant, code], labels: {severity: critical}}
  - alert: Often
    on: error
    where: {code: SLOW}
    type: frequency
    num_events: 3
    timeframe: 1m
    by: [tenant]
    for: 20s
    keep_firing_for: 1m
  - {alert: Load, on: metric, where: {value: {gt: 5}}, type: threshold, above: 5, for: 30s}
  - {alert: Unheard, on: metric, timeframe: 1m, labels: {team: nobody}}
correlations:
  - name: slow-breaks-tenant
    all:
      - slow: {alert: Often}
      - each: {alert: Each, tenant: {same_as: slow.tenant}}
    within: 15m
    root_cause: slow
inhibit_rules:
  - {source_matchers: [alertname="Load"], target_matchers: [tenant="globex"]}
routes:
  - name: all
    escalation: all
    matchers: [team!="nobody"]
    group_by: [tenant]
    group_wait: 5s
    group_interval: 30s
    repeat_interval: 5m
escalations:
  - name: all
    repeat: 1
    ack_timeout: 3m
    steps:
      - notify: ["channel:desk"]
      - {after: 1m, notify: ["channel:mail"]}
"""
OTHER = (
    RULES.replace("name: all\n    escalation", "name: every\n    escalation")
    .replace("  - {alert: Load", "  - {alert: Weight")
    .replace('alertname="Load"', 'alertname="Weight"')
)


@cache
def setup(rules: str) -> Setup:
    """Read once: catalog and plugins take half a second."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules").mkdir()
        (folder / "rules" / "rules.yaml").write_text(rules)
        (folder / "sentinel.yaml").write_text(MAIN)
        return require(folder / "sentinel.yaml", {})[0].setup(b"key")


class Memory:
    """A store without threads, so that nothing but the loop decides what happens when."""

    def __init__(self) -> None:
        self.conn = sqlite3.connect(":memory:", isolation_level=None)
        self.conn.row_factory = sqlite3.Row
        migrate(self.conn)

    async def read(self, query: Callable[[sqlite3.Connection], Any]) -> Any:
        return query(self.conn)

    async def write(self, change: Callable[[sqlite3.Connection], Any]) -> Any:
        with transaction(self.conn):
            return change(self.conn)

    write_here = write


class Daemon:
    """A real pipeline; the outbox is played by `deliver`."""

    def __init__(self) -> None:
        self.store, self.clock = Memory(), FakeClock()
        self.setup = setup(RULES)
        self.random = random.Random(1)

    def start(self) -> None:
        store: Any = self.store
        self.pipeline = Pipeline(store, self.setup, self.clock, lambda _: None)
        self._task = asyncio.create_task(self.pipeline.run())

    async def stop(self) -> None:
        self.pipeline.stop()
        await self._task

    async def send(self, *signals: AnySignal) -> None:
        await self.pipeline.accept("shop", list(signals))

    async def pass_time(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.clock.advance(min(5.0, end - self.clock.now()))
            await asyncio.sleep(0)
            while not self.clock.sleepers():  # noqa: ASYNC110 - the clock knows of no loop
                await asyncio.sleep(0)

    def deliver(self) -> None:
        now = self.clock.now()
        for row in self.store.conn.execute("SELECT id FROM deliveries WHERE state = 'pending'"):
            if self.random.random() < 0.7:
                sending.mark_sent(self.store.conn, row["id"], "taken", now)
            else:
                sending.mark_failed(self.store.conn, row["id"], "no such address", now)


_tenants = st.sampled_from([None, "acme", "globex"])
steps = st.one_of(
    st.tuples(
        st.just("error"),
        _tenants,
        st.sampled_from([None, "SLOW", "DB_CONNECTION_ERROR", "SMS_DELIVERY_FAILURE"]),
        st.integers(1, 4),
    ),
    st.tuples(st.just("metric"), st.sampled_from([1.0, 9.0])),
    st.tuples(st.just("pass"), st.sampled_from([1.0, 7.0, 40.0, 130.0, 400.0])),
    st.tuples(st.just("acknowledge"), st.integers(1, 5)),
    st.tuples(st.just("silence"), st.sampled_from(["acme", "globex"]), st.sampled_from([20, 200])),
    st.tuples(st.just("deliver")),
    st.tuples(st.just("restart"), st.sampled_from([0.0, 50.0])),
    st.tuples(st.just("reload")),
)


async def live(daemon: Daemon, steps: list[Any]) -> None:
    daemon.start()
    for step in steps:
        await _do(daemon, step)
    await daemon.stop()


async def _do(daemon: Daemon, step: Any) -> None:
    now = daemon.clock.now()
    match step:
        case ("error", tenant, code, times):
            error = Error(message="boom", tenant=tenant, code=code)
            await daemon.send(*[error] * times)
        case ("metric", value):
            await daemon.send(Metric(name="load", value=value))
        case ("pass", seconds):
            await daemon.pass_time(seconds)
        case ("acknowledge", incident):
            await daemon.pipeline.acknowledge(incident, "alice")
        case ("silence", tenant, seconds):
            matchers = (f'tenant="{tenant}"',)
            silence = Silence(id=0, matchers=matchers, starts=now, ends=now + seconds, author="bob")
            await daemon.pipeline.silence(silence)
        case ("deliver",):
            daemon.deliver()
        case ("restart", seconds):
            await daemon.stop()
            daemon.clock.advance(seconds)
            daemon.start()
        case ("reload",):
            daemon.setup = setup(OTHER if daemon.setup is setup(RULES) else RULES)
            daemon.pipeline.reconfigure(daemon.setup)
            await daemon.pass_time(1.0)
