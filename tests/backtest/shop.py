"""A small installation whose pipeline runs on a clock that is told to move."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sentinel import installation
from sentinel.backtest import Plan, Progress, Report, run
from sentinel.installation import Installation
from sentinel.model.signal import Error, Metric
from sentinel.pipeline import Pipeline
from sentinel.store.connection import connect_readonly
from sentinel.store.database import Database
from sentinel.testing.clock import START, FakeClock

MAIN = """
rules_dir: rules
channels:
  inbox: {type: inapp}
  mail: {type: email, host: localhost, sender: sentinel@example.com, tls: none}
people:
  alice: {email: alice@example.com}
  bob: {email: bob@example.com}
"""
RULES = """
rules:
  - alert: SmsFailing
    on: error
    where: {code: TWILIO_API_FAILURE}
    type: frequency
    num_events: 3
    timeframe: 1m
    by: [tenant]
    for: 10s
    keep_firing_for: 20s
    labels: {severity: critical}
  - alert: CpuHigh
    on: metric
    where: {name: cpu}
    type: threshold
    above: 80
    by: [host]
    labels: {severity: warning}
routes:
  - name: all
    escalation: everyone
    group_wait: 5s
    group_interval: 1m
    repeat_interval: 2m
escalations:
  - name: everyone
    steps:
      - notify: [alice, channel:inbox]
      - {after: 1m, notify: [bob]}
"""
STEP = 5.0


class Shop:
    """Signals go in by `pass_time`; `errors` makes those of a tenant."""

    def __init__(self, folder: Path, rules: str = RULES) -> None:
        self.folder = folder
        self.state_dir = folder / "state"
        self.config = folder / "sentinel.yaml"
        self.config.write_text(MAIN)
        self.current_rules = write_rules(folder / "rules", rules)
        self.clock = FakeClock()
        self.database = Database(self.state_dir)
        self.kept: list[Any] = []
        self.pipeline = Pipeline(
            self.database,
            self.installation().setup(b"key"),
            self.clock,
            lambda written: self.kept.extend(written.signals),
        )

    def installation(self, rules: Path | None = None) -> Installation:
        found, problems = installation.read(self.config, {}, rules_dir=rules)
        assert found is not None, problems
        return found

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.pipeline.run())
        try:
            yield
        finally:
            self.pipeline.stop()
            await task

    async def pass_time(self, seconds: float, *signals: Any) -> None:
        """The signals come at once; afterwards time passes, in steps in which something is always
        committed, so that every timer has run when this returns."""
        await self.pipeline.accept("shop", list(signals))
        while seconds > 0:
            self.clock.advance(min(STEP, seconds))
            seconds -= STEP
            await self.pipeline.accept("shop", [Metric(name="tick", value=0.0)])

    def backtest(self, rules: str | None = None, **options: Any) -> Report:
        """Of all that has passed, against other rules if some are given."""
        progress: Progress = options.pop("progress", lambda done, total: None)
        other = None if rules is None else write_rules(self.folder / "new", rules)
        plan = Plan(
            since=options.pop("since", START),
            until=self.clock.now(),
            current=self.installation(),
            other=None if other is None else self.installation(other),
            **options,
        )
        with contextlib.closing(connect_readonly(self.state_dir)) as conn:
            return run(conn, plan, progress)


def write_rules(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(text)
    return folder


def errors(tenant: str, number: int = 1, **fields: Any) -> list[Error]:
    fields.setdefault("code", "TWILIO_API_FAILURE")
    return [Error(tenant=tenant, message="no SMS", **fields) for _ in range(number)]


def cpu(value: float, host: str = "web-1") -> Metric:
    return Metric(name="cpu", value=value, host=host)
