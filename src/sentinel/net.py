"""Outgoing HTTP: the one kind of session that everything here uses."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from importlib.metadata import version

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from sentinel.errors import SentinelError

_TIMEOUT = aiohttp.ClientTimeout(total=30.0, connect=10.0)
_CONNECTIONS = 100
_DNS_SECONDS = 30
_HOW_TO_ALLOW = "add the host or its network to http.allow_private if it is meant"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(SentinelError, aiohttp.InvalidURL):
    """A URL that leads into a private network, from someone who may not send us there."""

    def __init__(self, host: str) -> None:
        aiohttp.InvalidURL.__init__(self, host, f"its address is not public; {_HOW_TO_ALLOW}")


class Allowed:
    """Which private addresses may be called: all of them, none, or these hosts and networks."""

    def __init__(self, private: bool | Sequence[str]) -> None:
        """Raises ValueError for an entry that looks like a network and is none."""
        self._all = private is True
        self._hosts: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in [] if isinstance(private, bool) else private:
            if "/" in entry or _looks_numeric(entry):
                self._networks.append(ipaddress.ip_network(entry))
            else:
                self._hosts.add(_name(entry))

    def admits(self, host: str, address: str) -> bool:
        """Whether this address, which the host's name led to, may be called."""
        if self._all or _name(host) in self._hosts:
            return True
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        real = _embedded(found)
        return is_public(real) or any(real in network for network in self._networks)


def is_public(address: _Address) -> bool:
    """Whether an address belongs to the public internet."""
    return _embedded(address).is_global and not address.is_multicast


def session(allow_private: bool | Sequence[str] = True) -> aiohttp.ClientSession:
    """To be called inside the event loop; the caller closes it.

    Open one with the operator's own setting for the URLs of the configuration, and one with
    False for URLs that come from tenants or users. Addresses are judged after the name has been
    resolved, and the very address that was judged is called: a name that changes its mind
    between check and use gains nothing.
    """
    allowed = Allowed(allow_private)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=_CONNECTIONS, ttl_dns_cache=_DNS_SECONDS, resolver=_GuardedResolver(allowed)
        ),
        headers={"User-Agent": f"Sentinel/{version('sentinel')}"},
        timeout=_TIMEOUT,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_literal_guard(allowed),),
        # Proxies from the environment would resolve names themselves, unguarded.
        trust_env=False,
    )


class _GuardedResolver(AbstractResolver):
    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._resolver = ThreadedResolver(asyncio.get_running_loop())

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        # One forbidden address is enough: nobody mixes public and private ones by chance.
        if not all(self._allowed.admits(host, result["host"]) for result in found):
            raise AddressRefused(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _literal_guard(allowed: Allowed) -> aiohttp.ClientMiddlewareType:
    """Numeric hosts are never resolved, so they are judged here; so is each redirect's."""

    async def guard(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        host = request.url.raw_host or ""
        if _looks_numeric(host) and not allowed.admits(host, host):
            raise AddressRefused(host)
        return await handler(request)

    return guard


def _looks_numeric(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _name(host: str) -> str:
    return host.rstrip(".").lower()


def _embedded(address: _Address) -> _Address:
    """The IPv4 address inside an IPv6 one that only wraps it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    return inner or address
