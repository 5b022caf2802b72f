import asyncio
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from msgspec import ValidationError
from tests.probes.certificates import Tls
from tests.probes.listening import Reader, Writer, listening, rest
from tests.probes.looks import look
from yarl import URL

from sentinel.api import Context, Duration, Probe, Secret
from sentinel.probes.smtp import SmtpParams, SmtpProbe
from sentinel.testing import FakeClock, params_of
from sentinel.testing.contracts import ProbeContract

Serve = Callable[..., Awaitable[int]]


class TestSmtp(ProbeContract):
    """Of a server that does not speak first; tests of those that do are below."""

    def probe(self, context: Context, url: str) -> Probe[Any]:
        address = URL(url)
        params = SmtpParams(
            host=str(address.host),
            port=address.port or 0,
            username="sentinel",
            password=Secret("hunter2"),
            degraded_above=Duration(0.01),
            down_above=Duration(0.02),
        )
        return SmtpProbe(params, context)


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"sentinel", b"hunter2"), handled=False)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[asyncio.Server] = []
    transports: list[Any] = []

    class Session(SMTP):
        def connection_made(self, transport: Any) -> None:
            transports.append(transport)
            super().connection_made(transport)

    async def start(
        tls: str = "none",
        context: ssl.SSLContext | None = None,
        handler: Callable[..., Any] | None = None,
    ) -> int:
        def session() -> SMTP:
            with warnings.catch_warnings():
                # aiosmtpd does not see that TLS is there from the first byte.
                warnings.simplefilter("ignore", UserWarning)
                return Session(
                    handler() if handler else Sink(),
                    hostname="localhost",
                    tls_context=context if tls == "starttls" else None,
                    require_starttls=tls == "starttls",
                    auth_require_tls=False,
                    authenticator=sign_in,
                )

        server = await asyncio.get_running_loop().create_server(
            session, "127.0.0.1", 0, ssl=context if tls == "implicit" else None
        )
        servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    yield start
    for server in servers:
        server.close()
    for transport in transports:
        transport.abort()
    await asyncio.sleep(0)


