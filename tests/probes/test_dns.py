import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import pytest
import uvloop
from msgspec import ValidationError
from tests.probes.looks import look

from sentinel.api import Context, Probe
from sentinel.probes.dns import DnsParams, DnsProbe
from sentinel.testing import FakeClock, params_of
from sentinel.testing.contracts import ProbeContract

Zone = dict[tuple[str, str], list[str]]
ZONE: Zone = {
    ("shop.example.com", "A"): ["192.0.2.7", "192.0.2.8"],
    ("shop.example.com", "AAAA"): ["2001:db8::7"],
    ("example.com", "MX"): ["10 mx1.example.com.", "20 mx2.example.com."],
    ("example.com", "TXT"): ['"v=spf1 " "-all"', '"Some Text"'],
    ("7.2.0.192.in-addr.arpa", "PTR"): ["shop.example.com."],
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from a zone; where the rest of the world is, it knows not."""

    def __init__(
        self, zone: Zone, rcode: dns.rcode.Rcode, before: Callable[[], None], silent: bool
    ) -> None:
        self._zone, self._rcode, self._before, self._silent = zone, rcode, before, silent

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        if self._silent:
            return
        self._before()
        query = dns.message.from_wire(data)
        self._transport.sendto(self._answer(query).to_wire(), address)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        asked = query.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
        response.set_rcode(self._rcode)
        if self._rcode != dns.rcode.NOERROR:
            return response
        if answers := self._zone.get((name, kind)):
            response.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", kind, answers))
        elif not any(name == known for known, _ in self._zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


Serve = Callable[..., Awaitable[int]]


async def serving(
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    before: Callable[[], None] = lambda: None,
    silent: bool = False,
) -> tuple[asyncio.DatagramTransport, int]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(ZONE, rcode, before, silent), ("127.0.0.1", 0)
    )
    return transport, transport.get_extra_info("sockname")[1]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    transports: list[asyncio.DatagramTransport] = []

    async def start(**behaviour: Any) -> int:
        transport, port = await serving(**behaviour)
        transports.append(transport)
        return port

    yield start
    for transport in transports:
        transport.close()


class TestDns(ProbeContract):
    """Nobody answers; tests of the answers are below."""

    def probe(self, context: Context, url: str) -> Probe[Any]:
        bounds: dict[str, Any] = {"degraded_above": 0.01, "down_above": 0.02}
        return DnsProbe(DnsParams(host="example.com", resolver="127.0.0.1", **bounds), context)


@pytest.mark.parametrize(
    ("params", "state", "message"),
    [
        ({}, "up", "192.0.2.7, 192.0.2.8 in "),
        ({"record": "AAAA"}, "up", "2001:db8::7 in "),
        ({"record": "AAAA", "expect": ["2001:0DB8:0::7"]}, "up", "2001:db8::7"),
        ({"expect": ["192.0.2.8"]}, "up", "192.0.2.7"),
        ({"expect": ["192.0.2.8", "192.0.2.7"], "exactly": True}, "up", "192.0.2.7"),
        (
            {"expect": ["192.0.2.9"]},
            "down",
            "the answer is 192.0.2.7, 192.0.2.8, expected 192.0.2.9",
        ),
        (
            {"expect": ["192.0.2.8"], "exactly": True},
            "down",
            "the answer has 192.0.2.7, which was not expected",
        ),
        ({"record": "MX"}, "down", "shop.example.com has no MX record"),
        ({"host": "shop.example.org"}, "down", "the name shop.example.org does not exist"),
        ({"host": "example.com", "record": "MX", "expect": ["10 MX1.Example.com"]}, "up", "10 mx1"),
        ({"host": "example.com", "record": "TXT", "expect": ["v=spf1 -all"]}, "up", "Some Text"),
        ({"host": "example.com", "record": "TXT", "expect": ["some text"]}, "down", "Some Text"),
        ({"host": "192.0.2.7", "record": "PTR"}, "up", "shop.example.com in "),
    ],
)
async def test_a_name_is_up_when_its_answers_are_the_expected_ones(
    serve: Serve, params: dict[str, Any], state: str, message: str
) -> None:
    params = {"host": "shop.example.com", **params}
    status, _ = await look(DnsProbe, resolver="127.0.0.1", port=await serve(), **params)
    assert status.status == state
    assert message in status.message


async def test_latency_and_the_number_of_answers_are_metrics(serve: Serve) -> None:
    status, metrics = await look(
        DnsProbe, host="shop.example.com", resolver="127.0.0.1", port=await serve()
    )
    assert metrics == {"dns.latency": status.latency, "dns.answers": 2.0}


def test_it_asks_on_the_loop_of_the_daemon_too() -> None:
    async def main() -> str:
        transport, port = await serving()
        status, _ = await look(DnsProbe, host="shop.example.com", resolver="127.0.0.1", port=port)
        transport.close()
        return status.status

    assert uvloop.run(main()) == "up"


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
async def test_a_resolver_that_refuses_is_down_and_says_why(
    serve: Serve, rcode: dns.rcode.Rcode
) -> None:
    port = await serve(rcode=rcode)
    status, _ = await look(DnsProbe, host="example.com", resolver="127.0.0.1", port=port)
    expected = f"the resolver answers {dns.rcode.to_text(rcode)}"
    assert (status.status, status.message) == ("down", expected)


async def test_a_resolver_that_is_silent_is_down_in_time(serve: Serve) -> None:
    status, metrics = await look(
        DnsProbe,
        host="example.com",
        resolver="127.0.0.1",
        port=await serve(silent=True),
        degraded_above="10ms",
        down_above="50ms",
    )
    assert (status.status, status.message) == ("down", "no answer within 0.05s")
    assert metrics == {}


async def test_a_slow_answer_is_degraded(serve: Serve) -> None:
    clock = FakeClock()
    port = await serve(before=lambda: clock.advance(1.5))
    status, _ = await look(
        DnsProbe, clock, host="shop.example.com", resolver="127.0.0.1", port=port
    )
    assert (status.status, status.message) == ("degraded", "it took 1.5 s, more than 1s")


async def test_of_many_answers_the_message_shows_a_few(serve: Serve) -> None:
    addresses = [f"192.0.2.{number}" for number in range(1, 9)]
    status, _ = await look(
        DnsProbe,
        host="shop.example.com",
        resolver="127.0.0.1",
        port=await serve(),
        expect=["192.0.2.7", *addresses],
    )
    assert status.message.endswith("192.0.2.4, 192.0.2.5 and 1 more")


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"resolver": "dns.example.com"}, "an IP address as `resolver`"),
        ({"port": 5353}, "expected a `resolver`"),
        ({"exactly": True}, "expected answers in `expect`"),
        ({"record": "ANY"}, "Invalid enum value"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        params_of(DnsProbe, host="example.com", **params)


def test_a_missing_package_is_named_when_the_configuration_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sentinel.probes.dns.find_spec", lambda name: None)
    with pytest.raises(ValidationError, match=r"pip install 'sentinel\[dns\]'"):
        params_of(DnsProbe, host="example.com")
