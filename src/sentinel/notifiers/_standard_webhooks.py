"""Signed HTTP callbacks by the Standard Webhooks specification (standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import aiohttp

from sentinel.api import Permanent, Receipt, Retryable, Secret
from sentinel.notifiers._retry_after import seconds_of

KEY_BYTES = range(24, 65)
_MOST_OF_REPLY = 2048
_SHOWN_OF_REPLY = 200
_PASSING = (408, 425, 429)
# These redirects say themselves that they are for the time being.
_PASSING_REDIRECTS = (302, 303, 307)


def signing_key(secret: Secret) -> bytes:
    """The bytes to sign with. Raises ValueError without showing any of them."""
    text = secret.reveal()
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith("whsec_") or len(key) not in KEY_BYTES:
        raise ValueError("secret: expected whsec_ and the base64 of 24 to 64 random bytes")
    return key


def signed(keys: Sequence[bytes], key: str, now: float, body: bytes) -> dict[str, str]:
    """The headers of a call with this body, signed with each of the keys. `key` is what the
    receiver knows it again by."""
    timestamp = str(int(now))
    content = b".".join((key.encode(), timestamp.encode(), body))
    digests = (hmac.digest(secret, content, hashlib.sha256) for secret in keys)
    signatures = (f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
    return {
        "content-type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


async def post(
    http: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    within: float,
    now: float,
    presentable: Callable[[str], str],
) -> Receipt:
    """Redirects are not followed. `presentable` takes secrets out of what the receiver says."""
    host = urlsplit(url).hostname or ""
    request = http.post(
        url,
        data=body,
        headers=headers,
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=within),
    )
    try:
        async with request as response:
            start = await response.content.read(_MOST_OF_REPLY)
            # Debug pages echo what they were sent; a cut comes last, or half a secret may stay.
            reply = presentable(start.decode(errors="replace"))[:_SHOWN_OF_REPLY]
            said = f"{response.status} {reply}".strip()
            if 200 <= response.status < 300:
                return Receipt(detail=said)
            wish = seconds_of(response.headers.get("retry-after", ""), now)
            raise _refusal(response.status, said, host, wish)
    except aiohttp.InvalidURL as error:
        raise Permanent(f"the URL can't be used: {error.description}") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The text of some of these holds the whole URL.
        raise Retryable(f"{host} can't be reached: {type(error).__name__}") from error


def _refusal(status: int, said: str, host: str, wish: float | None) -> Permanent | Retryable:
    text = f"{host} answered {said}"
    if status in _PASSING or status >= 500:
        return Retryable(text, after=wish)
    if 300 <= status < 400:
        text = f"{text} (a redirect, which is not followed: set the URL it leads to)"
        return Retryable(text) if status in _PASSING_REDIRECTS else Permanent(text)
    # 404: nobody is there; 410: the receiver asks for no more calls.
    return Permanent(text, unreachable=status in (404, 410))
