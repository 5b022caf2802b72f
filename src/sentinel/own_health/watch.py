"""The job that looks after Sentinel itself, and reports what it finds as errors like any other."""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from msgspec import Struct

from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.errors import StoreError
from sentinel.intelligence.wording import span
from sentinel.model.signal import Error
from sentinel.outbox.channel import Health
from sentinel.own_health import troubles
from sentinel.own_health.overview import deliverable
from sentinel.own_health.troubles import LONG, STORE, Trouble
from sentinel.scheduler import JobStatus
from sentinel.self_report import SelfReport, error
from sentinel.store.database import Database
from sentinel.store.proven import Proven, oldest_due

log = structlog.get_logger("sentinel.own_health")

_EVERY = 10.0
_ROUNDS_TO_PROVEN = 6


class Parts(Struct, frozen=True, kw_only=True):
    """What is looked at. `trouble` says why the store refused the latest commit, if it did."""

    config: Callable[[], Config]
    channels: Callable[[], Iterable[Health]]
    probes: Callable[[], Iterable[JobStatus]]
    trouble: Callable[[], str | None]


class OwnWatch:
    """`report` stores an error. `proven` is what got through last, looked up each minute."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        self_report: SelfReport,
        report: Callable[[Error], None],
        parts: Parts,
    ) -> None:
        self._database = database
        self._clock = clock
        self._self_report = self_report
        self._report = report
        self._parts = parts
        self._times = (clock.now(), clock.monotonic())
        self._held_since: dict[str, float] = {}
        self._refused: tuple[float, str] | None = None
        self._rounds = 0
        self.proven: list[Proven] = []

    async def run(self) -> None:
        while True:
            await self.look()
            await self._clock.sleep(_EVERY)

    async def look(self) -> None:
        for one in [*self._at_hand(), *await self._looked_up()]:
            about = ", ".join(one.about.values())
            if self._self_report.is_news(one.code, about):
                log.error("in need of attention", code=one.code, reason=one.text)
                self._report(error(one.code, one.text, about=one.about))

    def ages(self) -> Iterable[tuple[tuple[str, str], float]]:
        """Seconds since something got through, by channel and person; infinite where it never
        did."""
        now = self._clock.now()
        for one in self.proven:
            age = float("inf") if one.at is None else max(0.0, now - one.at)
            yield (one.channel, one.person or ""), age

    def _at_hand(self) -> Iterable[Trouble]:
        yield from troubles.channels(self._parts.channels())
        yield from troubles.probes(self._held_long())
        yield from self._clock_steps()
        yield from self._refusals()

    async def _looked_up(self) -> Iterable[Trouble]:
        """What asks the disk. Where the store can't be read nothing could be stored either."""
        folder, now = self._database.state_dir, self._clock.now()
        try:
            found = await asyncio.to_thread(lambda: list(troubles.disk(folder)))
            count, since = await self._database.read(lambda conn: oldest_due(conn, now))
            if self._rounds % _ROUNDS_TO_PROVEN == 0:
                config = self._parts.config()
                self.proven = await self._database.read(lambda conn: deliverable(conn, config))
        except (OSError, StoreError) as refused:
            log.error("own health not looked up", error=str(refused))
            return []
        self._rounds += 1
        return [*found, *troubles.backlog(count, since, now)]

    def _held_long(self) -> list[JobStatus]:
        """Probes in quarantine since long; a short one is nothing that anybody need be told."""
        now = self._clock.monotonic()
        held = [one for one in self._parts.probes() if one.guard.state == "quarantined"]
        self._held_since = {one.name: self._held_since.get(one.name, now) for one in held}
        return [one for one in held if now - self._held_since[one.name] >= LONG]

    def _clock_steps(self) -> Iterable[Trouble]:
        (wall, passed), self._times = self._times, (self._clock.now(), self._clock.monotonic())
        return troubles.clock(self._times[0] - wall, self._times[1] - passed)

    def _refusals(self) -> Iterable[Trouble]:
        """Told once the store takes it again: before, not even this could be stored."""
        reason = self._parts.trouble()
        if reason is not None:
            since = self._clock.monotonic() if self._refused is None else self._refused[0]
            self._refused = (since, reason)
        elif self._refused is not None:
            (since, reason), self._refused = self._refused, None
            lasted = span(self._clock.monotonic() - since)
            yield Trouble(STORE, f"for {lasted} the store took nothing: {reason}")
