"""Hears what another process has put into the outbox: a test message from the command line must
not wait until its channel looks by itself."""

from functools import partial

from sentinel.clock import Clock
from sentinel.outbox import Outbox
from sentinel.store import sending
from sentinel.store.database import Database

_LOOK_EVERY = 1.0


class Doorbell:
    def __init__(self, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    async def run(self) -> None:
        """Never returns. Raises StoreError."""
        while True:
            await self.look()
            await self._clock.sleep(_LOOK_EVERY)

    async def look(self) -> None:
        asked = partial(sending.channels_to_test, now=self._clock.now())
        self._outbox.notify(await self._database.read(asked))
