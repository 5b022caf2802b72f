"""Open SMTP connections, kept for a short while so that a burst of mails needs only a few."""

import asyncio
import ssl
from typing import Literal

import aiosmtplib

from sentinel.api import Clock

Tls = Literal["none", "starttls", "implicit"]
_MOST_MAILS = 100
_IDLE = 20.0


class Server:
    """Where and how to connect. `timeout` in seconds, for each command."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tls: Tls,
        ca_file: str | None,
        username: str | None,
        password: str | None,
        timeout: float,
    ) -> None:
        self._context = None if tls == "none" else ssl.create_default_context(cafile=ca_file)
        self._host, self._port, self._tls = host, port, tls
        self._username, self._password, self._timeout = username, password, timeout

    async def connect(self) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._timeout,
            use_tls=self._tls == "implicit",
            start_tls=self._tls == "starttls",
            tls_context=self._context,
            username=self._username,
            password=self._password,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client


class Connection:
    """One open connection. `reused` says that it may have died while nobody looked."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self.client = client
        self.mails = 0

    @property
    def reused(self) -> bool:
        return self.mails > 0

    @property
    def usable(self) -> bool:
        return self.client.is_connected and self.mails < _MOST_MAILS


class Pool:
    """At most `size` connections at a time. Idle ones are closed after 20 seconds."""

    def __init__(self, server: Server, size: int, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._places = asyncio.Semaphore(size)
        self._idle: list[tuple[float, Connection]] = []
        self._closing: asyncio.Task[None] | None = None

    async def acquire(self) -> Connection:
        """The caller gives it back with `release`, or with `discard` after any trouble."""
        await self._places.acquire()
        try:
            while self._idle:
                _, connection = self._idle.pop()
                if connection.usable:
                    return connection
                connection.client.close()
            return Connection(await self._server.connect())
        except BaseException:
            self._places.release()
            raise

    def release(self, connection: Connection) -> None:
        connection.mails += 1
        self._places.release()
        self._idle.append((self._clock.monotonic(), connection))
        if self._closing is None:
            self._closing = asyncio.create_task(self._close_idle())

    def discard(self, connection: Connection) -> None:
        self._places.release()
        connection.client.close()

    async def close(self) -> None:
        """Say good-bye on all idle connections."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_quit(connection) for _, connection in idle))

    async def _close_idle(self) -> None:
        while self._idle:
            await self._clock.sleep(_IDLE / 2)
            oldest = self._clock.monotonic() - _IDLE
            old = [connection for since, connection in self._idle if since <= oldest]
            self._idle = [one for one in self._idle if one[0] > oldest]
            await asyncio.gather(*(_quit(connection) for connection in old))
        self._closing = None


async def _quit(connection: Connection) -> None:
    try:
        await connection.client.quit(timeout=2.0)
    except (aiosmtplib.SMTPException, OSError):
        # It was to be closed anyway.
        connection.client.close()
