"""The job that holds fire drills: a page that says it is none goes the way of all pages, and
whether it arrives is looked at."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec
import structlog
from msgspec.structs import replace

from sentinel.clock import Clock
from sentinel.config.model import Config, DrillConfig
from sentinel.engine.stand_ins import stand_ins_of
from sentinel.errors import SentinelError
from sentinel.intelligence.wording import span
from sentinel.model.delivery import Delivery, DeliveryIntent, Recipient
from sentinel.model.signal import AnySignal
from sentinel.monitors.schedule import after
from sentinel.self_report import DRILL, error
from sentinel.store import deliveries, overrides
from sentinel.store import drills as store
from sentinel.store.database import Database
from sentinel.store.drills import Drill, Outcome, Plan
from sentinel.wiring import step_of

log = structlog.get_logger("sentinel.drills")

Emit = Callable[[Sequence[AnySignal]], Awaitable[None]]
_EVERY = 5.0
LATE = 3_600.0
"""Seconds after which a drill whose time fell into a stop of the daemon is left out: one that was
meant for the morning must not come at night."""


class DrillKeeper:
    """`config` is that which runs now. `on_begin` is told the channels that a drill uses, `on_end`
    that one has ended."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        config: Callable[[], Config],
        emit: Emit,
        *,
        on_begin: Callable[[set[str]], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._config = config
        self._emit = emit
        self._on_begin = on_begin
        self._on_end = on_end

    async def configure(self, drills: Iterable[DrillConfig]) -> None:
        """What the configuration says, at the start and at each reload."""
        now = self._clock.now()

        def plan(conn: sqlite3.Connection) -> None:
            before = store.plans(conn)
            store.replace_plans(
                conn, [_planned(drill, before.get(drill.name), now) for drill in drills]
            )

        await self._database.write(plan)

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except SentinelError as refused:
                log.warning("drills not looked at", error=str(refused))
            await self._clock.sleep(_EVERY)

    async def look(self) -> None:
        """Hold what is due, and judge what was held."""
        now = self._clock.now()
        for plan in (await self._database.read(store.plans)).values():
            drill = self._config().fire_drills.get(plan.name)
            if drill is not None and plan.due <= now:
                await self._hold(drill, plan, now)
            elif drill is not None:
                await self._set_right(drill, plan, now)
        for held in await self._database.read(store.waiting):
            await self._judge(held)

    async def _hold(self, drill: DrillConfig, plan: Plan, now: float) -> None:
        config = self._config()
        step = step_of(drill.step, config)

        def hold(conn: sqlite3.Connection) -> tuple[Recipient, ...]:
            stand_ins = stand_ins_of(overrides.lasting(conn, now), config.people)
            reached = step.reached(now, stand_ins)
            numbers = [
                deliveries.enqueue(
                    conn,
                    DeliveryIntent(
                        recipient=one, reason="drill", incident=None, severity="info", at=now
                    ),
                    now,
                )
                for one in reached
            ]
            store.begin(conn, plan, numbers, now, now + drill.within)
            store.put_plan(conn, replace(plan, due=after(drill.schedule, now), asked_by=None))
            return reached

        reached = await self._database.write(hold)
        log.info("fire drill", name=drill.name, messages=len(reached))
        self._on_begin({one.channel for one in reached})

    async def _set_right(self, drill: DrillConfig, plan: Plan, now: float) -> None:
        """A clock that was ahead has put it off by as much."""
        latest = after(drill.schedule, now)
        if plan.due > latest:
            right = replace(plan, due=latest)
            await self._database.write(lambda conn: store.put_plan(conn, right))

    async def _judge(self, held: Drill) -> None:
        found = await self._database.read(
            lambda conn: [deliveries.get(conn, number) for number in held.deliveries]
        )
        outcome, text = judged(held, [one for one in found if one is not None], self._clock.now())
        if outcome == "waiting":
            return
        if outcome == "failed":
            # Before it is noted as told: told twice is better than never.
            await self._emit([error(DRILL, f"{held.name}: {text}", about={"drill": held.name})])
        await self._database.write(lambda conn: store.settle(conn, held.id, outcome, text))
        log.info("fire drill ended", name=held.name, outcome=outcome, text=text)
        self._on_end()


def judged(held: Drill, messages: Sequence[Delivery], now: float) -> tuple[Outcome, str]:
    """What came of it, with the reason."""
    if not held.deliveries:
        return "failed", "it reached nobody: look at the schedule and the addresses"
    if len(messages) < len(held.deliveries):
        return "failed", "what became of its messages has been forgotten"
    lost = [one for one in messages if one.state in ("failed", "superseded")]
    open_ones = [one for one in messages if one.state in ("pending", "sending")]
    if open_ones and now < held.until:
        return "waiting", ""
    bad = [*lost, *open_ones]
    if bad:
        within = span(held.until - held.began)
        return "failed", f"no receipt within {within}: " + "; ".join(_told(one) for one in bad)
    last = max(one.sent or held.began for one in messages)
    got = ", ".join(f"{one.person or 'all'} over {one.channel}" for one in messages)
    return "passed", f"all receipts within {span(last - held.began)}: {got}"


def _planned(drill: DrillConfig, before: Plan | None, now: float) -> Plan:
    schedule = msgspec.json.encode(drill.schedule).decode()
    if before is not None and before.schedule == schedule and before.due > now - LATE:
        return before
    return Plan(name=drill.name, schedule=schedule, due=after(drill.schedule, now))


def _told(delivery: Delivery) -> str:
    to = delivery.person or "all"
    return f"{to} over {delivery.channel} ({delivery.error or f'it is {delivery.state}'})"
