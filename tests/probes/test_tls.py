import socket
import ssl
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvloop
from msgspec import ValidationError
from tests.probes.certificates import Tls
from tests.probes.conftest import Listen
from tests.probes.listening import Reader, Writer, listening, rest
from tests.probes.looks import look
from yarl import URL

from sentinel.api import Context, Probe
from sentinel.probes._starttls import MOST_LINES
from sentinel.probes.tls import TlsParams, TlsProbe
from sentinel.testing import params_of
from sentinel.testing.contracts import ProbeContract

CLIENT = socket.gethostname().encode()


class TestTls(ProbeContract):
    def probe(self, context: Context, url: str) -> Probe[Any]:
        address = URL(url)
        return TlsProbe(TlsParams(host=str(address.host), port=address.port or 0), context)


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


@pytest.mark.parametrize(
    ("days", "state", "message"),
    [
        (100.01, "up", "the certificate ends in 100.0 days; TLSv1."),
        (20.01, "degraded", "the certificate ends in 20.0 days, expected 21"),
        (2.01, "down", "the certificate ends in 2.0 days, expected 3"),
    ],
)
async def test_a_certificate_that_ends_soon_is_degraded_and_then_down(
    listen: Listen, tls: Tls, days: float, state: str, message: str
) -> None:
    port = await listen(rest, tls.server(days))
    status, metrics = await look(TlsProbe, host="127.0.0.1", port=port, ca_file=tls.ca_file)
    assert status.status == state
    assert message in status.message
    assert metrics["tls.certificate.days"] == pytest.approx(days, abs=0.02)
    assert metrics["tls.latency"] == status.latency


@pytest.mark.parametrize(
    ("days", "name", "trusted", "reason"),
    [
        (-1, "127.0.0.1", True, "has expired"),
        (100, "example.com", True, "mismatch"),
        (100, "127.0.0.1", False, "unable to get local issuer certificate"),
    ],
)
async def test_a_bad_certificate_is_down_and_the_reason_is_told(
    listen: Listen, tls: Tls, days: float, name: str, trusted: bool, reason: str
) -> None:
    port = await listen(rest, tls.server(days, name))
    authority = {"ca_file": tls.ca_file} if trusted else {}
    status, metrics = await look(TlsProbe, host="127.0.0.1", port=port, **authority)
    assert status.status == "down"
    assert f"the certificate of 127.0.0.1:{port} is refused" in status.message
    assert reason in status.message
    assert metrics == {}


async def test_another_name_than_the_hosts_can_be_asked_for(listen: Listen, tls: Tls) -> None:
    asked = []
    context = tls.server(100, "shop.example.com")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    status, _ = await look(
        TlsProbe,
        host="127.0.0.1",
        port=await listen(rest, context),
        server_name="shop.example.com",
        ca_file=tls.ca_file,
    )
    assert (status.status, asked) == ("up", ["shop.example.com"])


