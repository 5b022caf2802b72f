"""uvicorn's HTTP protocol, with the bounds on a request's head that it lacks, and answers in one
packet."""

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from sentinel.web.joining import Joining

# Seconds from the connection, or from the first byte of a later request, to the end of its head.
HEAD_TIMEOUT = 10.0
MAX_HEAD = 65_536
_TOO_LARGE = b"the head of the request is larger than 64 KB\n"


class Protocol(HttpToolsProtocol):
    """Hangs up on a client whose request line and headers are too slow or too large: without
    that, anyone could hold connections for ever, or fill the memory by one endless header."""

    _timer: asyncio.TimerHandle | None = None
    _size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = Joining(transport, self.loop)  # type: ignore[assignment]
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer is None:
            return
        self._size += len(data)
        if self._size > MAX_HEAD and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._timer is None:
            self._begin_head()

    def on_headers_complete(self) -> None:
        self._end_head()
        super().on_headers_complete()

    def _begin_head(self) -> None:
        self._size = 0
        self._timer = self.loop.call_later(HEAD_TIMEOUT, self.transport.close)

    def _end_head(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self) -> None:
        lines = [
            STATUS_LINE[431],
            b"content-type: text/plain\r\ncontent-length: %d\r\n" % len(_TOO_LARGE),
            b"connection: close\r\n\r\n",
            _TOO_LARGE,
        ]
        self.transport.write(b"".join(lines))
        self.transport.close()
