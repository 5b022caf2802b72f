"""The job that takes a snapshot in each health round, and tells of a regression."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.errors import SentinelError
from sentinel.model.signal import AnySignal, Change, Error
from sentinel.model.snapshot import Snapshot
from sentinel.snapshots.checksums import Checksummer
from sentinel.snapshots.compare import compare
from sentinel.snapshots.compare.context import ENVIRONMENT, FILE, UNSET, changed_names, is_set
from sentinel.snapshots.comparison import comparison, usual
from sentinel.snapshots.difference import Difference
from sentinel.snapshots.gathering import Gatherer
from sentinel.snapshots.judging import judged, settled
from sentinel.snapshots.report import error_of
from sentinel.store import snapshots as snapshot_store
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.snapshots")

Emit = Callable[[Sequence[AnySignal]], Awaitable[None]]
AGAIN_AFTER = 60.0
"""Seconds after which a regression that lasts is told of again, so that its alert goes on."""
_FIRST_AFTER = 10.0


class HealthRounds:
    """`config` is that which runs now, `emit` stores signals of Sentinel's own project, `env` is
    the environment whose checksums are taken and `key` what they are keyed with. `on_round` is
    called when a snapshot has been stored."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        config: Callable[[], Config],
        emit: Emit,
        *,
        key: bytes,
        env: Mapping[str, str],
        on_round: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._config = config
        self._emit = emit
        self._checksummer = Checksummer(key, env)
        self._on_round = on_round
        self._gatherer = Gatherer(database, clock.now())
        self._previous: Snapshot | None = None
        self._regression: Error | None = None
        self._told = 0.0

    async def run(self) -> None:
        passed = self._config().snapshots.every - _FIRST_AFTER
        while True:
            every = self._config().snapshots.every
            pause = max(0.0, min(every - passed, AGAIN_AFTER))
            await self._clock.sleep(pause)
            passed += pause
            try:
                if passed >= every:
                    passed = 0.0
                    await self.take()
                elif self._regression is not None:
                    await self._emit([self._regression])
            except SentinelError as error:
                log.error("no snapshot was taken", error=str(error))

    async def take(self) -> Snapshot:
        """One round. Raises StoreError or Overloaded where something is not stored."""
        config = self._config()
        terms = config.snapshots
        previous = self._previous or await self._database.read(snapshot_store.latest)
        checksums = await self._checksums(config, previous)
        taken = await self._gatherer.take(self._clock.now(), config, checksums, previous)
        good = await self._database.read(snapshot_store.last_good)
        differences: list[Difference] = []
        if good is not None:
            differences = await self._database.read(
                lambda conn: compare(good, taken, terms, lambda: usual(conn, taken))
            )
        snapshot = judged(taken, previous, good, differences, terms)
        self._previous = await self._store(snapshot, previous, config)
        if snapshot.regressed != (previous is not None and previous.regressed):
            log.warning("regression", began=snapshot.regressed, snapshot=self._previous.id)
        self._on_round()
        self._regression = None
        if snapshot.regressed and good is not None:
            await self._tell(self._previous, good, config)
        else:
            self._told = 0.0
        return self._previous

    async def _store(
        self, snapshot: Snapshot, previous: Snapshot | None, config: Config
    ) -> Snapshot:
        times = settled(snapshot, config.snapshots)
        was_healthy = previous is not None and previous.healthy_since is not None
        turned = was_healthy and snapshot.healthy_since is None

        def change(conn: sqlite3.Connection) -> Snapshot:
            stored = snapshot_store.insert(conn, snapshot)
            if times is not None:
                snapshot_store.settle(conn, *times)
            if turned:
                snapshot_store.mark_edge(conn, stored.id)
            return stored

        return await self._database.write(change)

    async def _tell(self, snapshot: Snapshot, good: Snapshot, config: Config) -> None:
        found = await self._database.read(
            lambda conn: comparison(conn, good, snapshot, config.snapshots)
        )
        self._regression = error_of(found, config.public_url)
        # Rounds that come every few seconds must not look like a burst of errors. A clock that was
        # set back must not keep it from being told until it has caught up.
        if abs(self._clock.now() - self._told) >= AGAIN_AFTER / 2:
            await self._emit([self._regression])
            self._told = self._clock.now()

    async def _checksums(self, config: Config, previous: Snapshot | None) -> dict[str, str]:
        """As they are now; as they were, where the change could not be stored, so that the next
        round tells of it."""
        wanted, folder = config.snapshots.checksums, config.file.parent
        found = await asyncio.to_thread(self._checksummer.read, wanted, folder)
        if previous is None:
            return found
        names = changed_names(previous.checksums, found)
        if not names:
            return found
        try:
            await self._emit([_change(name, found.get(name)) for name in names])
        except SentinelError as error:
            log.error("changes could not be stored", error=str(error))
            return previous.checksums
        return found


def _change(name: str, checksum: str | None) -> Change:
    kind = "env" if name.startswith(ENVIRONMENT) else "config"
    subject = name.removeprefix(ENVIRONMENT).removeprefix(FILE)
    what = "variable" if kind == "env" else "file"
    how = "was changed" if is_set(checksum) else f"is {checksum or UNSET}"
    return Change(kind=kind, summary=f"{what} {subject} {how}")
