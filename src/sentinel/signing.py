"""Signed links: what a message lets its reader do without signing in.

A token names one act on one object by one person until a time, and nobody can make or change one
without the key. It does not say whether it was used before: the store remembers that.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Literal

import msgspec
from msgspec import Struct

from sentinel.errors import Unauthorized
from sentinel.model.delivery import Verb

Purpose = Verb | Literal["manage", "unsubscribe", "status", "calendar"]
_MAC = 16
_LONGEST = 512


class Grant(Struct, frozen=True, array_like=True):
    """`object` is such as `incident:7`; `who` is the person, or the contact, that it was made for.
    `expires` is in seconds since 1970 UTC, 0 for never."""

    purpose: Purpose
    object: str
    who: str
    expires: int

    @property
    def number(self) -> int:
        """The object's own number."""
        return int(self.object.rpartition(":")[2])


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Grant).decode


class Signer:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, grant: Grant) -> str:
        """Letters, digits, `-` and `_`: fit for a link."""
        body = _encode(grant)
        return base64.urlsafe_b64encode(body + self._mac(body)).rstrip(b"=").decode()

    def open(self, token: str, now: float) -> Grant:
        """Raises Unauthorized, saying for the reader why it is not taken."""
        grant = self._read(token)
        if grant.expires and grant.expires <= now:
            raise Unauthorized("this link has expired")
        return grant

    def _read(self, token: str) -> Grant:
        forged = Unauthorized("this link is not one of ours, or was cut off")
        if not token.isascii() or len(token) > _LONGEST:
            raise forged
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise forged from None
        body, mac = data[:-_MAC], data[-_MAC:]
        # Two texts of one token would count as two tokens where the used ones are remembered.
        again = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        if again != token or not hmac.compare_digest(mac, self._mac(body)):
            raise forged
        try:
            return _decode(body)
        except msgspec.MsgspecError:
            # Signed by a version that knew other purposes.
            raise forged from None

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)[:_MAC]
