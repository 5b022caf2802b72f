"""The job that forgets what is older than the operator wants to keep."""

import structlog

from sentinel.clock import Clock
from sentinel.config.schema import Retention
from sentinel.errors import StoreError
from sentinel.store import action_runs, broadcasts, components, retention, snapshots, uptime
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.retention")

_EVERY = 600.0
# Small bites, so that no commit of signals waits long behind one of them.
_BITE = 500
_PAUSE = 0.05


class Sweeper:
    """`kept` may be exchanged by a reload."""

    def __init__(self, database: Database, clock: Clock, kept: Retention) -> None:
        self._database = database
        self._clock = clock
        self.kept = kept

    async def run(self) -> None:
        while True:
            try:
                await self.sweep()
            except StoreError as error:
                log.error("retention refused", error=str(error))
            await self._clock.sleep(_EVERY)

    async def sweep(self) -> int:
        """Forget all that is too old now; returns how many rows went."""
        total = 0
        while gone := await self._bite():
            total += gone
            await self._clock.sleep(_PAUSE)
        if total:
            log.info("retention", rows=total)
        return total

    async def _bite(self) -> int:
        now, kept = self._clock.now(), self.kept
        limits = retention.Limits(
            signals=now - kept.signals,
            raw=now - kept.raw,
            decisions=now - kept.decisions,
            deliveries=now - kept.deliveries,
            # The guard rails of rules count runs, however short the operator's memory is.
            actions=now - max(float(kept.decisions), action_runs.REMEMBERED),
        )
        rounds = snapshots.Kept(all=now - kept.snapshots, hourly=now - kept.snapshots_hourly)
        await self._database.write(lambda conn: retention.tidy(conn, now))
        await self._database.write(lambda conn: components.forget(conn, limits.signals))
        ended, sorted_before = now - kept.uptime, now - uptime.THINNED_AFTER
        old = await self._database.write(
            lambda conn: uptime.forget(conn, ended, _BITE) + uptime.thin(conn, sorted_before, _BITE)
        )
        told = await self._database.write(
            lambda conn: broadcasts.forget(conn, now - kept.broadcasts, _BITE)
        )
        thinned = await self._database.write(lambda conn: snapshots.thin(conn, rounds, _BITE))
        swept = await self._database.write(lambda conn: retention.sweep(conn, limits, _BITE))
        return old + told + thinned + swept
