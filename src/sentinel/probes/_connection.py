"""A connection to a service, and why there is none, in words for a person."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated

from msgspec import Meta

from sentinel.probes._latency import Failed

LONGEST_LINE = 65_536
Host = Annotated[
    str,
    Meta(min_length=1, max_length=253, pattern=r"^[^\s/@]+$", examples=["shop.example.com"]),
]
Port = Annotated[int, Meta(ge=1, le=65535)]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connection(host: str, port: int) -> AsyncIterator[Streams]:
    """Open within the block. Raises Failed where it can't be opened, and where it breaks."""
    with failures(host, port):
        reader, writer = await asyncio.open_connection(host, port, limit=LONGEST_LINE)
    try:
        with failures(host, port):
            yield reader, writer
    except BaseException:
        # What still waits to be sent to such a peer, and its good-bye, are not waited for.
        writer.transport.abort()
        raise
    writer.close()


@contextmanager
def failures(host: str, port: int | None = None) -> Iterator[None]:
    """Turns what goes wrong on the way to this address into Failed."""
    where = f"{host}:{port}" if port else host
    try:
        yield
    except EOFError as error:
        raise Failed(f"{where} closed the connection") from error
    except UnicodeError as error:
        raise Failed(f"{host} is no name of a host") from error
    except OSError as error:
        raise Failed(_reason(error, host, where)) from error


def _reason(error: OSError, host: str, where: str) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"the certificate of {where} is refused: {error.verify_message}"
        case ssl.SSLError():
            return f"no TLS connection to {where}: {error.reason or error}"
        case socket.gaierror():
            return f"the name {host} does not resolve"
        case ConnectionResetError() | BrokenPipeError():
            return f"{where} broke the connection off"
        case _:
            # A name with several addresses gives one error without a number for all of them.
            return f"no connection to {where}: {os.strerror(error.errno) if error.errno else error}"
