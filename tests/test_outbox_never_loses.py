"""The property that the outbox stands for: whatever providers do and report, whoever takes what,
whenever the process dies and however time passes, each delivery ends sent, or failed and handed
on, or left out for one that told of all that it tells of; and none that was noted as sent is sent
again."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.api import Capabilities, Permanent, Retryable
from sentinel.model.alert import Incident
from sentinel.model.delivery import Delivery, DeliveryIntent, Limit, Outcome, Recipient
from sentinel.outbox import Channel, Outbox
from sentinel.store import alerts, deliveries, withdrawal
from sentinel.store.connection import transaction
from sentinel.store.migrations import migrate
from sentinel.testing.clock import FakeClock
from sentinel.testing.notifier import MemoryNotifier
from tests.effort import examples
from tests.outbox_world import PEOPLE, plain

ENDED = {"sent", "failed", "superseded"}
ADDRESSES = {**PEOPLE, "hook": "https://example.com/hook"}
CHANNELS = sorted(ADDRESSES)
outcomes = st.sampled_from(
    [None, "retry", "retry after", "permanent", "crash", "hang", "take and hang"]
)
steps = st.one_of(
    st.tuples(
        st.just("enqueue"),
        st.sampled_from(CHANNELS),
        st.sampled_from(["critical", "warning"]),
        st.sampled_from(["firing", "resolved", "reminder"]),
        st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True),
        st.booleans(),
    ),
    st.tuples(st.just("provider"), st.sampled_from(CHANNELS), outcomes),
    st.tuples(
        st.just("incident"),
        st.integers(1, 3),
        st.sampled_from(["acknowledged", "open", "resolved"]),
    ),
    st.tuples(
        st.just("receipt"),
        st.sampled_from(CHANNELS),
        st.sampled_from(["delivered", "undelivered"]),
        st.integers(0, 2),
    ),
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
        self.providers = {name: MemoryNotifier(self.clock) for name in CHANNELS}
        self.providers["hook"].capabilities = Capabilities(merges=False)  # type: ignore[misc]
        self.noted: dict[str, int] = {}
        self.taken: set[int] = set()
        self.over: set[int] = set()
        for number in (1, 2, 3):
            self.incident(number, "open")

    async def begin(self) -> None:
        mail, sms, hook = (self.providers[name] for name in ("mail", "sms", "hook"))
        self.outbox = Outbox(
            self.store,
            [
                Channel(
                    name="mail",
                    notifier=mail,
                    fallback="sms",
                    concurrency=2,
                    per_person=Limit(2, 600.0),
                ),
                Channel(name="sms", notifier=sms, fallback="hook", rate=60),
                Channel(name="hook", notifier=hook, per_person=Limit(3, 100.0)),
            ],
            plain,
            lambda channel, person: ADDRESSES[channel],
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
            case ("enqueue", channel, severity, reason, incidents, bundled):
                self.enqueue(channel, severity, reason, incidents, bundled)
                self.outbox.notify()
            case ("incident", number, state):
                self.incident(number, state)
                self.outbox.notify()
            case ("receipt", channel, outcome, back):
                await self.report(channel, outcome, back)
            case ("provider", channel, outcome):
                self.providers[channel].script.append(_meant_by(outcome))
            case ("advance", seconds):
                self.clock.advance(seconds)
            case ("die",):
                self.outbox.abandon()
                await asyncio.sleep(0)
                await self.begin()
        await self.settle()

    def incident(self, number: int, state: Any) -> None:
        """What the engine's step does to the store when somebody takes it, or nobody has it."""
        one = Incident(
            id=number,
            state=state,
            severity="critical",
            title="SMS",
            root=number,
            rule="Sms",
            opened=1.0,
            acknowledged_by="bob" if state == "acknowledged" else None,
        )
        with transaction(self.store.conn):
            alerts.save_incidents(self.store.conn, [one])
            if state == "resolved":
                self.over.add(number)
            if state == "acknowledged":
                self.taken.add(number)
                withdrawal.withdraw(self.store.conn, one, self.clock.now())

    async def report(self, channel: str, outcome: Outcome, back: int) -> None:
        """The provider says what became of one of the latest that it took, perhaps once more."""
        known = [one for one in self.all() if one.channel == channel and one.reference]
        for one in known[back : back + 1]:
            await self.outbox.report(one, outcome, "said the provider")

    def enqueue(
        self, channel: str, severity: str, reason: Any, incidents: list[int], bundled: bool
    ) -> None:
        intent = DeliveryIntent(
            recipient=Recipient(channel, ADDRESSES[channel], "alice"),
            reason=reason,
            incident=incidents[0],
            also=tuple(incidents[1:]),
            severity=severity,
            at=self.clock.now(),
            bundled=bundled,
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


def numbers(delivery: Delivery) -> set[int]:
    return {number for number in (delivery.incident, *delivery.also) if number is not None}


def check_the_end(ended: list[Delivery], taken: set[int], over: set[int]) -> None:
    """`taken` are the incidents that somebody had at some time, `over` those that had an end."""
    by_id = {delivery.id: delivery for delivery in ended}
    for delivery in ended:
        assert delivery.state in ENDED, f"never ended: {delivery}"
        if delivery.merged_into is not None:
            whole = by_id[delivery.merged_into]
            assert numbers(delivery) <= numbers(whole), f"dropped in a merge: {delivery}"
        if delivery.state == "superseded" and not is_needless(delivery):
            assert is_told(delivery, ended), f"left out for nothing: {delivery}"
        if delivery.state == "failed" and delivery.channel != "hook":
            handed_on = any(one.fallback_of == delivery.id for one in ended)
            needless = numbers(delivery) & (taken | over) or delivery.reason == "resolved"
            assert handed_on or family_is_used_up(delivery, by_id) or needless, (
                f"not handed on: {delivery}"
            )


def is_told(delivery: Delivery, ended: list[Delivery]) -> bool:
    """Something that was sent tells of all of it; or else what took its place had an end, too."""
    tellers = tellers_of(delivery, ended)
    parts = [one for one in ended if one.merged_into == delivery.id]
    return (
        any(one.state == "sent" for one in tellers)
        or (delivery.merged_into is not None and any(one.state != "superseded" for one in tellers))
        or (delivery.merged_into is not None and any(is_needless(one) for one in tellers))
        or (bool(parts) and all(is_told(part, ended) for part in parts))
    )


def is_needless(delivery: Delivery) -> bool:
    """Somebody had what it calls for, or it was over."""
    return (delivery.error or "").endswith((" has it", "before this could be sent"))


def tellers_of(delivery: Delivery, ended: list[Delivery]) -> list[Delivery]:
    found = [delivery]
    for one in found:
        found += [
            other
            for other in ended
            if other not in found
            and (other.id in (one.fallback_of, one.merged_into) or other.fallback_of == one.id)
        ]
    return found[1:]


def family_is_used_up(delivery: Delivery, by_id: dict[int, Delivery]) -> bool:
    """It is the copy for the last channel that there is."""
    seen = {delivery.channel}
    while delivery.fallback_of is not None:
        delivery = by_id[delivery.fallback_of]
        seen.add(delivery.channel)
    return "hook" in seen


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(steps, max_size=40), st.integers(0, 10))
def test_no_delivery_is_lost_and_none_is_sent_twice_once_noted(
    history: list[tuple[Any, ...]], seed: int
) -> None:
    async def live() -> tuple[list[Delivery], set[int], set[int]]:
        life = Life(seed)
        await life.begin()
        for step in history:
            await life.do(step)
        await life.end()
        return life.all(), life.taken, life.over

    check_the_end(*asyncio.run(live()))
