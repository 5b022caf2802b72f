"""One request, and what its answer means for the batch."""

import contextlib
import http.client
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

from sentinel.client.address import Address
from sentinel.client.batch import Batch
from sentinel.clock import Clock

LONGEST_WAIT = 3600.0
_PATHS = {"errors": "/api/v1/errors", "changes": "/api/v1/changes"}
_SPLITTABLE = (400, 413, 422)
_AGAIN = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`away` keeps the batch for later, not before `after` seconds where the server said so.

    `refused` can't succeed by itself; with `splittable`, a single item may be to blame.
    """

    kind: Literal["delivered", "refused", "away"]
    text: str = ""
    after: float | None = None
    splittable: bool = False


class Transport:
    """A connection for each batch: at most one a second, and nothing that a fork could share."""

    def __init__(
        self, address: Address, clock: Clock, timeout: float, tls: ssl.SSLContext | None
    ) -> None:
        self._address = address
        self._clock = clock
        self._timeout = timeout
        self._tls = tls
        self._headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "User-Agent": "sentinel-client-python",
            "X-Sentinel-Key": address.key,
            "Connection": "close",
        }

    def post(self, batch: Batch) -> Outcome:
        try:
            return self._exchange(batch)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            # A ValueError is a host name that no address can be asked for.
            return Outcome("away", f"{type(problem).__name__}: {problem}")

    def _exchange(self, batch: Batch) -> Outcome:
        path = self._address.prefix + _PATHS[batch.kind]
        with contextlib.closing(self._connection()) as connection:
            try:
                connection.request("POST", path, batch.body, self._headers)
            except (BrokenPipeError, ConnectionResetError):
                # A server that refuses a body may answer and close before it has read it all.
                if connection.sock is None:
                    raise
            response = connection.getresponse()
            said = response.read(2000).decode("utf-8", "replace")
            return self._judge(response.status, response.getheader("Retry-After"), said)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        if not self._address.tls:
            return http.client.HTTPConnection(host, port, timeout=self._timeout)
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._tls)

    def _judge(self, status: int, retry_after: str | None, said: str) -> Outcome:
        text = f"HTTP {status} {_printable(said)}".rstrip()
        if 200 <= status < 300:
            return Outcome("delivered")
        if status in _AGAIN or status >= 500:
            return Outcome("away", text, after=seconds(retry_after, self._clock.now()))
        return Outcome("refused", text, splittable=status in _SPLITTABLE)


def seconds(retry_after: str | None, now: float) -> float | None:
    """`Retry-After` (RFC 9110, section 10.2.3): a number of seconds or a date."""
    if retry_after is None:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            wait = parsedate_to_datetime(retry_after).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(wait, 0.0), LONGEST_WAIT) if wait == wait else None


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:200]).strip()
