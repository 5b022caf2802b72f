"""Ping addresses: a job asks for one when it has run, as with healthchecks.io.

    /ping/KEY                it went well
    /ping/KEY/start          it begins
    /ping/KEY/fail           it failed
    /ping/KEY/3              its exit status; 0 is well
    /ping/PROJECT_KEY/NAME   the same for the monitor of this name, and what follows as above

Any of GET, HEAD and POST will do. What is posted is kept as the run's message. `?rid=UUID` pairs
the start with the end where runs overlap.
"""

import math
from typing import Literal

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sentinel.api import Checkin
from sentinel.clock import Clock
from sentinel.errors import Invalid, Overloaded, SentinelError, StoreError
from sentinel.ingest.event import hex_id
from sentinel.model.group import OWN_PROJECT
from sentinel.quota import Quotas
from sentinel.store import monitors, projects
from sentinel.store.monitors import Kept
from sentinel.web.services import Services

_A_MINUTE = 120.0
_UNKNOWN_A_MINUTE = 600.0
# More of a job's output is read and thrown away: a job must not fail for it.
_MOST_KEPT = 10_000
_LONGEST_MESSAGE = 2_000
_RETRY_STORE = 5
_METHODS = ["GET", "HEAD", "POST"]

_Status = Literal["in_progress", "ok", "error"]


class _Known(Struct, frozen=True):
    """A monitor, and the project that its check-ins belong to."""

    kept: Kept
    project: str


class Pings:
    """Each monitor may be pinged twice a second; guesses at keys share one allowance."""

    def __init__(self, clock: Clock) -> None:
        self._quotas = Quotas(clock)

    async def own(self, request: Request) -> Response:
        """An address with a monitor's own key, or with a project's key and a name."""
        parts = request.path_params["rest"].strip("/").split("/")
        services: Services = request.app.state.web.services
        try:
            text = await self._take(request, services, parts)
        except Overloaded as error:
            after = str(max(1, math.ceil(error.retry_after)))
            return _plain(f"too many pings: {error}", 429, {"retry-after": after})
        except StoreError as error:
            return _plain(f"not stored: {error}", 503, {"retry-after": str(_RETRY_STORE)})
        except SentinelError as error:
            return _plain(str(error), 400)
        return _plain("OK") if text is None else _plain(text, 404)

    async def _take(self, request: Request, services: Services, parts: list[str]) -> str | None:
        """Returns once the check-in is stored; what was not found, else."""
        known = await self._find(services, parts)
        if known is None:
            self._quotas.take("", 1, _UNKNOWN_A_MINUTE)
            return "there is no such monitor: `sentinel monitors` lists the addresses"
        said, key = parts[1:], known.kept.key
        if key != parts[0]:
            said = said[1:]
        status = _status(said)
        if status is None:
            return "found an unknown ending, expected none, start, fail or an exit status (0-255)"
        self._quotas.take(key, 1, _A_MINUTE)
        monitor = known.kept.monitor
        checkin = Checkin(
            monitor=monitor.name,
            environment=monitor.environment or None,
            tenant=monitor.tenant,
            status=status,
            run=_run(request),
            message=await _message(request),
            tags={"exit_status": said[0]} if said and said[0].isdecimal() else {},
        )
        await services.pipeline.accept(known.project, [checkin], len(checkin.message))
        return None

    async def _find(self, services: Services, parts: list[str]) -> _Known | None:
        key, name = parts[0], parts[1] if len(parts) > 1 else ""
        if not key or len(key) > 200:
            return None
        kept = await services.database.read(lambda conn: monitors.by_key(conn, key))
        if kept is not None:
            seen = kept.watch.seen
            own = kept.monitor.project or (seen.project if seen else "") or OWN_PROJECT
            return _Known(kept, own)
        project = await services.database.read(lambda conn: projects.by_key(conn, key))
        if project is None or not name:
            return None
        here = project.name
        kept = await services.database.read(lambda conn: monitors.of_name(conn, name, here))
        return None if kept is None else _Known(kept, here)


def _status(said: list[str]) -> _Status | None:
    match said:
        case []:
            return "ok"
        case ["start"]:
            return "in_progress"
        case ["fail"]:
            return "error"
        case [number] if number.isdecimal() and len(number) <= 3 and int(number) <= 255:
            return "error" if int(number) else "ok"
    return None


def _run(request: Request) -> str | None:
    given = request.query_params.get("rid")
    if not given:
        return None
    run = hex_id(given)
    if run is None:
        raise Invalid(f"rid: found {given[:60]!r}, expected a UUID")
    return run


async def _message(request: Request) -> str:
    """The end of what was posted: there it says what went wrong."""
    kept = b""
    async for chunk in request.stream():
        kept = (kept + chunk)[-_MOST_KEPT:]
    text = kept.decode("utf-8", "replace").replace("\0", "\ufffd").strip()
    if len(text) <= _LONGEST_MESSAGE:
        return text
    end = text[-_LONGEST_MESSAGE + 1 :]
    # Of a line that is cut in two, half of a secret would be left, or one without its name.
    _, _, whole = end.partition("\n" if "\n" in end else " ")
    return "…" + (whole or end)


def _plain(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(text + "\n", status, {"cache-control": "no-store", **(headers or {})})


def routes(clock: Clock) -> list[Route]:
    return [Route("/ping/{rest:path}", Pings(clock).own, methods=_METHODS)]
