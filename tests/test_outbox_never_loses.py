"""The property that the outbox stands for: whatever providers do, whenever the process dies and
however time passes, each delivery ends sent, or failed and handed on; and none that was noted as
sent is sent again."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.api import Permanent, Retryable
from sentinel.model.delivery import Delivery, DeliveryIntent, Recipient
from sentinel.outbox import Channel, Outbox
from sentinel.store import deliveries
from sentinel.store.connection import transaction
from sentinel.store.migrations import migrate
from sentinel.testing.clock import FakeClock
from sentinel.testing.notifier import MemoryNotifier
from tests.outbox_world import PEOPLE, plain

ENDED = {"sent", "failed", "superseded"}
outcomes = st.sampled_from(
    [None, "retry", "retry after", "permanent", "crash", "hang", "take and hang"]
)
steps = st.one_of(
    st.tuples(
        st.just("enqueue"),
        st.sampled_from(["mail", "sms"]),
        st.sampled_from(["critical", "warning"]),
        st.sampled_from(["firing", "resolved", "reminder"]),
        st.integers(1, 3),
    ),
    st.tuples(st.just("provider"), st.sampled_from(["mail", "sms"]), outcomes),
    st.tuples(st.just("advance"), st.sampled_from([0.5, 3.0, 31.0, 130.0, 4000.0, 90_000.0])),
    st.tuples(st.just("die")),
)


class Inline:
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


class Life:
    def __init__(self, seed: int) -> None:
        self.store = Inline()
        self.clock = FakeClock()
        self.random = Random(seed)
        self.providers = {name: MemoryNotifier(self.clock) for name in ("mail", "sms")}
        self.noted: dict[str, int] = {}

    async def begin(self) -> None:
        mail, sms = self.providers["mail"], self.providers["sms"]
        self.outbox = Outbox(
            self.store,
            [
                Channel(name="mail", notifier=mail, fallback="sms", concurrency=2),
                Channel(name="sms", notifier=sms, rate=60),
            ],
            plain,
            lambda channel, person: PEOPLE[channel],
            self.clock,
            self.random,
        )
        await self.outbox.start()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(60):
            await asyncio.sleep(0)
        self.check_nothing_noted_is_sent_again()

    async def do(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("enqueue", channel, severity, reason, incident):
                self.enqueue(channel, severity, reason, incident)
                self.outbox.notify()
            case ("provider", channel, outcome):
                self.providers[channel].script.append(_meant_by(outcome))
            case ("advance", seconds):
                self.clock.advance(seconds)
            case ("die",):
                self.outbox.abandon()
                await asyncio.sleep(0)
                await self.begin()
        await self.settle()

    def enqueue(self, channel: str, severity: str, reason: Any, incident: int) -> None:
        intent = DeliveryIntent(
            recipient=Recipient(channel, PEOPLE[channel], "alice"),
            reason=reason,
            incident=incident,
            severity=severity,
            at=self.clock.now(),
        )
        with transaction(self.store.conn):
            deliveries.enqueue(self.store.conn, intent, self.clock.now())

    def all(self) -> list[Delivery]:
        return deliveries.listing(self.store.conn, limit=1000)

    def check_nothing_noted_is_sent_again(self) -> None:
        attempts = Counter(m.key for p in self.providers.values() for m in p.attempts)
        for delivery in self.all():
            if delivery.state == "sent":
                noted = self.noted.setdefault(delivery.key, attempts[delivery.key])
                assert attempts[delivery.key] == noted, "sent again after it had been noted"

    async def end(self) -> None:
        """Providers work again; a day and more passes."""
        for _ in range(2000):
            if all(delivery.state in ENDED for delivery in self.all()):
                break
            self.clock.advance(61)
            await self.settle()
        self.outbox.abandon()
        await asyncio.sleep(0)


def _meant_by(outcome: str | None) -> BaseException | str | None:
    failures: dict[str | None, BaseException] = {
        "retry": Retryable("busy"),
        "retry after": Retryable("slow down", after=100),
        "permanent": Permanent("never"),
        "crash": RuntimeError("a bug"),
    }
    return failures.get(outcome, outcome)


def check_the_end(ended: list[Delivery]) -> None:
    relatives = {delivery.id: {delivery.id} for delivery in ended}
    for delivery in sorted(ended, key=lambda one: one.id):
        if delivery.fallback_of is not None:
            family = relatives[delivery.fallback_of] | relatives[delivery.id]
            for id in family:
                relatives[id] = family
    states = {delivery.id: delivery.state for delivery in ended}
    for delivery in ended:
        assert delivery.state in ENDED, f"never ended: {delivery}"
        family_states = {states[id] for id in relatives[delivery.id]}
        if delivery.state == "superseded":
            assert "sent" in family_states, f"superseded by nothing: {delivery}"
        if delivery.state == "failed" and delivery.channel == "mail":
            assert len(relatives[delivery.id]) > 1, f"not handed on: {delivery}"


@settings(max_examples=80, deadline=None)
@given(st.lists(steps, max_size=40), st.integers(0, 10))
def test_no_delivery_is_lost_and_none_is_sent_twice_once_noted(
    history: list[tuple[Any, ...]], seed: int
) -> None:
    async def live() -> list[Delivery]:
        life = Life(seed)
        await life.begin()
        for step in history:
            await life.do(step)
        await life.end()
        return life.all()

    check_the_end(asyncio.run(live()))
