"""A web server in a process of its own that answers at once, and notes when it was asked what."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
Asked = list[tuple[str, float]]
"""Paths, with the moment of each request on the clock that all processes share."""


class Targets:
    def __init__(self, port: int, end: Connection) -> None:
        self.port = port
        self._end = end

    def asked(self) -> Asked:
        """All requests so far; the server ends with it."""
        self._end.send(None)
        asked: Asked = self._end.recv()
        return asked


@contextmanager
def targets() -> Iterator[Targets]:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    server.start()
    # Where the server fails to start, nothing is then left to be waited for.
    theirs.close()
    try:
        yield Targets(ours.recv(), ours)
    finally:
        server.terminate()
        server.join()


def _serve(end: Connection) -> None:
    asyncio.run(_answer(end))


async def _answer(end: Connection) -> None:
    asked: Asked = []

    class Target(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = transport

        def data_received(self, data: bytes) -> None:
            asked.append((data.split(b" ", 2)[1].decode(), time.monotonic()))
            assert isinstance(self._transport, asyncio.WriteTransport)
            self._transport.write(_ANSWER)
            self._transport.close()

    server = await asyncio.get_running_loop().create_server(Target, "127.0.0.1", 0)
    end.send(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(end.recv)
    end.send(asked)
