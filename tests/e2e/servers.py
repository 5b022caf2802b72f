"""The servers that the daemon sends to: a mail server and a receiver of webhooks."""

import email
import email.policy
import socket
import threading
import time
from asyncio import AbstractServer
from collections.abc import Awaitable
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYq="


class Mail(NamedTuple):
    """`raw` is what came over the wire, `at` when by the monotonic clock."""

    raw: bytes
    sender: str
    recipients: list[str]
    at: float

    @property
    def parsed(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def key(self) -> str:
        return str(self.parsed["X-Sentinel-Key"])

    def part(self, kind: str) -> str:
        body = self.parsed.get_body((kind,))
        assert body is not None
        return str(body.get_content())


class Mailbox(Controller):
    """A real SMTP server on a port that the kernel chose; keeps every mail that it took.

    While `refusal` is set, that is its answer to each mail.
    """

    def __init__(self) -> None:
        self.refusal: str | None = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.mails: list[Mail] = []
        super().__init__(self, hostname="127.0.0.1", port=self._socket.getsockname()[1])

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusal is not None:
            return self.refusal
        self.mails.append(
            Mail(envelope.content, envelope.mail_from, envelope.rcpt_tos, time.monotonic())
        )
        return "250 Message accepted for delivery"


class Call(NamedTuple):
    """One POST whose signature was good."""

    key: str
    body: Any
    at: float


class Hooks(ThreadingHTTPServer):
    """Takes signed webhooks; `forged` holds those whose signature is not ours."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.forged: list[str] = []
        super().__init__(("127.0.0.1", 0), _HookHandler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/sentinel"

    def stop(self) -> None:
        self.shutdown()
        self._thread.join(5)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A daemon that is killed leaves its connections in the middle."""


class _HookHandler(BaseHTTPRequestHandler):
    server: Hooks
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            found = Webhook(SECRET).verify(body, headers)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is not ours
            self.server.forged.append(repr(error))
            self.send_error(401)
            return
        self.server.calls.append(Call(headers["webhook-id"], found, time.monotonic()))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Tests stay quiet."""
