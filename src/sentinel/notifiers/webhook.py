"""Signed HTTP callbacks by the Standard Webhooks specification (standardwebhooks.com)."""

import re
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from sentinel.api import (
    Capabilities,
    Context,
    Message,
    Notifier,
    Params,
    Receipt,
    Secret,
    hook,
    redacted,
)
from sentinel.notifiers._standard_webhooks import post, signed, signing_key


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
    capabilities = Capabilities(idempotent=True, merges=False)

    def __init__(self, params: WebhookParams, context: Context) -> None:
        super().__init__(params, context)
        secrets = [params.secret, *([params.previous_secret] if params.previous_secret else [])]
        self._keys = [signing_key(secret) for secret in secrets]
        self._url = params.url.reveal()

    async def send(self, message: Message) -> Receipt:
        body = msgspec.json.encode(message.payload)
        now = self.context.clock.now()
        own = {name: value.reveal() for name, value in self.params.headers.items()}
        return await post(
            self.context.http,
            self._url,
            body,
            {**own, **signed(self._keys, message.key, now, body)},
            within=self.timeout,
            now=now,
            presentable=lambda text: redacted(text, self.params),
        )


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Webhook)
