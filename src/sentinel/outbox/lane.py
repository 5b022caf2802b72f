"""One channel's worker: look for what is due, claim it, send it, write down the outcome."""

import asyncio
import sqlite3
from typing import Any

import structlog

from sentinel.errors import StoreError
from sentinel.model.delivery import Delivery, Message, Receipt
from sentinel.outbox.attempt import attempt
from sentinel.outbox.breaker import Breaker
from sentinel.outbox.bucket import Bucket
from sentinel.outbox.channel import Channel, Health
from sentinel.outbox.look import Ready, Room, View, look
from sentinel.outbox.outcome import Outcomes
from sentinel.outbox.tools import Tools
from sentinel.store import sending

_log = structlog.get_logger("sentinel.outbox")
# However long nothing is due, look again after this: the wall clock may have been set.
_LONGEST_SLEEP = 60.0
_AFTER_A_BUG = 15.0


class Lane:
    """Runs from `start` to `stop`. What is under way when it is killed is sent again."""

    def __init__(self, channel: Channel, tools: Tools) -> None:
        self.channel = channel
        self._tools = tools
        self._outcomes = Outcomes(channel, tools)
        self._breaker = Breaker(tools.policy, tools.random)
        self._bucket = Bucket(channel.limit, tools.clock.monotonic())
        self._under_way: dict[asyncio.Task[None], int] = {}
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"outbox {self.channel.name}")

    def notify(self) -> None:
        """There may be something to send."""
        self._quiet.clear()
        self._wake.set()

    @property
    def quiet(self) -> bool:
        return self._quiet.is_set()

    async def wait_quiet(self) -> None:
        await self._quiet.wait()

    def health(self) -> Health:
        failing = self._breaker.failing_since is not None
        return Health(
            channel=self.channel.name,
            failing_for=self._failing_for() if failing else None,
            paused=self._breaker.open,
            error=self._breaker.error,
            under_way=len(self._under_way),
        )

    def close(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self.notify()

    async def stop(self, drain: float) -> list[int]:
        """Close, and give what is under way `drain` seconds to end. Gives the deliveries that
        did not, which stay claimed."""
        self.close()
        if self._task is not None:
            await self._task
        if self._under_way:
            timer = asyncio.create_task(self._tools.clock.sleep(drain))
            ended = asyncio.create_task(asyncio.wait(self._under_way))
            await _first_of(ended, timer)
        abandoned = dict(self._under_way)
        self.abandon()
        await asyncio.gather(*abandoned, return_exceptions=True)
        return list(abandoned.values())

    def abandon(self) -> None:
        """Stop at once. What is under way stays claimed, and is released at the next start."""
        for task in (self._task, *self._under_way):
            if task is not None:
                task.cancel()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                delay = await self._pass()
            except StoreError as error:
                delay = self._outcomes.refused(error)
            except Exception:  # noqa: BLE001 - a worker that ends is a channel dead in silence
                _log.exception("outbox_pass_failed", channel=self.channel.name)
                delay = _AFTER_A_BUG
            if not self._stopping:
                await self._sleep(delay)

    async def _pass(self) -> float:
        """One look and what follows from it. Gives the seconds until the next one."""
        room, failing_for = self._room(), self._failing_for()
        view = await self._tools.store.read(
            lambda conn: look(conn, self.channel, room, failing_for, self._tools)
        )
        if view.divert:
            await self._outcomes.diverted(view.divert)
        if view.crowd.ids and not self._stopping:
            await self._outcomes.thinned(view.crowd)
            self._wake.set()
        if view.ready and not self._stopping:
            await self._claim(view.ready)
        return self._delay(view)

    def _room(self) -> Room:
        now = self._tools.clock.monotonic()
        free = max(2, self.channel.concurrency) - len(self._under_way)
        if self._breaker.open and self._under_way:
            # The trial may hang until its time-out, for which no new page is to wait.
            return Room(self._bucket.available(now, max(0, free)), 0, untried_only=True)
        if self._breaker.open:
            one = self._bucket.available(now, 1)
            return Room(one, one, untried_only=self._breaker.wait(now) > 0)
        total = self._bucket.available(now, free)
        return Room(total, min(total, free - 1))

    async def _claim(self, ready: list[Ready]) -> None:
        now = self._tools.clock.now()

        def claim(conn: sqlite3.Connection) -> list[tuple[Delivery, Message]]:
            claimed = []
            for one in ready:
                delivery = sending.claim(conn, one.delivery.id, now)
                if delivery is None:
                    continue
                if one.packed is not None:
                    sending.save_message(conn, delivery.id, one.message.subject, one.packed)
                claimed.append((delivery, one.message))
            return claimed

        claimed = await self._tools.writes.write(claim)
        self._bucket.take(len(claimed))
        for delivery, message in claimed:
            task = asyncio.create_task(self._deliver(delivery, message))
            self._under_way[task] = delivery.id
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self.notify()
        if not task.cancelled() and task.exception() is not None:
            _log.error("outbox_task_failed", channel=self.channel.name, exc_info=task.exception())

    async def _deliver(self, delivery: Delivery, message: Message) -> None:
        limit, clock = self.channel.longest, self._tools.clock
        outcome = await attempt(self.channel.notifier, message, limit, clock)
        if isinstance(outcome, Receipt):
            await self._outcomes.sent(delivery, outcome)
            await self._answered()
            return
        # A refusal, too, shows that the channel works.
        if outcome.permanent:
            await self._answered()
        else:
            self._fault(self._outcomes.text(outcome), outcome.wish)
        await self._outcomes.failed(delivery, outcome, self._pause())

    def _fault(self, error: str, wish: float | None) -> None:
        if self._breaker.failing_since is None:
            self._tools.metrics.failing.labels(self.channel.name).set(1)
            _log.warning("channel_failing", channel=self.channel.name, error=error)
        self._breaker.fault(self._tools.clock.monotonic(), error, wish)

    async def _answered(self) -> None:
        was_paused = self._breaker.open
        if not self._breaker.answered():
            return
        self._tools.metrics.failing.labels(self.channel.name).set(0)
        _log.info("channel_recovered", channel=self.channel.name)
        if was_paused:
            await self._outcomes.recovered()

    def _pause(self) -> float | None:
        """How long a paused channel is left alone; then whatever waits for it may be the one that
        tries."""
        now = self._tools.clock.monotonic()
        return self._breaker.wait(now) if self._breaker.open else None

    def _failing_for(self) -> float:
        return self._breaker.failing_for(self._tools.clock.monotonic())

    def _delay(self, view: View) -> float:
        now = self._tools.clock.now()
        moments = [time - now for time in (view.next_due, view.next_divert) if time is not None]
        # What waits for a free place is woken by the end of a send.
        if view.waiting and not self._under_way:
            paused = self._breaker.wait(self._tools.clock.monotonic())
            moments.append(max(paused, self._bucket.wait()))
        elif view.waiting and self._bucket.wait() > 0:
            moments.append(self._bucket.wait())
        return max(0.0, min([*moments, _LONGEST_SLEEP]))

    async def _sleep(self, seconds: float) -> None:
        if not self._under_way and not self._wake.is_set():
            self._quiet.set()
        waker = asyncio.create_task(self._wake.wait())
        timer = asyncio.create_task(self._tools.clock.sleep(seconds))
        await _first_of(waker, timer)
        self._quiet.clear()


async def _first_of(*tasks: asyncio.Task[Any]) -> None:
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
