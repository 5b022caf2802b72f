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
from sentinel.outbox.tools import Tools
from sentinel.store import deliveries

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
        await self.keep(lambda conn: deliveries.mark_sent(conn, delivery.id, text, now, reference))
        self._tools.metrics.seconds.labels(self._name).observe(max(0.0, now - delivery.created))
        self._tell("sent", delivery, seconds=round(now - delivery.created, 3))

    async def failed(self, delivery: Delivery, failure: Failure) -> None:
        """Back into the queue, or given up and handed to the fallback."""
        age = self._tools.clock.now() - delivery.created
        if failure.permanent or self._tools.policy.gives_up(delivery.attempts, age):
            await self._give_up(delivery, self.text(failure))
        else:
            await self._retry(delivery, self.text(failure), failure.wish)

    async def diverted(self, pages: list[Delivery]) -> None:
        """Raises StoreError."""
        now = self._tools.clock.now()

        def copy(conn: sqlite3.Connection) -> list[tuple[Delivery, str | None]]:
            return [(page, self._tools.fall_back(conn, page, now)) for page in pages]

        for page, taker in await self._tools.writes.write(copy):
            if taker is not None:
                self._tell("diverted", page, error=page.error, fallback=taker)
                self._handed_over(taker)

    async def recovered(self) -> None:
        now = self._tools.clock.now()
        await self.keep(lambda conn: deliveries.hasten(conn, self._name, now))

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

    async def _retry(self, delivery: Delivery, error: str, wish: float | None) -> None:
        tools = self._tools
        delay = tools.policy.retry_delay(delivery, wish, tools.random)
        due = tools.clock.now() + delay
        state = await self.keep(lambda conn: deliveries.mark_retry(conn, delivery.id, due, error))
        outcome = "retry" if state == "pending" else state
        self._tell(outcome, delivery, error=error, again_in=round(delay, 1))

    async def _give_up(self, delivery: Delivery, error: str) -> None:
        now = self._tools.clock.now()

        def end(conn: sqlite3.Connection) -> tuple[DeliveryState, str | None]:
            state = deliveries.mark_failed(conn, delivery.id, error, now)
            taker = self._tools.fall_back(conn, delivery, now) if state == "failed" else None
            return state, taker

        state, taker = await self.keep(end)
        self._tell(state, delivery, error=error, fallback=taker)
        if taker is not None:
            self._handed_over(taker)

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
