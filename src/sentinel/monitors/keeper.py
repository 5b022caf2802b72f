"""The job that notices runs of which nothing is heard."""

import structlog

from sentinel.clock import Clock
from sentinel.errors import SentinelError
from sentinel.model.monitor import Monitor
from sentinel.monitors import ledger
from sentinel.monitors.turn import EARLY
from sentinel.pipeline import Pipeline
from sentinel.store import monitors as store
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.monitors")

# A check-in may bring a nearer deadline at any time; nobody is told later than by this.
_EVERY = 5.0


class DeadlineKeeper:
    def __init__(self, database: Database, pipeline: Pipeline, clock: Clock) -> None:
        self._database = database
        self._pipeline = pipeline
        self._clock = clock
        self._looked = clock.now()

    async def configure(self, monitors: tuple[Monitor, ...]) -> None:
        """What the configuration says, at the start and at each reload."""
        now = self._clock.now()
        await self._database.write(lambda conn: ledger.configure(conn, monitors, now))

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except SentinelError as error:
                log.warning("deadlines not kept", error=str(error))
            await self._clock.sleep(_EVERY)

    async def look(self) -> None:
        """Tell what is overdue now. Raises StoreError or Overloaded, having told nothing."""
        now = self._clock.now()
        if now < self._looked - EARLY:
            await self._database.write(lambda conn: ledger.set_right(conn, now))
        self._looked = now
        due = await self._database.read(store.next_due)
        if due is not None and due <= now:
            await self._pipeline.observe(ledger.overdue)
