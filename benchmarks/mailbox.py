"""A real SMTP server in a process of its own, which notes when it took which mail."""

import multiprocessing
import re
import time
from multiprocessing.connection import Connection
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.daemon import free_port


class Mailbox:
    """`pattern` finds in a mail what it is known by."""

    def __init__(self, pattern: str) -> None:
        self.port = free_port()
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(pattern, self.port, theirs), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        self._ours.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def taken(self) -> list[tuple[str, float]]:
        """What was found in each mail, and when it was accepted, on the monotonic clock."""
        self._ours.send(None)
        found: list[tuple[str, float]] = self._ours.recv()
        return found


class _Handler:
    def __init__(self, pattern: str) -> None:
        self._search = re.compile(pattern.encode()).search
        self.taken: list[tuple[str, float]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content: Any = envelope.content
        match = self._search(content)
        self.taken.append((match[0].decode() if match else "", time.monotonic()))
        return "250 taken"


def _serve(pattern: str, port: int, connection: Connection) -> None:
    handler = _Handler(pattern)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    connection.send(None)
    while True:
        connection.recv()
        connection.send(handler.taken)
