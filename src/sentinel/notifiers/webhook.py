"""Signed HTTP callbacks by the Standard Webhooks specification (standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Context,
    Message,
    Notifier,
    Params,
    Permanent,
    Receipt,
    Retryable,
    Secret,
    hook,
    redacted,
)

_MOST_OF_REPLY = 2048
_SHOWN_OF_REPLY = 200
_PASSING = (408, 425, 429)
# These redirects say themselves that they are for the time being.
_PASSING_REDIRECTS = (302, 303, 307)
_KEY_BYTES = range(24, 65)


class WebhookParams(Params, frozen=True):
    url: Annotated[Secret, Meta(description="Where to POST to. May hold a token of the receiver.")]
    secret: Annotated[
        Secret, Meta(description="`whsec_` and base64 of 24 to 64 random bytes; signs each call.")
    ]
    previous_secret: Annotated[
        Secret | None,
        Meta(description="Signs too, while receivers are moved to a new `secret`."),
    ] = None
    headers: Annotated[
        dict[str, Secret], Meta(description="More headers, such as Authorization.")
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        url = urlsplit(self.url.reveal())
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("url: expected http:// or https:// and a host")
        for secret in (self.secret, self.previous_secret):
            if secret is not None:
                signing_key(secret)
        for name, value in self.headers.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or re.search(r"[\r\n]", value.reveal()):
                raise ValueError("headers: expected names of A-Z, 0-9 and -, and one-line values")


class Webhook(Notifier[WebhookParams]):
    type = "webhook"
    summary = "Signed HTTP POST (Standard Webhooks) with the incident as JSON."
    Params = WebhookParams
    timeout = 20.0
    capabilities = Capabilities(idempotent=True)

    def __init__(self, params: WebhookParams, context: Context) -> None:
        super().__init__(params, context)
        secrets = [params.secret, *([params.previous_secret] if params.previous_secret else [])]
        self._keys = [signing_key(secret) for secret in secrets]
        self._url = params.url.reveal()
        self._host = urlsplit(self._url).hostname or ""

    async def send(self, message: Message) -> Receipt:
        body = msgspec.json.encode(message.payload)
        try:
            return await self._post(body, self._headers(message.key, body))
        except aiohttp.InvalidURL as error:
            raise Permanent(f"the URL can't be used: {error.description}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The text of some of these holds the whole URL.
            raise Retryable(f"{self._host} can't be reached: {type(error).__name__}") from error

    async def _post(self, body: bytes, headers: dict[str, str]) -> Receipt:
        request = self.context.http.post(
            self._url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self.timeout),
        )
        async with request as response:
            start = await response.content.read(_MOST_OF_REPLY)
            # Debug pages echo what they were sent; a cut comes last, or half a secret may stay.
            reply = redacted(start.decode(errors="replace"), self.params)[:_SHOWN_OF_REPLY]
            said = f"{response.status} {reply}".strip()
            if 200 <= response.status < 300:
                return Receipt(detail=said)
            wish = response.headers.get("retry-after", "")
            raise _refusal(response.status, said, self._host, self._seconds(wish))

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.context.clock.now()))
        signed = b".".join((key.encode(), timestamp.encode(), body))
        digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in self._keys)
        signatures = (f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
        return {
            **{name: value.reveal() for name, value in self.params.headers.items()},
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(signatures),
        }

    def _seconds(self, retry_after: str) -> float | None:
        """RFC 9110: a number of seconds or a date."""
        if retry_after.isascii() and retry_after.isdigit():
            return float(retry_after[:9])
        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - self._now())
        except (ValueError, OverflowError):
            return None

    def _now(self) -> float:
        return self.context.clock.now()


def signing_key(secret: Secret) -> bytes:
    """The bytes to sign with. Raises ValueError without showing any of them."""
    text = secret.reveal()
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith("whsec_") or len(key) not in _KEY_BYTES:
        raise ValueError("secret: expected whsec_ and the base64 of 24 to 64 random bytes")
    return key


def _refusal(status: int, said: str, host: str, wish: float | None) -> Permanent | Retryable:
    text = f"{host} answered {said}"
    if status in _PASSING or status >= 500:
        return Retryable(text, after=wish)
    if 300 <= status < 400:
        text = f"{text} (a redirect, which is not followed: set the URL it leads to)"
        return Retryable(text) if status in _PASSING_REDIRECTS else Permanent(text)
    return Permanent(text)


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Webhook)
