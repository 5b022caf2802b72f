"""Which addresses the outgoing HTTP session calls."""

import ipaddress
from typing import Any

import aiohttp
import pytest

from sentinel.net import AddressRefused, Allowed, is_public, session
from sentinel.testing.provider import answers, fake_provider


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_addresses_that_are_not_of_the_public_internet(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("allowed", "host", "address", "admitted"),
    [
        (True, "db.internal", "10.0.0.1", True),
        (False, "db.internal", "10.0.0.1", False),
        (False, "example.com", "93.184.216.34", True),
        (["db.internal"], "DB.internal.", "10.0.0.1", True),
        (["db.internal"], "evil.example", "10.0.0.1", False),
        (["10.0.0.0/24"], "evil.example", "10.0.0.1", True),
        (["10.0.0.0/24"], "evil.example", "10.0.1.1", False),
        (["10.0.0.0/24"], "evil.example", "::ffff:10.0.0.9", True),
        (["127.0.0.1"], "127.0.0.1", "127.0.0.1", True),
        ([], "127.1", "127.1", False),
        ([], "2130706433", "2130706433", False),
    ],
)
def test_what_is_allowed(allowed: Any, host: str, address: str, admitted: bool) -> None:
    assert Allowed(allowed).admits(host, address) is admitted


async def get(http: aiohttp.ClientSession, url: str) -> int:
    async with http.get(url) as response:
        return response.status


async def test_an_operators_own_address_may_be_private() -> None:
    async with fake_provider() as provider, session() as http:
        assert await get(http, provider.url) == 200
        agent = provider.received[0].headers["user-agent"]
    assert agent.startswith("Sentinel/")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::1]", "2130706433"])
async def test_nobody_else_reaches_this_machine_under_any_name(host: str) -> None:
    async with fake_provider() as provider, session(allow_private=False) as http:
        port = provider.url.rpartition(":")[2].strip("/")
        with pytest.raises(aiohttp.ClientError):
            await get(http, f"http://{host}:{port}/")
        assert provider.received == []


async def test_a_redirect_to_a_private_address_is_refused() -> None:
    async with fake_provider() as provider, session(allow_private=["127.0.0.1"]) as http:
        port = provider.url.rpartition(":")[2].strip("/")
        provider.will(answers(302, headers={"Location": f"http://127.0.0.2:{port}/inner"}))
        with pytest.raises(AddressRefused):
            await get(http, provider.url)
        assert len(provider.received) == 1


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="10"):
        Allowed(["10.0.0.0/99"])
