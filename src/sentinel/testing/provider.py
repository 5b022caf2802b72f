"""A real HTTP server on this machine that behaves as badly as it is told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from msgspec import Struct

Behaviour = Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]]


class Received(Struct, frozen=True):
    """One request that came in; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def answers(
    status: int = 200, body: str = "{}", headers: Mapping[str, str] | None = None
) -> Behaviour:
    """Answers with this status, these headers and this body."""

    async def behave(request: web.BaseRequest, received: bytes) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=headers)

    return behave


async def hangs(request: web.BaseRequest, received: bytes) -> web.StreamResponse:
    """Takes the request and never answers."""
    await asyncio.Event().wait()
    raise web.HTTPServiceUnavailable


async def drops(request: web.BaseRequest, received: bytes) -> web.StreamResponse:
    """Takes the request and breaks the connection off."""
    if request.transport:
        request.transport.abort()
    return web.Response()


def echoes(status: int) -> Behaviour:
    """Answers with everything it was sent: address, headers and body, as debug pages do."""

    async def behave(request: web.BaseRequest, received: bytes) -> web.StreamResponse:
        head = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
        body = received.decode(errors="replace")
        return web.Response(status=status, text=f"{request.url}\n{head}\n\n{body}")

    return behave


class FakeProvider:
    """Use as `async with fake_provider() as provider`, and send to `provider.url`.

    It accepts everything until `will` says otherwise. `received` are all requests, in order.
    """

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self._behaviours: list[Behaviour] = [answers()]
        self._arrived = asyncio.Event()

    def will(self, *behaviours: Behaviour) -> None:
        """Behave so from the next request on, one after the other; the last one stays."""
        if not behaviours:
            raise ValueError("expected at least one behaviour")
        self._behaviours = list(behaviours)

    async def asked(self) -> None:
        """Returns once a request is there that came after the last call of this."""
        await self._arrived.wait()
        self._arrived.clear()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.method, request.path_qs, headers, body))
        more = len(self._behaviours) > 1
        behave = self._behaviours.pop(0) if more else self._behaviours[0]
        self._arrived.set()
        return await behave(request, body)


@asynccontextmanager
async def fake_provider() -> AsyncIterator[FakeProvider]:
    """A running provider on a free port of the loopback address."""
    provider = FakeProvider()
    runner = web.ServerRunner(
        web.Server(provider.handle, handler_cancellation=True), shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        provider.url = f"http://{host}:{port}"
        yield provider
    finally:
        await runner.cleanup()