@pytest.mark.parametrize("kind", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("signs_in", [False, True])
async def test_a_server_that_would_take_mail_is_up(
    serve: Serve, tls: Tls, kind: str, signs_in: bool
) -> None:
    context = None if kind == "none" else tls.server(100)
    params: dict[str, Any] = {"tls": kind, "ca_file": tls.ca_file}
    if signs_in:
        params |= {"username": "sentinel", "password": "hunter2"}
    status, metrics = await look(
        SmtpProbe, host="127.0.0.1", port=await serve(kind, context), **params
    )
    said = "signed in in " if signs_in else "greeted in "
    assert status.status == "up"
    assert status.message.startswith(said)
    assert metrics == {"smtp.latency": status.latency}


async def test_no_mail_is_begun(serve: Serve) -> None:
    commands: list[str] = []

    class Watches(Sink):
        async def handle_EHLO(
            self, server: Any, session: Any, envelope: Any, host: str, offers: list[str]
        ) -> list[str]:
            session.host_name = host
            commands.append("EHLO")
            return offers

        async def handle_MAIL(self, *_: Any) -> str:
            commands.append("MAIL")
            return "250 fine"

        async def handle_QUIT(self, *_: Any) -> str:
            commands.append("QUIT")
            return "221 bye"

    port = await serve(handler=Watches)
    await look(SmtpProbe, host="127.0.0.1", port=port, tls="none")
    assert commands == ["EHLO", "QUIT"]


async def test_a_refused_sign_in_is_down_without_its_password(serve: Serve) -> None:
    status, _ = await look(
        SmtpProbe,
        host="127.0.0.1",
        port=await serve(),
        tls="none",
        username="sentinel",
        password="wr0ng-password",
    )
    assert status.status == "down"
    assert status.message.startswith("the server refuses the sign-in: 535 ")
    assert "wr0ng" not in status.message


async def test_a_server_that_repeats_the_password_does_not_reveal_it() -> None:
    async def repeat(reader: Reader, writer: Writer) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(b"250-hi\r\n250 AUTH PLAIN\r\n")
        await reader.readline()
        writer.write(b"535 5.7.8 hunter2 is not your password\r\n")
        await rest(reader, writer)

    async with listening(repeat) as port:
        status, _ = await look(
            SmtpProbe,
            host="127.0.0.1",
            port=port,
            tls="none",
            username="sentinel",
            password="hunter2",
        )
    expected = "the server refuses the sign-in: 535 5.7.8 *** is not your password"
    assert (status.status, status.message) == ("down", expected)


@pytest.mark.parametrize(
    ("days", "name", "trusted", "reason"),
    [
        (-1, "127.0.0.1", True, "has expired"),
        (100, "example.com", True, "mismatch"),
        (100, "127.0.0.1", False, "unable to get local issuer certificate"),
    ],
)
@pytest.mark.parametrize("kind", ["starttls", "implicit"])
async def test_a_bad_certificate_is_down_and_the_reason_is_told(
    serve: Serve, tls: Tls, kind: str, days: float, name: str, trusted: bool, reason: str
) -> None:
    port = await serve(kind, tls.server(days, name))
    authority = {"ca_file": tls.ca_file} if trusted else {}
    status, _ = await look(SmtpProbe, host="127.0.0.1", port=port, tls=kind, **authority)
    assert status.status == "down"
    assert f"the certificate of 127.0.0.1:{port} is refused" in status.message
    assert reason in status.message


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([b"554 5.7.1 you are\r\n"], "the server answers 554 5.7.1 you are"),
        ([b"220 hi\r\n", b"502 no\r\n"], "the server answers 502 no"),
        ([], "closed the connection"),
        ([b"220 hi\r\n"], "closed the connection"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "does not answer in SMTP"),
    ],
)
async def test_a_server_that_will_not_is_down_and_says_why(said: list[bytes], message: str) -> None:
    async def speak(reader: Reader, writer: Writer) -> None:
        for line in said:
            writer.write(line)
            await reader.readline()
        writer.write_eof()
        await rest(reader, writer)

    async with listening(speak) as port:
        status, _ = await look(SmtpProbe, host="127.0.0.1", port=port, tls="none")
    assert status.status == "down"
    assert message in status.message


async def test_a_server_that_never_greets_is_down_in_time() -> None:
    async with listening(rest) as port:
        bounds = {"degraded_above": "10ms", "down_above": "50ms"}
        status, _ = await look(SmtpProbe, host="127.0.0.1", port=port, tls="none", **bounds)
    assert (status.status, status.message) == ("down", "no answer within 0.05s")


async def test_a_slow_server_is_degraded(serve: Serve) -> None:
    clock = FakeClock()

    class Slow(Sink):
        async def handle_EHLO(
            self, server: Any, session: Any, envelope: Any, host: str, offers: list[str]
        ) -> list[str]:
            session.host_name = host
            clock.advance(3)
            return offers

    port = await serve(handler=Slow)
    status, _ = await look(SmtpProbe, clock, host="127.0.0.1", port=port, tls="none")
    assert (status.status, status.message) == ("degraded", "it took 3.0 s, more than 1s")


async def test_a_closed_port_is_down_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    status, _ = await look(SmtpProbe, host="127.0.0.1", port=port, tls="none")
    message = f"no connection to 127.0.0.1:{port}: Connection refused"
    assert (status.status, status.message) == ("down", message)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"username": "sentinel"}, "go together"),
        ({"password": "hunter2"}, "go together"),
        ({"username": "sentinel", "password": "hunter2", "tls": "none"}, "in the clear"),
        ({"degraded_above": "6s"}, "at most down_above"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        params_of(SmtpProbe, host="mail.example.com", **params)
