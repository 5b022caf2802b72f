"""The words by which a client and a server agree on TLS, up to where the handshake begins."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from sentinel.probes._latency import Failed

StartTls = Literal["imap", "pop3", "postgresql", "smtp"]
MOST_LINES = 100
# PostgreSQL's SSLRequest: its length, and the number that stands for it.
_SSL_REQUEST = (8).to_bytes(4, "big") + (80_877_103).to_bytes(4, "big")


async def agree(
    protocol: StartTls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Raises Failed where the server speaks something else or offers no TLS."""
    await _DIALOGUES[protocol](reader, writer)


async def _smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RFC 3207."""
    await _smtp_reply(reader, "220")
    writer.write(f"EHLO {socket.gethostname()}\r\n".encode())
    offers = await _smtp_reply(reader, "250")
    if not any(line[4:].upper() == "STARTTLS" for line in offers):
        raise Failed("the server offers no STARTTLS")
    writer.write(b"STARTTLS\r\n")
    await _smtp_reply(reader, "220")


async def _smtp_reply(reader: asyncio.StreamReader, code: str) -> list[str]:
    """All lines of a reply, the last of which has a space after its code."""
    lines = []
    for _ in range(MOST_LINES):
        line = await _line(reader)
        if not line.startswith(code):
            raise Failed(f"the server says {line[:60]!r}, expected {code}")
        lines.append(line)
        if line[3:4] != "-":
            return lines
    raise Failed(f"the server's reply has more than {MOST_LINES} lines")


async def _imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RFC 9051, 6.2.1."""
    await _expect(reader, "* OK")
    writer.write(b"a STARTTLS\r\n")
    for _ in range(MOST_LINES):
        line = await _line(reader)
        if not line.startswith("* "):
            break
    if not line.upper().startswith("A OK"):
        raise Failed(f"the server says {line[:60]!r}, expected a OK")


async def _pop3(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RFC 2595."""
    await _expect(reader, "+OK")
    writer.write(b"STLS\r\n")
    await _expect(reader, "+OK")


async def _postgresql(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """PostgreSQL's protocol 3.0, "SSL Session Encryption"."""
    writer.write(_SSL_REQUEST)
    answer = await reader.readexactly(1)
    if answer == b"N":
        raise Failed("the server offers no TLS")
    if answer != b"S":
        raise Failed(f"the server says {answer!r}, expected b'S'")


async def _expect(reader: asyncio.StreamReader, start: str) -> None:
    line = await _line(reader)
    if not line.upper().startswith(start):
        raise Failed(f"the server says {line[:60]!r}, expected {start}")


async def _line(reader: asyncio.StreamReader) -> str:
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError as error:
        raise Failed("the server says an endless line") from error
    return line.decode(errors="replace").rstrip("\r\n")


_Dialogue = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
_DIALOGUES: dict[StartTls, _Dialogue] = {
    "imap": _imap,
    "pop3": _pop3,
    "postgresql": _postgresql,
    "smtp": _smtp,
}
