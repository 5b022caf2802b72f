"""A store, a clock, two channels and an outbox: what the tests of the outbox begin with."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from sentinel.model.delivery import (
    Delivery,
    DeliveryIntent,
    Message,
    Reason,
    Recipient,
)
from sentinel.outbox import Channel, Outbox, Policy
from sentinel.store import deliveries
from sentinel.store.connection import connect, transaction
from sentinel.store.database import Database
from sentinel.testing.clock import FakeClock
from sentinel.testing.notifier import MemoryNotifier

_T = TypeVar("_T")
PEOPLE = {"mail": "alice@example.com", "sms": "+44 7700 900123"}


def plain(conn: sqlite3.Connection, delivery: Delivery) -> Message:
    return Message(
        key=delivery.key,
        to=delivery.address,
        reason=delivery.reason,
        severity=delivery.severity,
        subject=f"{delivery.reason} {delivery.incident}",
        text=f"attempt {delivery.attempts}",
    )


class World:
    """`mail` falls back to `sms`. Only Alice has addresses."""

    def __init__(self, state_dir: Path, **policy: Any) -> None:
        self.database = Database(state_dir)
        self._connection = connect(state_dir)
        self.clock = FakeClock()
        self.mail = MemoryNotifier(self.clock)
        self.sms = MemoryNotifier(self.clock)
        self.channels = [
            Channel(name="mail", notifier=self.mail, fallback="sms"),
            Channel(name="sms", notifier=self.sms),
        ]
        self.policy = Policy(**policy)
        self.store: Any = self.database
        self.compose: Callable[[sqlite3.Connection, Delivery], Message] = plain
        self.outbox = self.new_outbox()

    def new_outbox(self, channels: Iterable[Channel] | None = None) -> Outbox:
        self.outbox = Outbox(
            self.store,
            channels or self.channels,
            lambda conn, delivery: self.compose(conn, delivery),
            lambda channel, person: PEOPLE.get(channel) if person == "alice" else None,
            self.clock,
            Random(7),
            policy=self.policy,
        )
        return self.outbox

    def enqueue(
        self,
        channel: str = "mail",
        reason: Reason = "firing",
        severity: str = "critical",
        incident: int = 1,
        person: str = "alice",
        also: tuple[int, ...] = (),
    ) -> int:
        intent = DeliveryIntent(
            recipient=Recipient(channel, PEOPLE[channel], person),
            reason=reason,
            incident=incident,
            severity=severity,
            at=self.clock.now(),
            also=also,
        )
        now = self.clock.now()
        return self.ask(lambda conn: deliveries.enqueue(conn, intent, now))

    def get(self, id: int) -> Delivery:
        found = self.ask(lambda conn: deliveries.get(conn, id))
        assert found is not None
        return found

    def all(self) -> list[Delivery]:
        return self.ask(lambda conn: deliveries.listing(conn, limit=1000))

    def ask(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Over a connection of our own, as the pipeline is another writer beside the outbox."""
        with transaction(self._connection):
            return query(self._connection)

    def told(self, message: Message) -> set[int]:
        """The incidents that a message told of."""
        one = next(delivery for delivery in self.all() if delivery.key == message.key)
        return {number for number in (one.incident, *one.also) if number is not None}

    def close(self) -> None:
        self._connection.close()
        self.database.close()

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass in steps, and the outbox do in each what it has to do."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(min(step, end - self.clock.monotonic()))
            await self.outbox.idle()

    async def until(self, done: Callable[[], bool]) -> None:
        """For what happens while something else hangs, so that the outbox is never idle."""
        while not done():  # noqa: ASYNC110 - the store's threads are about to wake us
            await asyncio.sleep(0)
