"""`/live`: tells an open page which kinds of things changed. The page then asks for itself again,
so that what it may see is decided in one place."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from sentinel.clock import Clock
from sentinel.web import auth
from sentinel.web.live import Live
from sentinel.web.services import Services

MOST_LISTENERS = 200
_AT_MOST_EVERY = 1.0
_HEARTBEAT = 20.0
# The browser then comes again by itself, and is asked anew who it is.
_LASTS = 300.0
_RETRY = b"retry: 3000\n\n"


class Stream:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._listeners = 0

    async def __call__(self, request: Request) -> Response:
        if await auth.session_of(request, self._services) is None:
            return PlainTextResponse("sign in first\n", 401)
        if self._listeners >= MOST_LISTENERS or self._services.unready() is not None:
            return PlainTextResponse("too busy\n", 503, {"retry-after": "30"})
        return StreamingResponse(
            self._lines(),
            media_type="text/event-stream",
            # Proxies that gather answers would hold the events back.
            headers={"x-accel-buffering": "no"},
        )

    async def _lines(self) -> AsyncGenerator[bytes, None]:
        self._listeners += 1
        try:
            yield _RETRY
            async for line in lines(self._services.live, self._services.clock):
                yield line
        finally:
            self._listeners -= 1


async def lines(live: Live, clock: Clock) -> AsyncGenerator[bytes, None]:
    """Events, at most one a second, and comments that keep the connection open between them."""
    changes = live.listen()
    end = clock.monotonic() + _LASTS
    next_change = asyncio.ensure_future(anext(changes, None))
    try:
        while clock.monotonic() < end:
            done, _ = await asyncio.wait((next_change,), timeout=_HEARTBEAT)
            if not done:
                yield b": still here\n\n"
                continue
            topics = next_change.result()
            if topics is None:  # The daemon stops.
                return
            yield b"data: %s\n\n" % " ".join(sorted(topics)).encode()
            await clock.sleep(_AT_MOST_EVERY)
            next_change = asyncio.ensure_future(anext(changes, None))
    finally:
        next_change.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await next_change
        await changes.aclose()


def routes(services: Services) -> list[Route]:
    return [Route("/live", Stream(services).__call__)]
