"""Discord as far as the channel `discord` knows it: the webhooks of a channel."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web

from sentinel.testing.provider import Behaviour, FakeProvider, fake_provider

PATH = "/api/webhooks/123456789/t0ken-of-the-webhook"
_CONTENT, _EMBED, _TITLE, _DESCRIPTION, _NAME, _FIELD, _FOOTER = (
    2000,
    6000,
    256,
    4096,
    256,
    1024,
    2048,
)


def limits(retry_after: float) -> Behaviour:
    """Asks to be left alone: for a fraction of a second in the body, a whole one in the header."""

    async def behave(request: web.BaseRequest, received: bytes) -> web.StreamResponse:
        body = {"message": "You are being rate limited.", "retry_after": retry_after}
        headers = {"Retry-After": str(int(retry_after) + 1)}
        return web.json_response({**body, "global": False}, status=429, headers=headers)

    return behave


class FakeDiscord:
    """`messages` is how each message looks now, by its id, in the order of posting. `provider` can
    be told to behave badly; `will(takes)` lets it go on as before."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.messages: dict[str, dict[str, Any]] = {}
        self._numbers = count(1_100_000_000_000_000_001)
        provider.will(self.takes)

    @property
    def url(self) -> str:
        return f"{self.provider.url}{PATH}"

    async def takes(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        message = re.fullmatch(rf"{PATH}(?:/messages/(\d+))?", request.path)
        if message is None:
            return _no(404, 10015, "Unknown Webhook")
        fields = json.loads(body)
        if not _fits(fields):
            return _no(400, 50035, "Invalid Form Body")
        if request.method == "PATCH":
            if message[1] not in self.messages:
                return _no(404, 10008, "Unknown Message")
            self.messages[message[1]].update(fields)
            return web.json_response({"id": message[1], **fields})
        id = str(next(self._numbers))
        self.messages[id] = fields
        if request.query.get("wait") != "true":
            return web.Response(status=204)
        return web.json_response({"id": id, "channel_id": "99", **fields})


@asynccontextmanager
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Give its `url` to a channel as `url`."""
    async with fake_provider() as provider:
        yield FakeDiscord(provider)


def _no(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"message": message, "code": code}, status=status)


def _fits(fields: Mapping[str, Any]) -> bool:
    embeds = fields.get("embeds", [])
    return (
        bool(fields.get("content") or embeds)
        and len(fields.get("content", "")) <= _CONTENT
        and all(map(embed_fits, embeds))
    )


def embed_fits(embed: Mapping[str, Any]) -> bool:
    """Within the limits that Discord documents."""
    fields = embed.get("fields", [])
    title, text = embed.get("title", ""), embed.get("description", "")
    footer = embed.get("footer", {}).get("text", "")
    whole = len(title) + len(text) + len(footer)
    whole += sum(len(field["name"]) + len(field["value"]) for field in fields)
    return (
        len(title) <= _TITLE
        and len(text) <= _DESCRIPTION
        and len(footer) <= _FOOTER
        and len(fields) <= 25
        and all(
            0 < len(field["name"]) <= _NAME and 0 < len(field["value"]) <= _FIELD
            for field in fields
        )
        and 0 < whole <= _EMBED
    )
