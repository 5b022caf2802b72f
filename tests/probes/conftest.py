"""A web server that answers with whatever bytes a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest
import structlog
from tests.probes.listening import Handler, listening

from sentinel.api import Clock, Context
from sentinel.clock import SystemClock

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


class Site:
    """`requests` holds the head of each request; answers are given by path."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.requests: list[str] = []
        self.port = 0
        self.scheme = "http"

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head)
        answer = self.answers[head.split()[1].partition("?")[0]]
        try:
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except ConnectionError:
            pass  # the probe may leave before the end
        finally:
            writer.close()


def http(
    body: bytes = b"", status: str = "200 OK", length: int | None = None, **headers: str
) -> bytes:
    """A whole answer; `length` is the Content-Length where it shall be a lie."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


Serve = Callable[..., Awaitable[Site]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[asyncio.Server] = []

    async def start(root: Answer = b"", tls: ssl.SSLContext | None = None, **paths: Answer) -> Site:
        site = Site({"/": root, **{f"/{path}": answer for path, answer in paths.items()}})
        server = await asyncio.start_server(site.answer, "127.0.0.1", 0, ssl=tls)
        servers.append(server)
        site.port = server.sockets[0].getsockname()[1]
        site.scheme = "https" if tls else "http"
        return site

    yield start
    for server in servers:
        server.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as open_session:
        yield open_session


@pytest.fixture
def context(session: aiohttp.ClientSession) -> Callable[..., Context]:
    def make(clock: Clock | None = None) -> Context:
        log = structlog.stdlib.get_logger()
        return Context(name="test", clock=clock or SystemClock(), log=log, http=session)

    return make


Listen = Callable[..., Awaitable[int]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """Starts a server with a handler of connections, and gives its port."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler, tls: ssl.SSLContext | None = None) -> int:
            return await stack.enter_async_context(listening(handler, tls))

        yield start
