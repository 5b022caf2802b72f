"""All lanes together, and the way from one channel to its fallback."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from random import Random

import structlog
from prometheus_client import CollectorRegistry

from sentinel.clock import Clock
from sentinel.discretion import masked
from sentinel.errors import StoreError
from sentinel.model.delivery import Delivery, Outcome
from sentinel.outbox.channel import Channel, Health
from sentinel.outbox.lane import Lane
from sentinel.outbox.metrics import Metrics
from sentinel.outbox.policy import Policy
from sentinel.outbox.tools import AddressOf, Compose, Store, Tools
from sentinel.store import deliveries, merging, receipts, sending, withdrawal
from sentinel.store.grouped import GroupedWrites

_log = structlog.get_logger("sentinel.outbox")
_SWEEP = 60.0
_TO_HAND_OVER = ("pending", "failed")


class Outbox:
    """Sends what is in the store. At least once: a message can arrive twice only when the process
    is killed, or the provider is too slow, between its taking the message and our noting it;
    both carry the same key.

    The channels' notifiers are started and stopped by the caller. `on_change` is called whenever
    the state of a delivery to operators has changed; those to clients are too many for that.
    """

    def __init__(
        self,
        store: Store,
        channels: Iterable[Channel],
        compose: Compose,
        address_of: AddressOf,
        clock: Clock,
        random: Random,
        metrics: Metrics | None = None,
        policy: Policy | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._channels = {channel.name: channel for channel in channels}
        self._address_of = address_of
        self._lanes: dict[str, Lane] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._tools = Tools(
            store=store,
            writes=GroupedWrites(store),
            compose=compose,
            fall_back=self._fall_back,
            has_taker=lambda delivery: self._taker(delivery, set()) is not None,
            notify=lambda channel: self.notify((channel,)),
            changed=on_change,
            clock=clock,
            random=random,
            policy=policy or Policy(),
            metrics=metrics or Metrics(CollectorRegistry()),
        )

    async def start(self) -> None:
        """Release what a crash left claimed, then begin to send. Raises StoreError."""
        now = self._tools.clock.now()

        def release(conn: sqlite3.Connection) -> int:
            count = sending.release_stale(conn, now)
            withdrawal.take_back_all(conn, now)
            return count

        released = await self._tools.store.write(release)
        if released:
            _log.warning("deliveries_released", count=released)
        self._open()
        self._sweeper = asyncio.create_task(self._sweep(), name="outbox sweeper")

    def notify(self, channels: Iterable[str] | None = None) -> None:
        """To be called after each commit that wrote deliveries; None wakes all channels."""
        for name in self._lanes if channels is None else channels:
            if name in self._lanes:
                self._lanes[name].notify()

    async def idle(self) -> None:
        """Return once nothing is due, nothing is under way and nothing waits to be written."""
        self.notify()
        while not all(lane.quiet for lane in self._lanes.values()):
            for lane in list(self._lanes.values()):
                await lane.wait_quiet()

    async def stop(self, drain: float = 10.0) -> None:
        """Claim nothing more; what is not done after `drain` seconds is sent at the next start."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        lanes, self._lanes = self._lanes.values(), {}
        await asyncio.gather(*(lane.stop(drain) for lane in lanes))
        await self._tools.writes.drain()

    def abandon(self) -> None:
        """Stop at once, as a kill would."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for lane in self._lanes.values():
            lane.abandon()
        self._lanes = {}

    async def reconfigure(
        self, channels: Iterable[Channel], address_of: AddressOf, drain: float = 10.0
    ) -> None:
        """Go on with other channels at once. Returns when the old notifiers are no longer used:
        what they do not end in `drain` seconds goes to the new ones."""
        before = list(self._lanes.values())
        for lane in before:
            lane.close()
        self._channels = {channel.name: channel for channel in channels}
        self._address_of = address_of
        self._open()
        left = list(chain(*await asyncio.gather(*(lane.stop(drain) for lane in before))))
        now = self._tools.clock.now()

        def release(conn: sqlite3.Connection) -> None:
            sending.release(conn, left, now)
            merging.reconsider(conn, now)
            for id in left:
                withdrawal.take_back(conn, id, now)

        await self._tools.writes.write(release)
        self.notify()

    async def report(self, delivery: Delivery, outcome: Outcome, detail: str) -> None:
        """What the provider says later of a message that it took. One that did not arrive goes to
        the fallback, and what was left out because of it waits again. Raises StoreError."""
        now = self._tools.clock.now()

        def keep(conn: sqlite3.Connection) -> tuple[bool, str | None, set[str]]:
            known = deliveries.get(conn, delivery.id)
            if known is None or not receipts.note(conn, known, outcome, detail, now):
                return False, None, set()
            if outcome == "delivered":
                return True, None, set()
            taker = self._fall_back(conn, known, now)
            revived = sending.revive_told(conn, known.id, now, except_by=taker)
            for one in revived:
                withdrawal.take_back(conn, one.id, now)
            return True, taker, {one.channel for one in revived}

        is_news, taker, again = await self._tools.writes.write(keep)
        if not is_news:
            return
        self._tools.metrics.outcomes.labels(delivery.channel, outcome).inc()
        say = _log.info if outcome == "delivered" else _log.error
        say(f"message_{outcome}", delivery=delivery.id, channel=delivery.channel, detail=detail)
        if delivery.subscription is None:
            self._tools.changed()
        if taker is not None:
            self._tools.metrics.fallbacks.labels(delivery.channel).inc()
            again.add(taker)
        self.notify(again)

    def health(self) -> dict[str, Health]:
        return {name: lane.health() for name, lane in self._lanes.items()}

    def _open(self) -> None:
        self._lanes = {name: Lane(channel, self._tools) for name, channel in self._channels.items()}
        for lane in self._lanes.values():
            lane.start()

    def _fall_back(self, conn: sqlite3.Connection, delivery: Delivery, now: float) -> str | None:
        current = deliveries.get(conn, delivery.id)
        # Whoever tests a channel, or drills, wants to see that channel fail.
        if (
            current is None
            or current.state not in ("pending", "failed")
            or current.reason in ("test", "drill")
            # A client has asked for this address, and no other.
            or current.subscription is not None
            or withdrawal.taken_by(conn, current) is not None
            or withdrawal.is_pointless(conn, current)
        ):
            return None
        if sending.has_fallback(conn, delivery.id):
            return None
        taker = self._taker(delivery, sending.channels_tried(conn, delivery.id))
        if taker is None:
            return None
        deliveries.enqueue_fallback(conn, delivery, *taker, now)
        return taker[0]

    def _taker(self, delivery: Delivery, tried: set[str]) -> tuple[str, str] | None:
        """The next fallback that is used for such a message and on which this person has an
        address, and that address."""
        seen = {*tried, delivery.channel}
        channel = self._channels.get(delivery.channel)
        while channel is not None and channel.fallback is not None:
            name = channel.fallback
            if name in seen or name not in self._channels:
                return None
            channel = self._channels[name]
            only = channel.notifier.capabilities.only
            address = self._address_of(name, delivery.person)
            if address is not None and (only is None or delivery.reason in only):
                return name, address
            seen.add(name)
        return None

    async def _sweep(self) -> None:
        """Deliveries must not wait for ever: for a channel that a reload took away, or for the time
        of a clock that was ahead."""
        while True:
            known = set(self._channels)
            try:
                lost = await self._tools.store.read(partial(sending.without_channel, known=known))
                for delivery in lost:
                    await self._fail_without_channel(delivery)
                await self._set_right()
            except StoreError as error:
                _log.error("outbox_store_refused", error=str(error))
            except Exception:  # noqa: BLE001 - it must sweep again in a minute, whatever happened
                _log.exception("outbox_sweep_failed")
            await self._tools.clock.sleep(_SWEEP)

    async def _set_right(self) -> None:
        now = self._tools.clock.now()
        ahead = await self._tools.store.read(partial(sending.ahead, now=now))
        if ahead:
            await self._tools.writes.write(lambda conn: sending.set_right(conn, ahead, now))
            self.notify(self._channels)

    async def _fail_without_channel(self, delivery: Delivery) -> None:
        now = self._tools.clock.now()
        error = f"no channel {delivery.channel!r} is configured any more"
        await self._tools.writes.write(
            lambda conn: sending.mark_failed(conn, delivery.id, error, now)
        )
        self._tools.metrics.outcomes.labels(delivery.channel, "failed").inc()
        _log.error(
            "delivery_failed", delivery=delivery.id, to=masked(delivery.address), error=error
        )
