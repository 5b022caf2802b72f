"""Encrypts and signs what is pushed. Imported when a channel starts: the libraries take a moment,
and are not there in every installation."""

from typing import Any
from urllib.parse import urlsplit

from py_vapid import Vapid02
from pywebpush import WebPusher, WebPushException

from sentinel.api import Device, Permanent


def encrypted(device: Device, body: bytes) -> bytes:
    """By RFC 8291, for this device alone. Raises Permanent for keys that are none."""
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    try:
        message: bytes = WebPusher({"endpoint": device.endpoint, "keys": keys}).encode(body)["body"]
    except (ValueError, WebPushException) as error:
        raise Permanent(f"the device's keys are none: {type(error).__name__}") from None
    return message


def signature(device: Device, key: str, *, contact: str, expires: int) -> dict[str, str]:
    """The headers that say who sends (RFC 8292). `key` is base64url of 32 bytes."""
    url = urlsplit(device.endpoint)
    claims = {"aud": f"{url.scheme}://{url.netloc}", "exp": expires, "sub": contact}
    headers: Any = Vapid02.from_raw(key.encode()).sign(claims)
    return dict(headers)
