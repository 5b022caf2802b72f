"""Writes down how a send ended."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import structlog

from sentinel.discretion import masked, presentable
from sentinel.errors import StoreError
from sentinel.model.delivery import Delivery, DeliveryState, Receipt
from sentinel.model.values import secrets_in
from sentinel.outbox.attempt import Failure
from sentinel.outbox.channel import Channel
from sentinel.outbox.crowd import Crowd
from sentinel.outbox.tools import Tools
from sentinel.store import merging, sending, withdrawal

_T = TypeVar("_T")
_log = structlog.get_logger("sentinel.outbox")
_FIRST_DELAY = 1.0
_LONGEST_DELAY = 15.0


class Outcomes:
    """The outcomes of one channel, without its secrets."""

    def __init__(self, channel: Channel, tools: Tools) -> None:
        self._name = channel.name
        self._tools = tools
        self._secrets = secrets_in(channel.notifier.params)
        self._refusals = 0

    def text(self, failure: Failure) -> str:
        return presentable(failure.text, self._secrets)

    async def sent(self, delivery: Delivery, receipt: Receipt) -> None:
        now = self._tools.clock.now()
        parts = (receipt.reference, receipt.detail)
        text = presentable(" ".join(part for part in parts if part), self._secrets)
        # What names a message to its provider is no secret, but is made safe to store and show.
        reference = presentable(receipt.reference, self._secrets)
        await self.keep(lambda conn: sending.mark_sent(conn, delivery.id, text, now, reference))
        self._tools.metrics.seconds.labels(self._name).observe(
            max(0.0, now - delivery.waiting_since)
        )
        self._tell("sent", delivery, seconds=round(now - delivery.waiting_since, 3))

    async def failed(
        self, delivery: Delivery, failure: Failure, pause: float | None = None
    ) -> None:
        """Back into the queue, or given up and handed to the fallback. `pause` is that of the
        channel: where it is at fault, no delivery needs a longer one of its own."""
        age = self._tools.clock.now() - delivery.waiting_since
        if failure.permanent or self._tools.policy.gives_up(delivery.attempts, age):
            await self._give_up(delivery, failure)
        else:
            await self._retry(delivery, self.text(failure), failure.wish, pause)

    async def diverted(self, pages: list[Delivery]) -> None:
        """Raises StoreError."""
        now = self._tools.clock.now()

        def copy(conn: sqlite3.Connection) -> list[tuple[Delivery, str | None]]:
            return [(page, self._tools.fall_back(conn, page, now)) for page in pages]

        for page, taker in await self._tools.writes.write(copy):
            if taker is not None:
                self._tell("diverted", page, error=page.error, fallback=taker)
                self._handed_over(taker)

    async def thinned(self, crowd: Crowd) -> None:
        """Raises StoreError."""
        now = self._tools.clock.now()

        def change(conn: sqlite3.Connection) -> None:
            for merge in crowd.merges:
                merging.merge(conn, merge.ids, merge.intent, now)
            for one in crowd.postponed:
                merging.postpone(conn, one.ids, one.until, one.why)
            for old, newer in crowd.outdated:
                merging.supersede(conn, old, newer)
            withdrawal.leave_out(conn, crowd.over, now)
            for leader, others in crowd.digests:
                merging.bundle(conn, leader, others)

        await self._tools.writes.write(change)
        for merge in crowd.merges:
            self._tools.metrics.outcomes.labels(self._name, "merged").inc(len(merge.ids))
            _log.info("deliveries_merged", channel=self._name, count=len(merge.ids))

    async def recovered(self) -> None:
        now = self._tools.clock.now()
        await self.keep(lambda conn: sending.hasten(conn, self._name, now))

    async def keep(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """However long the store takes to accept it: what was sent must not be sent again
        because a disk was full for a while."""
        while True:
            try:
                kept = await self._tools.writes.write(change)
            except StoreError as error:
                await self._tools.clock.sleep(self.refused(error))
            else:
                self._refusals = 0
                return kept

    def refused(self, error: StoreError) -> float:
        """Seconds to wait before the store is asked again."""
        if not self._refusals:
            _log.error("outbox_store_refused", channel=self._name, error=str(error))
        self._refusals += 1
        return min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(self._refusals - 1, 10))

    async def _retry(
        self, delivery: Delivery, error: str, wish: float | None, pause: float | None
    ) -> None:
        tools = self._tools
        delay = tools.policy.retry_delay(delivery, wish, tools.random)
        if pause is not None and wish is None:
            delay = min(delay, pause)
        now = tools.clock.now()

        def give_back(conn: sqlite3.Connection) -> DeliveryState:
            state = sending.mark_retry(conn, delivery.id, now + delay, error, now)
            # Somebody may have taken the incident while this was on its way.
            return "superseded" if withdrawal.take_back(conn, delivery.id, now) else state

        state = await self.keep(give_back)
        outcome = "retry" if state == "pending" else state
        self._tell(outcome, delivery, error=error, again_in=round(delay, 1))

    async def _give_up(self, delivery: Delivery, failure: Failure) -> None:
        now, error, unreachable = self._tools.clock.now(), self.text(failure), failure.unreachable

        def end(conn: sqlite3.Connection) -> tuple[DeliveryState, str | None]:
            state = sending.mark_failed(conn, delivery.id, error, now, unreachable=unreachable)
            taker = self._tools.fall_back(conn, delivery, now) if state == "failed" else None
            if state == "failed" and taker is None and not failure.permanent:
                self._part(conn, delivery, now)
            return state, taker

        state, taker = await self.keep(end)
        self._tell(state, delivery, error=error, fallback=taker)
        if taker is not None:
            self._handed_over(taker)

    def _part(self, conn: sqlite3.Connection, delivery: Delivery, now: float) -> None:
        """What nobody else takes is given up by each one's own age."""
        for id in merging.part(conn, delivery.id, now - self._tools.policy.give_up_age, now):
            # Somebody may have taken what this one calls for, but not all that it was told with.
            withdrawal.take_back(conn, id, now)

    def _handed_over(self, taker: str) -> None:
        self._tools.metrics.fallbacks.labels(self._name).inc()
        self._tools.notify(taker)

    def _tell(self, outcome: str, delivery: Delivery, **facts: object) -> None:
        self._tools.metrics.outcomes.labels(self._name, outcome).inc()
        say = _log.error if outcome == "failed" else _log.info
        say(
            f"delivery_{outcome}",
            delivery=delivery.id,
            channel=self._name,
            to=masked(delivery.address),
            reason=delivery.reason,
            incident=delivery.incident,
            attempt=delivery.attempts,
            **facts,
        )
        if delivery.subscription is None:
            self._tools.changed()
