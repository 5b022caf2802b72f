import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError
from tests.probes.looks import look

from sentinel.api import Context, Probe
from sentinel.probes import icmp, icmp_echo
from sentinel.probes.icmp import IcmpParams, IcmpProbe
from sentinel.probes.icmp_echo import Echo, Forbidden, checksum
from sentinel.testing import FakeClock, params_of, plugin_context
from sentinel.testing.contracts import ProbeContract


def _allowed() -> bool:
    try:
        icmp_echo.check_allowed()
    except Forbidden:
        return False
    return True


needs_ping = pytest.mark.skipif(not _allowed(), reason="the kernel allows this user no ping")


@needs_ping
class TestIcmp(ProbeContract):
    def probe(self, context: Context, url: str) -> Probe[Any]:
        return IcmpProbe(IcmpParams(host="127.0.0.1"), context)


@needs_ping
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_this_machine_answers(host: str) -> None:
    status, metrics = await look(IcmpProbe, host=host)
    assert status.status == "up"
    assert status.message.startswith("3 of 3 packets answered in ")
    assert metrics["icmp.loss"] == 0
    assert metrics["icmp.rtt.max"] >= metrics["icmp.rtt"] == status.latency > 0


@needs_ping
def test_it_pings_on_the_loop_of_the_daemon_too() -> None:
    status, _ = uvloop.run(look(IcmpProbe, host="127.0.0.1"))
    assert status.status == "up"


@needs_ping
@pytest.mark.parametrize(
    ("family", "address", "kind"), [(socket.AF_INET, "127.0.0.1", 0), (socket.AF_INET6, "::1", 129)]
)
def test_only_the_reply_to_this_very_request_counts(
    family: socket.AddressFamily, address: str, kind: int
) -> None:
    with Echo(family, address) as echo, Echo(family, address) as other:
        header = b"\x45" + bytes(19) if echo.has_ip_header else b""
        reply = header + bytes([kind]) + echo.request(3)[1:]
        assert echo.is_reply(reply, 3)
        assert not echo.is_reply(reply, 4)
        assert not echo.is_reply(header + echo.request(3), 3)
        assert not other.is_reply(reply, 3)
        assert not any(echo.is_reply(reply[:length], 3) for length in range(len(reply)))


async def test_a_name_that_leads_nowhere_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icmp, "check_allowed", lambda: None)
    status, metrics = await look(IcmpProbe, host="nowhere.invalid")
    assert (status.status, status.message) == ("down", "the name nowhere.invalid does not resolve")
    assert metrics == {}


class Network:
    """Stands in for the kernel: how long each packet takes, None for those that are lost."""

    def __init__(self, clock: FakeClock, trips: Sequence[float | None]) -> None:
        self._clock, self._trips = clock, trips

    def __call__(self, family: int, address: str) -> "Network":
        return self

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *_: object) -> None: ...

    async def reply(self, number: int) -> None:
        trip = self._trips[number]
        if trip is None:
            raise TimeoutError
        self._clock.advance(trip)


@pytest.mark.parametrize(
    ("trips", "params", "state", "message", "metrics"),
    [
        ([0.1, 0.1], {}, "up", "2 of 2 packets answered in 100 ms", (0, 0.1, 0.1)),
        ([0.1, 0.5], {}, "degraded", "it took 300 ms, more than 0.2s", (0, 0.3, 0.5)),
        ([1.5, 1.5], {}, "down", "the round trip took 1.5 s, more than 1s", (0, 1.5, 1.5)),
        ([0.1, None], {}, "degraded", "50 % of the packets were lost", (50, 0.1, 0.1)),
        (
            [0.1, None],
            {"degraded_loss": 50},
            "up",
            "1 of 2 packets answered in 100 ms",
            (50, 0.1, 0.1),
        ),
        ([None, 0.1, None], {}, "down", "67 % of the packets were lost", (66.7, 0.1, 0.1)),
        ([None, None], {"down_loss": 100}, "down", "none of 2 packets was answered", (100,)),
    ],
)
async def test_loss_and_slowness_are_degraded_and_then_down(
    monkeypatch: pytest.MonkeyPatch,
    trips: list[float | None],
    params: dict[str, Any],
    state: str,
    message: str,
    metrics: tuple[float, ...],
) -> None:
    clock = FakeClock()
    monkeypatch.setattr(icmp, "check_allowed", lambda: None)
    monkeypatch.setattr(icmp, "Echo", Network(clock, trips))
    status, found = await look(IcmpProbe, clock, host="127.0.0.1", count=len(trips), **params)
    assert (status.status, status.message) == (state, message)
    assert list(found.values()) == pytest.approx(metrics)


async def test_a_packet_that_is_never_answered_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent(Network):
        async def reply(self, number: int) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(icmp, "check_allowed", lambda: None)
    monkeypatch.setattr(icmp, "Echo", Silent(FakeClock(), []))
    status, _ = await look(IcmpProbe, host="127.0.0.1", count=2, wait="5ms")
    assert (status.status, status.message) == ("down", "none of 2 packets was answered")


def _refusing(*kinds: socket.SocketKind) -> Callable[..., socket.socket]:
    """Sockets as the kernel gives them to one who may not have these kinds."""

    class Refused(socket.socket):
        def __init__(self, family: int, kind: int, protocol: int) -> None:
            if kind in kinds:
                raise PermissionError
            super().__init__(socket.AF_INET, socket.SOCK_DGRAM)

    return Refused


async def test_where_no_ping_is_allowed_the_start_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = (socket.SOCK_DGRAM, socket.SOCK_RAW)
    monkeypatch.setattr(socket, "socket", _refusing(*kinds))
    async with plugin_context() as context:
        probe = IcmpProbe(IcmpParams(host="127.0.0.1"), context)
        with pytest.raises(Forbidden, match=r"net\.ipv4\.ping_group_range.*CAP_NET_RAW"):
            await probe.start()


@pytest.mark.parametrize("refused", [socket.SOCK_DGRAM, socket.SOCK_RAW])
def test_either_kind_of_socket_will_do(
    monkeypatch: pytest.MonkeyPatch, refused: socket.SocketKind
) -> None:
    monkeypatch.setattr(socket, "socket", _refusing(refused))
    icmp_echo.check_allowed()


def test_the_checksum_is_that_of_the_standards_example() -> None:
    """RFC 1071, section 3: the sum is ddf2."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF ^ 0xDDF2


@given(st.binary(max_size=64))
def test_a_packet_with_its_checksum_sums_up_to_nothing(data: bytes) -> None:
    padded = data + b"\0" * (len(data) % 2)
    assert checksum(padded + checksum(padded).to_bytes(2, "big")) == 0


def test_bounds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="at most down_loss"):
        params_of(IcmpProbe, host="example.com", degraded_loss=60, down_loss=50)
