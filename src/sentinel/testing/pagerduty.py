"""PagerDuty as far as the channel `pagerduty` knows it: its Events API, and its webhooks."""

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from sentinel.api import Request
from sentinel.testing.provider import FakeProvider, fake_provider

ROUTING_KEY = "r0utingkey" + "0" * 22
WEBHOOK_SECRET = "s3cr3t-of-the-webhook"  # noqa: S105 - of a provider that there is not
_ACTIONS = ("trigger", "acknowledge", "resolve")
_SEVERITIES = ("critical", "error", "warning", "info")
_LARGEST = 512 * 1024


class FakePagerDuty:
    """`events` are all that were taken, in order. `provider` can be told to behave badly;
    `will(takes)` lets it go on as before."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.events: list[dict[str, Any]] = []
        provider.will(self.takes)

    @property
    def url(self) -> str:
        return self.provider.url

    async def takes(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """Answers as the API does."""
        if (request.method, request.path) != ("POST", "/v2/enqueue"):
            return web.json_response({"error": {"message": "Not Found"}}, status=404)
        errors = _errors_in(body)
        if errors:
            refused = {"status": "invalid event", "message": "Event object is invalid"}
            return web.json_response({**refused, "errors": errors}, status=400)
        event = msgspec.json.decode(body)
        self.events.append(event)
        taken = {"status": "success", "message": "Event processed"}
        return web.json_response({**taken, "dedup_key": event["dedup_key"]}, status=202)

    def webhook(
        self,
        kind: str,
        thread: str,
        *,
        at: float,
        by: str = "Bob",
        agent: str = "user_reference",
        id: str = "",
        keys: tuple[str, ...] = (WEBHOOK_SECRET,),
    ) -> Request:
        """What a notifier receives of a V3 webhook; several `keys` sign it while they change."""
        event = {
            "id": id or secrets.token_hex(13),
            "event_type": kind,
            "resource_type": "incident",
            "occurred_at": datetime.fromtimestamp(at, UTC).isoformat(),
            "agent": {"id": "PLH1HKV", "summary": by, "type": agent},
            "client": None,
            "data": {"id": "PGR0VU2", "type": "incident", "incident_key": thread},
        }
        body = msgspec.json.encode({"event": event})
        digests = (hmac.new(key.encode(), body, hashlib.sha256).hexdigest() for key in keys)
        signature = ",".join(f"v1={digest}" for digest in digests)
        return Request(
            path={"rest": ""}, query={}, headers={"x-pagerduty-signature": signature}, body=body
        )


@asynccontextmanager
async def fake_pagerduty() -> AsyncIterator[FakePagerDuty]:
    """Give its `url` to a channel as `api_url`."""
    async with fake_provider() as provider:
        yield FakePagerDuty(provider)


def _errors_in(body: bytes) -> list[str]:
    if len(body) > _LARGEST:
        return ["the event is too large"]
    event = msgspec.json.decode(body)
    payload = event.get("payload", {})
    checks = {
        "'routing_key' is unknown": event.get("routing_key") == ROUTING_KEY,
        "'event_action' is unknown": event.get("event_action") in _ACTIONS,
        "'dedup_key' is missing or too long": 0 < len(event.get("dedup_key", "")) <= 255,
    }
    if event.get("event_action") == "trigger":
        checks |= {
            "'payload.summary' is missing or too long": 0 < len(payload.get("summary", "")) <= 1024,
            "'payload.source' is missing": bool(payload.get("source")),
            "'payload.severity' is unknown": payload.get("severity") in _SEVERITIES,
        }
    return [text for text, good in checks.items() if not good]
