"""From a published update to a delivery for each whom it concerns.

In small transactions, so that nobody else waits for the store: each may be run again, because a
delivery of one update to one subscription is written once. An update counts as told when all are
written; what a kill leaves half done is done again from the beginning.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial

import structlog
from msgspec import Struct, field

from sentinel.broadcasts.audience import Addressee, Place, addressees, audience
from sentinel.broadcasts.timing import due_for
from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.errors import StoreError
from sentinel.model.alert import AlertSeverity
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.delivery import Recipient
from sentinel.store import broadcasts, deliveries
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.broadcasts")

CHUNK = 50
"""Deliveries in one transaction: a few milliseconds, for which the event loop may stand still. On
the writer's thread each of its statements would wait for the interpreter while messages are being
composed, and everybody else for the store."""
_EVERY = 15.0
# Errors of the same group shortly before the alert belong to it, too: most rules wait for several.
_BEFORE_ALERT = 900.0


class _Reach(Struct):
    """What is known of a broadcast that goes on: `seen` is the last signal that was looked at,
    `told` for whom its latest update is written."""

    seen: int = 0
    update: int | None = None
    told: tuple[frozenset[str], AlertSeverity] | None = None


class _Chunk(Struct):
    """What one transaction wrote."""

    written: int = 0
    channels: set[str] = field(default_factory=set)
    unserved: int = 0
    following: Place | None = None


class FanOut:
    """`notify` wakes the outbox's channels; `on_told` tells open pages."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        config: Callable[[], Config],
        notify: Callable[[Iterable[str]], None],
        on_told: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._config = config
        self._notify = notify
        self._on_told = on_told
        self._wake = asyncio.Event()
        self._reached: dict[int, _Reach] = {}

    def notify(self) -> None:
        """There may be something to tell."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.tell_all()
            except StoreError as error:
                log.error("clients not told yet", error=str(error))
            await self._rest()

    async def tell_all(self) -> None:
        """All that was published, in its order, and then those whom it has come to concern since.
        Raises StoreError."""
        for update in await self._database.read(broadcasts.to_tell):
            broadcast = await self._database.read(partial(broadcasts.get, number=update.broadcast))
            if broadcast is not None:
                await self._look_around(broadcast)
                await self._tell(broadcast, update)
        await self._follow_spread()

    async def _tell(self, broadcast: Broadcast, update: Update) -> None:
        place: Place | None = Place()
        unserved = 0
        while place is not None:
            done = await self._write(broadcast, update, place)
            place, unserved = done.following, unserved + done.unserved
            self._notify(done.channels)
        told = await self._database.write(lambda conn: broadcasts.mark_told(conn, update.id))
        log.info("clients told", broadcast=broadcast.id, update=update.id, messages=told)
        if unserved:
            log.warning("clients not told", update=update.id, addresses_without_channel=unserved)
        self._on_told()

    async def _write(self, broadcast: Broadcast, update: Update, place: Place) -> _Chunk:
        def write(conn: sqlite3.Connection) -> _Chunk:
            found, following = addressees(conn, broadcast, update, place, CHUNK)
            chunk = self._enqueue(conn, broadcast, update, found)
            chunk.following = following
            return chunk

        return await self._database.write_here(write)

    def _enqueue(
        self,
        conn: sqlite3.Connection,
        broadcast: Broadcast,
        update: Update,
        found: Iterable[Addressee],
    ) -> _Chunk:
        chunk, now = _Chunk(), self._clock.now()
        served = self._config().clients.channels
        for contact, subscription in found:
            channel = served.get(subscription.kind)
            if channel is None:
                chunk.unserved += 1
                continue
            written = deliveries.enqueue_client(
                conn,
                Recipient(channel, subscription.address),
                severity=broadcast.severity,
                subscription=subscription.id,
                update=update.id,
                due=due_for(contact, broadcast.severity, now),
                now=now,
            )
            if written is not None:
                chunk.written += 1
                chunk.channels.add(channel)
        return chunk

    async def _follow_spread(self) -> None:
        """Tenants that come to be affected get the latest update."""
        going_on = await self._database.read(broadcasts.spreading)
        numbers = {broadcast.id for broadcast, _ in going_on}
        self._reached = {key: one for key, one in self._reached.items() if key in numbers}
        for broadcast, update in going_on:
            await self._look_around(broadcast)
            if update is None:
                continue
            reach = self._reached[broadcast.id]
            tenants = await self._database.read(
                partial(broadcasts.tenants_of, broadcast=broadcast.id)
            )
            concerned = frozenset(tenants), broadcast.severity
            if (reach.update, reach.told) != (update.id, concerned):
                await self._tell_the_rest(broadcast, update)
                reach.update, reach.told = update.id, concerned

    async def _tell_the_rest(self, broadcast: Broadcast, update: Update) -> None:
        after, written = 0, 0
        more = True
        while more:

            def write(conn: sqlite3.Connection, after: int = after) -> tuple[_Chunk, int, bool]:
                found = audience(conn, broadcast, after, CHUNK)
                chunk = self._enqueue(conn, broadcast, update, found)
                last = found[-1][1].id if found else after
                return chunk, last, len(found) == CHUNK

            chunk, after, more = await self._database.write_here(write)
            written += chunk.written
            self._notify(chunk.channels)
        if written:
            await self._database.write(lambda conn: broadcasts.mark_told(conn, update.id))
            log.info("more clients told", broadcast=broadcast.id, messages=written)
            self._on_told()

    async def _look_around(self, broadcast: Broadcast) -> None:
        """Which tenants the incident's signals name."""
        reach = self._reached.setdefault(broadcast.id, _Reach())
        if broadcast.audience != "affected" or broadcast.incident is None:
            return
        tenants, reach.seen = await self._database.read(
            lambda conn: broadcasts.spread(conn, broadcast, reach.seen, _BEFORE_ALERT)
        )
        if tenants:
            await self._database.write(
                lambda conn: broadcasts.note_tenants(conn, broadcast.id, tenants)
            )

    async def _rest(self) -> None:
        """Until something is published, or for a while: tenants are looked for again then."""
        woken = asyncio.ensure_future(self._wake.wait())
        slept = asyncio.ensure_future(self._clock.sleep(_EVERY))
        try:
            await asyncio.wait((woken, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            slept.cancel()
