"""ICMP echo: the packets, and a socket that sends them and finds their replies.

Formats: RFC 792 and RFC 4443. Linux gives ping sockets (`SOCK_DGRAM`) to the groups of
net.ipv4.ping_group_range, and raw ones to those who have CAP_NET_RAW.
"""

import asyncio
import os
import socket
import struct

_HEADER = struct.Struct("!BBHHH")
_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_MOST_BYTES = 2048


class Forbidden(Exception):
    """The kernel gives us no socket for ICMP."""

    def __init__(self) -> None:
        super().__init__(
            "the kernel allows this user no ping: expected its group within the sysctl "
            "net.ipv4.ping_group_range, or the capability CAP_NET_RAW"
        )


class Echo:
    """Sends to one address. Raises Forbidden; use it as a context manager, or close it."""

    def __init__(self, family: socket.AddressFamily, address: str) -> None:
        self._family = family
        self._socket = _socket(family)
        self._payload = os.urandom(16)
        self.has_ip_header = family == socket.AF_INET and self._socket.type == socket.SOCK_RAW
        self._socket.setblocking(False)
        try:
            # Only what comes from this address is then received.
            self._socket.connect((address, 0))
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> "Echo":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    async def reply(self, number: int) -> None:
        """Send the request with this number, and return once its reply is there. Raises OSError."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._socket, self.request(number))
        while True:
            packet = await loop.sock_recv(self._socket, _MOST_BYTES)
            if self.is_reply(packet, number):
                return

    def request(self, number: int) -> bytes:
        kind = _REQUEST[self._family]
        unsigned = _HEADER.pack(kind, 0, 0, 0, number) + self._payload
        # For ICMPv6, and on ping sockets, the kernel puts in the checksum itself.
        return _HEADER.pack(kind, 0, checksum(unsigned), 0, number) + self._payload

    def is_reply(self, packet: bytes, number: int) -> bool:
        """Raw sockets receive what is meant for others, too. The random payload tells it apart, as
        the kernel puts in an identifier of its own on ping sockets."""
        if self.has_ip_header:
            packet = packet[4 * (packet[0] & 15) :] if packet else b""
        if len(packet) < _HEADER.size:
            return False
        kind, _, _, _, found = _HEADER.unpack_from(packet)
        own = packet[_HEADER.size :] == self._payload
        return kind == _REPLY[self._family] and found == number and own


def check_allowed() -> None:
    """Raises Forbidden."""
    _socket(socket.AF_INET).close()


def _socket(family: socket.AddressFamily) -> socket.socket:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(family, kind, _PROTOCOL[family])
        except PermissionError:
            continue
    raise Forbidden


def checksum(data: bytes) -> int:
    """The internet checksum of RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
