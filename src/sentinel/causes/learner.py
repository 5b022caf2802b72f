"""The job that remembers incidents, so that new ones can be compared with them."""

from collections.abc import Callable

import structlog

from sentinel.clock import Clock
from sentinel.config.schema import Retention
from sentinel.errors import StoreError
from sentinel.store import past
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.causes")

_EVERY = 60.0
_BITE = 100
_PAUSE = 0.05


class Learner:
    """`kept` says how long past incidents are of use."""

    def __init__(self, database: Database, clock: Clock, kept: Callable[[], Retention]) -> None:
        self._database = database
        self._clock = clock
        self._kept = kept

    async def run(self) -> None:
        while True:
            try:
                await self.learn()
            except StoreError as error:
                log.error("incidents not remembered", error=str(error))
            await self._clock.sleep(_EVERY)

    async def learn(self) -> int:
        """Take in what is new or has ended, and forget what is too old; returns how many were
        taken in."""
        total = 0
        since = self._clock.now() - self._kept().past_incidents
        count = _BITE
        while count == _BITE:
            count = await self._database.write(lambda conn: past.learn(conn, since, _BITE))
            total += count
            await self._rest(count)
        count = _BITE
        while count == _BITE:
            count = await self._database.write(lambda conn: past.forget(conn, since, _BITE))
            await self._rest(count)
        return total

    async def _rest(self, count: int) -> None:
        """Between two bites, so that no commit of signals waits for all of them."""
        if count == _BITE:
            await self._clock.sleep(_PAUSE)