async def smtp(context: ssl.SSLContext, reader: Reader, writer: Writer) -> None:
    writer.write(b"220-mail.example.com\r\n220 ready\r\n")
    assert await reader.readline() == b"EHLO " + CLIENT + b"\r\n"
    writer.write(b"250-mail.example.com\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
    assert await reader.readline() == b"STARTTLS\r\n"
    writer.write(b"220 go ahead\r\n")
    await secured(context, reader, writer)


async def imap(context: ssl.SSLContext, reader: Reader, writer: Writer) -> None:
    writer.write(b"* OK [CAPABILITY IMAP4rev2 STARTTLS] ready\r\n")
    assert await reader.readline() == b"a STARTTLS\r\n"
    writer.write(b"* CAPABILITY IMAP4rev2\r\na OK begin\r\n")
    await secured(context, reader, writer)


async def pop3(context: ssl.SSLContext, reader: Reader, writer: Writer) -> None:
    writer.write(b"+OK ready\r\n")
    assert await reader.readline() == b"STLS\r\n"
    writer.write(b"+OK begin\r\n")
    await secured(context, reader, writer)


async def postgresql(context: ssl.SSLContext, reader: Reader, writer: Writer) -> None:
    assert await reader.readexactly(8) == bytes.fromhex("00000008 04d2162f")
    writer.write(b"S")
    await secured(context, reader, writer)


async def secured(context: ssl.SSLContext, reader: Reader, writer: Writer) -> None:
    await writer.drain()
    await writer.start_tls(context)
    await rest(reader, writer)


DIALOGUES = {"smtp": smtp, "imap": imap, "pop3": pop3, "postgresql": postgresql}


@pytest.mark.parametrize("protocol", DIALOGUES)
async def test_tls_can_be_asked_for_within_another_protocol(
    listen: Listen, tls: Tls, protocol: str
) -> None:
    port = await listen(partial(DIALOGUES[protocol], tls.server(50.01)))
    status, metrics = await look(
        TlsProbe, host="127.0.0.1", port=port, starttls=protocol, ca_file=tls.ca_file
    )
    assert status.status == "up"
    assert metrics["tls.certificate.days"] == pytest.approx(50, abs=0.02)


@pytest.mark.parametrize("protocol", DIALOGUES)
def test_it_does_so_on_the_loop_of_the_daemon_too(tls: Tls, protocol: str) -> None:
    async def main() -> str:
        handler = partial(DIALOGUES[protocol], tls.server(50))
        async with listening(handler) as port:
            status, _ = await look(
                TlsProbe, host="127.0.0.1", port=port, starttls=protocol, ca_file=tls.ca_file
            )
        return status.status

    assert uvloop.run(main()) == "up"


async def test_the_certificate_is_checked_after_starttls_too(listen: Listen, tls: Tls) -> None:
    port = await listen(partial(smtp, tls.server(-1)))
    status, _ = await look(
        TlsProbe, host="127.0.0.1", port=port, starttls="smtp", ca_file=tls.ca_file
    )
    assert status.status == "down"
    assert "has expired" in status.message


@pytest.mark.parametrize(
    ("protocol", "said", "message"),
    [
        ("smtp", b"554 no\r\n", "the server says '554 no', expected 220"),
        ("smtp", b"220 hi\r\n250 SIZE\r\n", "the server offers no STARTTLS"),
        ("smtp", b"220 hi\r\n250 STARTTLS\r\n454 busy\r\n", "says '454 busy', expected 220"),
        ("smtp", b"220-\r\n" * (MOST_LINES + 1), f"more than {MOST_LINES} lines"),
        ("smtp", b"220 " + b"x" * 70_000, "the server says an endless line"),
        ("smtp", b"220 hi", "closed the connection"),
        ("imap", b"* BYE\r\n", "the server says '* BYE', expected * OK"),
        ("imap", b"* OK\r\na BAD no\r\n", "the server says 'a BAD no', expected a OK"),
        ("pop3", b"-ERR no\r\n", "the server says '-ERR no', expected +OK"),
        ("postgresql", b"N", "the server offers no TLS"),
        ("postgresql", b"H", "the server says b'H', expected b'S'"),
        ("postgresql", b"", "closed the connection"),
    ],
)
async def test_a_server_that_does_not_agree_is_down_and_says_why(
    listen: Listen, protocol: str, said: bytes, message: str
) -> None:
    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(said)
        writer.write_eof()
        await rest(reader, writer)

    status, _ = await look(TlsProbe, host="127.0.0.1", port=await listen(speak), starttls=protocol)
    assert status.status == "down"
    assert message in status.message


async def test_a_server_without_tls_is_down(listen: Listen) -> None:
    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await rest(reader, writer)

    port = await listen(speak)
    status, _ = await look(TlsProbe, host="127.0.0.1", port=port)
    assert status.status == "down"
    assert f"no TLS connection to 127.0.0.1:{port}" in status.message


async def test_a_handshake_that_never_ends_is_down_in_time(listen: Listen) -> None:
    bounds = {"degraded_above": "10ms", "down_above": "50ms"}
    status, _ = await look(TlsProbe, host="127.0.0.1", port=await listen(rest), **bounds)
    assert (status.status, status.message) == ("down", "no answer within 0.05s")


def test_bounds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="at most degraded_days"):
        params_of(TlsProbe, host="example.com", degraded_days=3, down_days=4)
