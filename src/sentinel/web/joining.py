"""One packet for an answer's head and body, which uvicorn writes one after the other."""

import asyncio

# A head, or a small piece of a stream. What is larger is no burden as a packet of its own.
_SMALL = 4_096


class Joining:
    """A transport that holds back a small piece until the next one, or the end of the loop's turn.

    uvloop hands every write to the kernel at once, which then wakes the reader for each; most
    readers can do nothing with a head alone. No more than one small piece is held, so the
    transport's own flow control sees what a stream writes.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        elif data and len(data) <= _SMALL:
            self._held = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():
            self._transport.write(held)
