"""Webhooks and Slack incoming webhooks of clients: their addresses come from outside, so whatever
leads into a private network is refused, by name, by address and by redirect.

channels:
  client-hooks:
    type: client_webhook
    secret: ${credential:client-hooks-secret}
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import partial
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
    Receipt,
    Retryable,
    Secret,
    hook,
    public_session,
)
from sentinel.notifiers._standard_webhooks import post, signed, signing_key

_LONGEST_SLACK = 3000
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


class ClientWebhookParams(Params, frozen=True):
    secret: Annotated[
        Secret,
        Meta(
            description="`whsec_` and base64 of 24 to 64 random bytes. Each receiver gets a secret "
            "of its own, which is made from this one."
        ),
    ]
    allow_private: Annotated[
        list[str], Meta(description="Private hosts and networks that may be called all the same.")
    ] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        signing_key(self.secret)


class SlackWebhookParams(Params, frozen=True):
    allow_private: Annotated[
        list[str], Meta(description="Private hosts and networks that may be called all the same.")
    ] = msgspec.field(default_factory=list)


class ClientWebhook(Notifier[ClientWebhookParams]):
    type = "client_webhook"
    summary = "Signed HTTP POST (Standard Webhooks) to the URL of a client."
    Params = ClientWebhookParams
    address = "webhook"
    timeout = 20.0
    capabilities = Capabilities(idempotent=True, merges=False)

    def __init__(self, params: ClientWebhookParams, context: Context) -> None:
        super().__init__(params, context)
        self._master = signing_key(params.secret)
        self._http: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._http = public_session(self.params.allow_private)

    async def stop(self) -> None:
        await _close(self._http)

    async def send(self, message: Message) -> Receipt:
        body = msgspec.json.encode(message.payload)
        now = self.context.clock.now()
        return await post(
            _opened(self._http),
            message.to,
            body,
            signed([self._key(message.to)], message.key, now, body),
            within=self.timeout,
            now=now,
            presentable=partial(_without, address=message.to),
        )

    def secret_for(self, address: str) -> str:
        return f"whsec_{base64.b64encode(self._key(address)).decode()}"

    def _key(self, url: str) -> bytes:
        """Made, not stored: nothing is lost with the database, and nothing is in it."""
        return hmac.digest(self._master, url.encode(), hashlib.sha256)


class SlackWebhook(Notifier[SlackWebhookParams]):
    type = "slack_webhook"
    summary = "A message to the Slack incoming webhook of a client."
    Params = SlackWebhookParams
    address = "slack_webhook"
    timeout = 20.0
    capabilities = Capabilities(rate=600)

    def __init__(self, params: SlackWebhookParams, context: Context) -> None:
        super().__init__(params, context)
        self._http: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._http = public_session(self.params.allow_private)

    async def stop(self) -> None:
        await _close(self._http)

    async def send(self, message: Message) -> Receipt:
        text = f"*{_escaped(message.subject)}*\n{_escaped(message.text)}"
        body = {"text": text[:_LONGEST_SLACK], "unfurl_links": False, "unfurl_media": False}
        return await post(
            _opened(self._http),
            message.to,
            msgspec.json.encode(body),
            {"content-type": "application/json"},
            within=self.timeout,
            now=self.context.clock.now(),
            presentable=partial(_without, address=message.to),
        )


def _escaped(text: str) -> str:
    """Slack reads `<…>` as a link or as a call to everybody."""
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text


def _without(text: str, address: str) -> str:
    """Such an address is as good as a password, and debug pages echo it."""
    path = urlsplit(address).path
    return text.replace(path, "/…") if len(path) > 1 else text


def _opened(http: aiohttp.ClientSession | None) -> aiohttp.ClientSession:
    if http is None:
        raise Retryable("the channel has not been started")
    return http


async def _close(http: aiohttp.ClientSession | None) -> None:
    if http is not None:
        await http.close()


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(ClientWebhook)
    register(SlackWebhook)
