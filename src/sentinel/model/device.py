"""Where Web Push goes to."""

from msgspec import Struct


class Device(Struct, frozen=True, kw_only=True):
    """A browser that takes Web Push (RFC 8030): where to, and the two keys that let only it read
    a message (RFC 8291), both in base64url as the browser gave them."""

    endpoint: str
    p256dh: str
    auth: str
