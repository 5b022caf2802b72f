"""A real SMTP server that can be told what to answer."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from msgspec import Struct, field

from sentinel.api import Message


class MailServer(Struct):
    """`mails` are the envelopes it took. `answers` replaces its answer to a command."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    sessions: int = 0
    transports: list[Any] = field(default_factory=list)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return lines

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers.get("DATA") == "hang":
            self.hanging.set()
            await asyncio.Event().wait()
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.mails.append(envelope)
        return "250 2.0.0 queued as 4711"

    def hang_up(self) -> None:
        """Close all connections, as servers do with idle ones."""
        for transport in self.transports:
            transport.close()


class _Session(SMTP):
    def connection_made(self, transport: Any) -> None:
        self.event_handler.sessions += 1
        self.event_handler.transports.append(transport)
        super().connection_made(transport)


StartServer = Callable[..., Any]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Any) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
async def start_server(authority: trustme.CA) -> AsyncIterator[StartServer]:
    """`await start_server(tls="starttls", password="…", utf8=True)`."""
    async with AsyncExitStack() as stack:

        async def start(
            tls: str = "none", password: str | None = None, utf8: bool = True
        ) -> MailServer:
            handler = MailServer()
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert("localhost").configure_cert(context)

            def sign_in(
                server: Any, session: Any, envelope: Any, mechanism: str, data: Any
            ) -> AuthResult:
                right = LoginPassword(b"sentinel", (password or "").encode())
                return AuthResult(success=data == right, handled=False)

            def session() -> SMTP:
                with warnings.catch_warnings():
                    # aiosmtpd does not see that TLS is there from the first byte.
                    warnings.simplefilter("ignore", UserWarning)
                    return new_session()

            def new_session() -> SMTP:
                return _Session(
                    handler,
                    hostname="localhost",
                    enable_SMTPUTF8=utf8,
                    tls_context=context if tls == "starttls" else None,
                    require_starttls=tls == "starttls",
                    auth_required=password is not None,
                    auth_require_tls=tls == "starttls",
                    authenticator=sign_in if password else None,
                )

            server = await asyncio.get_running_loop().create_server(
                session, "127.0.0.1", 0, ssl=context if tls == "implicit" else None
            )
            stack.callback(server.close)
            stack.callback(handler.hang_up)
            handler.port = server.sockets[0].getsockname()[1]
            return handler

        yield start


@pytest.fixture
def message() -> Message:
    return Message(
        key="ab12-7",
        to="alice@example.com",
        reason="firing",
        severity="critical",
        subject="[critical] SMS_DELIVERY_FAILURE · acme",
        text="3 tenants affected.\n\nDo first: look.\n",
        html="<p>3 tenants affected.</p>",
        thread="ab12-incident-3",
        url="https://sentinel.example.com/incidents/3",
        payload={"version": 1, "type": "incident.firing", "data": {"name": "Zoë"}},
    )
