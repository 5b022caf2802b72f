"""A workflow of Microsoft Teams that takes a card."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from sentinel.testing.provider import FakeProvider, fake_provider

PATH = "/workflows/0a1b2c/triggers/manual/paths/invoke"
SIGNATURE = "s1gnature-of-the-workflow"
_LARGEST = 28_000
_KIND = "application/vnd.microsoft.card.adaptive"


class FakeTeams:
    """`cards` are those of the workflow's runs that were begun. A workflow answers 202 before it
    posts anything: `cards` may be more than anybody sees. `provider` can be told to behave badly;
    `will(takes)` lets it go on as before."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.cards: list[dict[str, Any]] = []
        provider.will(self.takes)

    @property
    def url(self) -> str:
        return f"{self.provider.url}{PATH}?api-version=1&sp=%2Ftriggers&sv=1.0&sig={SIGNATURE}"

    async def takes(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if request.path != PATH:
            return _no(404, "WorkflowNotFound", "The workflow could not be found.")
        if request.query.get("sig") != SIGNATURE:
            return _no(401, "DirectApiAuthorizationRequired", "The signature is not valid.")
        if len(body) > _LARGEST:
            return _no(413, "RequestEntityTooLarge", "The request is too large.")
        envelope = json.loads(body)
        attachments = envelope.get("attachments", [])
        if envelope.get("type") != "message" or [a["contentType"] for a in attachments] != [_KIND]:
            return _no(400, "TriggerInputSchemaMismatch", "The input does not fit.")
        self.cards.append(attachments[0]["content"])
        return web.Response(status=202)


@asynccontextmanager
async def fake_teams() -> AsyncIterator[FakeTeams]:
    """Give its `url` to a channel as `url`."""
    async with fake_provider() as provider:
        yield FakeTeams(provider)


def _no(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
