"""Runs what waits in the store: each run claimed once, one at a time of each action.

A run is never begun a second time. What a stop or a crash cuts off ends as `unknown`.
"""

import asyncio
from collections.abc import Callable

import structlog

from sentinel.acting.limits import STALE_AFTER
from sentinel.acting.performer import Performed, Performer
from sentinel.clock import Clock
from sentinel.errors import StoreError
from sentinel.model.action import ActionRun, Outcome
from sentinel.model.values import Duration
from sentinel.store import action_runs
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.acting")

AT_ONCE = 4
# Other processes ask through the store, where nothing wakes us.
_LOOK_EVERY = 1.0
_DRAIN = 5.0


class Worker:
    """`on_change` hears when a run begins or ends, `on_report` when the engine is to hear, `on_end`
    what came of each run."""

    def __init__(
        self,
        database: Database,
        performer: Performer,
        clock: Clock,
        *,
        on_change: Callable[[], None] = lambda: None,
        on_report: Callable[[], None] = lambda: None,
        on_end: Callable[[ActionRun, Outcome], None] = lambda run, outcome: None,
    ) -> None:
        self._database = database
        self._performer = performer
        self._clock = clock
        self._on_change = on_change
        self._on_report = on_report
        self._on_end = on_end
        self._woken = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}

    def notify(self) -> None:
        """Something may wait to be run."""
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled. Raises StoreError only where the first look is refused."""
        while True:
            self._woken.clear()
            try:
                await self._begin_all()
            except StoreError as error:
                log.error("actions not read", error=str(error))
            await self._wait()

    async def run_one(self, number: int) -> ActionRun | None:
        """Run the one of this number here and now, and give it as it ended."""
        run = await self._database.read(lambda conn: action_runs.get(conn, number))
        if run is not None and run.state == "pending" and await self._claimed(run):
            await self._perform(run)
        return await self._database.read(lambda conn: action_runs.get(conn, number))

    async def stop(self, drain: float = _DRAIN) -> None:
        """To be called once `run` has ended. What does not end within `drain` seconds is cut off,
        and ends as unknown."""
        tasks = set(self._running.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=drain)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _wait(self) -> None:
        woken = asyncio.ensure_future(self._woken.wait())
        slept = asyncio.ensure_future(self._clock.sleep(_LOOK_EVERY))
        try:
            await asyncio.wait((woken, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            slept.cancel()

    async def _begin_all(self) -> None:
        for run in await self._database.read(action_runs.waiting):
            if run.action in self._running:
                if self._is_stale(run):
                    await self._finish(run, Performed("refused", _too_late()))
                continue
            if len(self._running) >= AT_ONCE:
                return
            if await self._claimed(run):
                self._begin(run)

    async def _claimed(self, run: ActionRun) -> bool:
        """Whether it may run now, and is ours. A refused one has ended."""
        now = self._clock.now()
        refusal = "" if not self._is_stale(run) else _too_late()
        action = self._performer.action(run.action)
        if action is None:
            refusal = f"there is no action {run.action}: `sentinel action list` lists them"
        elif not refusal and action.cooldown and not run.dry:
            last = await self._database.read(
                lambda conn: action_runs.began_last(conn, run.action, now)
            )
            if last is not None and now - last < action.cooldown:
                rest = Duration(round(action.cooldown - (now - last)) or 1)
                refusal = f"it ran less than {Duration(action.cooldown)} ago: wait {rest} more"
        if refusal:
            await self._finish(run, Performed("refused", refusal))
            return False
        claimed = await self._database.write(lambda conn: action_runs.claim(conn, run, now))
        self._on_change()
        return claimed

    def _begin(self, run: ActionRun) -> None:
        task = asyncio.create_task(self._perform(run), name=f"action {run.action}")
        self._running[run.action] = task

        def ended(_: asyncio.Task[None]) -> None:
            self._running.pop(run.action, None)
            self._woken.set()

        task.add_done_callback(ended)

    async def _perform(self, run: ActionRun) -> None:
        try:
            performed = await self._performer.perform(run)
        except asyncio.CancelledError:
            await self._finish(
                run,
                Performed("unknown", "Sentinel stopped while it ran: how far it came is not known"),
            )
            raise
        except Exception as error:
            # A run must never be left without an end, whatever went wrong with it.
            log.exception("action_round_failed", action=run.action)
            performed = Performed("unknown", f"Sentinel failed over it: {type(error).__name__}")
        await self._finish(run, performed)

    async def _finish(self, run: ActionRun, performed: Performed) -> None:
        outcome: Outcome = performed.outcome
        log.info(
            "action", action=run.action, run=run.id, by=run.actor, outcome=outcome, dry=run.dry
        )
        now, text = self._clock.now(), performed.text
        try:
            await self._database.write(
                lambda conn: action_runs.finish(conn, run, outcome, text, now)
            )
        except StoreError as error:
            # It stays as running, and the next start ends it as unknown.
            log.error("action_not_recorded", action=run.action, run=run.id, error=str(error))
        self._on_end(run, outcome)
        self._on_change()
        if run.rule is not None:
            self._on_report()

    def _is_stale(self, run: ActionRun) -> bool:
        return self._clock.now() - run.asked > STALE_AFTER


def _too_late() -> str:
    return f"it waited for more than {Duration(STALE_AFTER)}: ask again if it is still wanted"
