"""The heartbeat outwards: a signal passes through all of Sentinel, and only then somebody outside,
who alarms when nothing comes, hears of it."""

import sqlite3
import uuid
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
import structlog

from sentinel.clock import Clock
from sentinel.config.schema_health import Heartbeat
from sentinel.discretion import presentable
from sentinel.errors import SentinelError
from sentinel.health.patience import OWN
from sentinel.model.signal import AnySignal, Status
from sentinel.store import engine, signals
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.heartbeat")

Emit = Callable[[Sequence[AnySignal]], Awaitable[None]]
_FIRST_AFTER = 5.0
_LOOK_AGAIN = 60.0


class NotProven(SentinelError):
    """A signal that was accepted did not come out at the other end."""


class HeartbeatKeeper:
    """`emit` stores signals of the project `project` and returns once they and what follows from
    them are committed. `settings` are those that hold now, None where nobody is to hear."""

    def __init__(
        self,
        database: Database,
        emit: Emit,
        project: str,
        http: aiohttp.ClientSession,
        clock: Clock,
        settings: Callable[[], Heartbeat | None],
    ) -> None:
        self._database = database
        self._emit = emit
        self._project = project
        self._http = http
        self._clock = clock
        self._settings = settings
        self._fault = ""
        self._took: float | None = None

    async def run(self) -> None:
        await self._clock.sleep(_FIRST_AFTER)
        while True:
            settings = self._settings()
            if settings is not None:
                await self.beat(settings)
            await self._clock.sleep(_LOOK_AGAIN if settings is None else settings.every)

    async def beat(self, settings: Heartbeat) -> bool:
        """One pass, and a call if it went well; whether both did."""
        begun = self._clock.monotonic()
        try:
            await self._pass_through()
        except SentinelError as error:
            log.error("heartbeat held back", reason=str(error))
            return False
        self._took = self._clock.monotonic() - begun
        fault = await self._call(settings)
        if fault:
            log.error("heartbeat not taken", reason=fault)
        if fault != self._fault:
            self._fault = fault
            await self._tell()
        return not fault

    async def _pass_through(self) -> None:
        """Raises NotProven, StoreError or Overloaded where the signal does not get through."""
        id = uuid.uuid4().hex
        await self._emit([self._status(id)])
        await self._database.read(lambda conn: self._read_back(conn, id))

    def _read_back(self, conn: sqlite3.Connection, id: str) -> None:
        kept = signals.namesake(conn, Status(id=id, project=self._project, status="up"))
        if kept is None:
            raise NotProven("its signal was accepted and is not in the store")
        if engine.judged_until(conn) < kept.received:
            raise NotProven("its signal is stored, and the rules have not seen it")

    async def _call(self, settings: Heartbeat) -> str:
        """What went wrong; empty where the other side took it."""
        url = settings.url.reveal()
        timeout = aiohttp.ClientTimeout(total=settings.timeout)
        try:
            async with self._http.request(settings.method, url, timeout=timeout) as response:
                if response.status < 400:
                    return ""
                return f"the other side answered with the status {response.status}"
        except TimeoutError:
            return f"no answer within {settings.timeout}"
        except (aiohttp.ClientError, SentinelError) as error:
            return presentable(f"{type(error).__name__}: {error}", (url,))

    async def _tell(self) -> None:
        try:
            await self._emit([self._status("")])
        except SentinelError as error:
            log.error("the state of the heartbeat was not stored", error=str(error))

    def _status(self, id: str) -> Status:
        """The state that the latest pass left behind."""
        return Status(
            id=id,
            component=OWN,
            status="degraded" if self._fault else "up",
            message=f"nobody outside hears the heartbeat: {self._fault}" if self._fault else "",
            latency=self._took,
        )
