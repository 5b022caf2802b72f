import socket
from typing import Any

import pytest
from msgspec import ValidationError
from tests.probes.conftest import Listen
from tests.probes.listening import Reader, Writer, rest
from tests.probes.looks import look
from yarl import URL

from sentinel.api import Context, Probe, Secret
from sentinel.probes.tcp import TcpParams, TcpProbe
from sentinel.testing import FakeClock, params_of
from sentinel.testing.contracts import HttpProbeContract


class TestTcp(HttpProbeContract):
    def probe(self, context: Context, url: str) -> Probe[Any]:
        address = URL(url)
        params = TcpParams(
            host=str(address.host),
            port=address.port or 0,
            send=Secret("GET / HTTP/1.1\r\nHost: t0ken\r\n\r\n"),
            expect="200 OK",
        )
        return TcpProbe(params, context)


async def greet(reader: Reader, writer: Writer) -> None:
    writer.write(b"ready\r\n")
    if await reader.readline() == b"PING\n":
        writer.write(b"+PO")
        await writer.drain()
        writer.write(b"NG\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    ("params", "state", "message"),
    [
        ({}, "up", "connected in "),
        ({"expect": "ready"}, "up", "connected and answered in "),
        ({"send": "PING\n", "expect": "+PONG"}, "up", "connected and answered in "),
        ({"send": "QUIT\n", "expect": "+PONG"}, "down", r"the answer begins 'ready\r\n', expected"),
    ],
)
async def test_a_port_is_up_when_it_answers_as_expected(
    listen: Listen, params: dict[str, Any], state: str, message: str
) -> None:
    status, _ = await look(TcpProbe, host="127.0.0.1", port=await listen(greet), **params)
    assert status.status == state
    assert message in status.message


async def test_the_latency_is_told_and_is_a_metric(listen: Listen) -> None:
    status, metrics = await look(TcpProbe, host="127.0.0.1", port=await listen(greet))
    assert metrics == {"tcp.latency": status.latency}
    assert status.latency is not None
    assert status.latency > 0


@pytest.mark.parametrize(
    ("passes", "state", "message"),
    [
        (0.9, "up", "connected and answered in 900 ms"),
        (2.0, "degraded", "it took 2.0 s, more than 1s"),
        (6.0, "down", "it took 6.0 s, more than 5s"),
    ],
)
async def test_a_slow_port_is_degraded_and_then_down(
    listen: Listen, passes: float, state: str, message: str
) -> None:
    clock = FakeClock()

    async def slow(reader: Reader, writer: Writer) -> None:
        clock.advance(passes)
        writer.write(b"ready")
        await writer.drain()

    status, _ = await look(
        TcpProbe, clock, host="127.0.0.1", port=await listen(slow), expect="ready"
    )
    assert (status.status, status.message, status.latency) == (state, message, passes)


async def test_a_silent_port_is_down_in_time(listen: Listen) -> None:
    bounds = {"degraded_above": "10ms", "down_above": "50ms"}
    status, metrics = await look(
        TcpProbe, host="127.0.0.1", port=await listen(rest), expect="ready", **bounds
    )
    assert (status.status, status.message) == ("down", "no answer within 0.05s")
    assert metrics == {}


async def test_an_endless_answer_is_read_to_the_limit_only(listen: Listen) -> None:
    sent = 0

    async def flood(reader: Reader, writer: Writer) -> None:
        nonlocal sent
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    status, _ = await look(TcpProbe, host="127.0.0.1", port=await listen(flood), expect="ready")
    assert status.status == "down"
    assert "expected 'ready' in it" in status.message
    assert sent < 20_000_000


async def test_a_port_that_closes_at_once_gives_no_answer(listen: Listen) -> None:
    async def leave(reader: Reader, writer: Writer) -> None:
        writer.write_eof()
        await rest(reader, writer)

    status, _ = await look(TcpProbe, host="127.0.0.1", port=await listen(leave), expect="ready")
    assert (status.status, status.message) == (
        "down",
        "there was no answer, expected 'ready' in it",
    )


async def test_a_closed_port_is_down_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    status, _ = await look(TcpProbe, host="127.0.0.1", port=port)
    message = f"no connection to 127.0.0.1:{port}: Connection refused"
    assert (status.status, status.message) == ("down", message)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("nowhere.invalid", "the name nowhere.invalid does not resolve"),
        ("a..b", "a..b is no name of a host"),
    ],
)
async def test_a_name_that_leads_nowhere_is_down(host: str, message: str) -> None:
    status, _ = await look(TcpProbe, host=host, port=80)
    assert (status.status, status.message) == ("down", message)


@pytest.mark.parametrize(
    "params",
    [
        {"host": "", "port": 80},
        {"host": "alice@example.com", "port": 80},
        {"host": "example.com", "port": 0},
        {"host": "example.com", "port": 65_536},
        {"host": "example.com", "port": 80, "expect": ""},
        {"host": "example.com", "port": 80, "degraded_above": "6s"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        params_of(TcpProbe, **params)


async def test_a_password_that_the_server_repeats_is_not_told(listen: Listen) -> None:
    async def refuse(reader: Reader, writer: Writer) -> None:
        said = (await reader.readline()).decode().split()
        writer.write(f"-ERR wrong arguments for {said[0]}: {said[1]}\r\n".encode())
        await writer.drain()

    params = {"send": "AUTH hunter2\r\n", "expect": "+OK"}
    status, _ = await look(TcpProbe, host="127.0.0.1", port=await listen(refuse), **params)
    assert status.status == "down"
    assert "-ERR wrong arguments for" in status.message
    assert "hunter2" not in status.message
