"""The bounds on a request's head, which uvicorn does not set."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import Mock

import pytest

from sentinel.web import protocol
from sentinel.web.joining import Joining
from sentinel.web.server import Server, listen


async def _application(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/text":
        length = (b"content-length", b"5")
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": b"hello"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT", 0.2)
    listener = listen("127.0.0.1", 0)
    server = Server(_application)
    serving = asyncio.create_task(server.serve([listener]))
    yield listener.getsockname()[1]
    server.stop()
    await serving


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "])
async def test_a_head_that_does_not_end_is_hung_up_on(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_a_later_request_of_a_connection_has_its_own_time(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for _ in range(3):
        writer.write(request)
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
    # The start of a fourth one, which never ends.
    writer.write(request[:-2])
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_a_head_that_is_too_large_is_refused(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nX: " + b"a" * 2 * protocol.MAX_HEAD)
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
    writer.close()


async def test_a_large_body_behind_a_small_head_passes(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b"a" * 2 * protocol.MAX_HEAD
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
    writer.write(head + body)
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 204 ")
    writer.close()


async def test_an_answer_is_written_in_one_piece(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: asyncio.Queue[bytes] = asyncio.Queue()

    class Noting(Joining):
        def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
            noting = Mock(wraps=transport)
            noting.write.side_effect = written.put_nowait
            super().__init__(noting, loop)

    monkeypatch.setattr(protocol, "Joining", Noting)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /text HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(5):
        answer = await written.get()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nhello")
    writer.close()
