"""Socket Mode: Slack's events over a connection that we open, where Slack can't call us.

The official library has a client for it, which sleeps by the wall clock, queues without bound and
opens a session of its own that would call private addresses. Of the library only the call that
gives the address is used; what then comes is a few kinds of JSON messages.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import msgspec

from sentinel.api import Context, Permanent, Retryable

_HEARTBEAT = 20.0
_LARGEST = 1_000_000
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_GONE = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)

Take = Callable[[Mapping[str, Any]], Awaitable[None]]


class Socket:
    """`take` is given the payloads. `address` asks Slack for one, which is good for one use."""

    def __init__(self, context: Context, address: Callable[[], Awaitable[str]], take: Take) -> None:
        self._context = context
        self._address = address
        self._take = take
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """For ever: after a connection has ended, the next one."""
        failures = 0
        while True:
            welcomed = False
            try:
                welcomed = await self._connected()
            except (Permanent, Retryable) as error:
                self._trouble(str(error))
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                # The text of these may hold the address, which is as good as a key.
                self._trouble(type(error).__name__)
            except Exception:
                # Whatever it was: a task that ends is a channel that nobody can answer over.
                self._context.log.exception("slack_socket_failed")
            failures = 0 if welcomed else failures + 1
            pause = _FIRST_PAUSE * 2.0 ** min(failures, 10)
            await self._context.clock.sleep(min(_LONGEST_PAUSE, pause))

    async def _connected(self) -> bool:
        """Until Slack ends the connection, which it does every few hours. Gives whether it had
        welcomed us."""
        welcomed = False
        url = await self._address()
        async with self._context.http.ws_connect(
            url, heartbeat=_HEARTBEAT, max_msg_size=_LARGEST
        ) as socket:
            try:
                async for message in socket:
                    if message.type in _GONE or message.type is aiohttp.WSMsgType.ERROR:
                        break
                    envelope = _envelope(message)
                    if envelope.get("type") == "hello":
                        welcomed = True
                    elif envelope.get("type") == "disconnect":
                        break
                    elif isinstance(envelope.get("envelope_id"), str):
                        self._begin(socket, envelope)
            finally:
                # A task must not answer over a connection that is closed.
                for task in list(self._answering):
                    task.cancel()
        return welcomed

    def _begin(self, socket: aiohttp.ClientWebSocketResponse, envelope: Mapping[str, Any]) -> None:
        """Beside the reading: one that takes its time must not keep the others waiting."""
        task = asyncio.create_task(self._answer(socket, envelope))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(
        self, socket: aiohttp.ClientWebSocketResponse, envelope: Mapping[str, Any]
    ) -> None:
        payload = envelope.get("payload")
        if isinstance(payload, dict):
            await self._take(payload)
        try:
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            # It broke meanwhile; Slack sends the event again, and it is known by its number.
            self._trouble(type(error).__name__)

    def _trouble(self, error: str) -> None:
        self._context.log.warning("slack_socket_failed", error=error)


def _envelope(message: aiohttp.WSMessage) -> Mapping[str, Any]:
    if message.type is not aiohttp.WSMsgType.TEXT:
        return {}
    try:
        found = msgspec.json.decode(message.data)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
