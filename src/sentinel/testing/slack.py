"""Slack as far as the channel `slack` knows it: its Web API, Socket Mode and signed calls."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from sentinel.api import Request
from sentinel.testing.provider import Behaviour, FakeProvider, fake_provider

BOT_TOKEN = "xoxb-t0ken-of-the-bot"  # noqa: S105 - of a fake
APP_TOKEN = "xapp-t0ken-of-the-app"  # noqa: S105 - of a fake
SIGNING_SECRET = "s1gning-secret-of-the-app"  # noqa: S105 - of a fake
CHANNEL, ARCHIVED, FOREIGN = "C0123456789", "C0ARCH1VED9", "C0F0RE1GN99"
_SECTION, _HEADER, _FIELD, _LABEL, _VALUE, _BLOCKS = 3000, 150, 2000, 75, 2000, 50


def refuses(error: str, **more: Any) -> Behaviour:
    """Says no as Slack does: with 200 and a word."""

    async def behave(request: web.BaseRequest, received: bytes) -> web.StreamResponse:
        return web.json_response({"ok": False, "error": error, **more})

    return behave


class FakeSlack:
    """`posted` and `changed` are the calls that were taken, in order; `messages` how each message
    looks now, by channel and time stamp. `answered` are the texts that whoever pressed is shown,
    `acknowledged` the envelopes that came back over the socket. `provider` can be told to behave
    badly; `will(takes)` lets it go on as before."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.posted: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []
        self.messages: dict[tuple[str, str], dict[str, Any]] = {}
        self.answered: list[str] = []
        self.acknowledged: list[str] = []
        self.connections = 0
        self.news = asyncio.Condition()
        self._socket: web.WebSocketResponse | None = None
        self._numbers = count(1)
        provider.will(self.takes)

    @property
    def url(self) -> str:
        return f"{self.provider.url}/api/"

    async def takes(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if request.path == "/socket":
            return await self._serve_socket(request)
        if request.path == "/respond":
            self.answered.append(json.loads(body)["text"])
            await self._tell()
            return web.Response(text="ok")
        method = request.path.removeprefix("/api/")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                return _no("invalid_auth")
            address = self.provider.url.replace("http", "ws", 1)
            return web.json_response({"ok": True, "url": f"{address}/socket?ticket=t1cket"})
        if token != BOT_TOKEN:
            return _no("invalid_auth")
        fields = _fields(request, body)
        if error := _wrong(fields):
            return _no(error)
        if method == "chat.postMessage":
            return await self._post(fields)
        if method == "chat.update":
            return await self._update(fields)
        return _no("unknown_method")

    def press(
        self, message: Mapping[str, Any], label: str, user: str = "U0123456789"
    ) -> dict[str, Any]:
        """What Slack tells when this user presses the button with this label."""
        buttons = [
            one
            for block in message["blocks"]
            if block["type"] == "actions"
            for one in block["elements"]
        ]
        button = next(one for one in buttons if one["text"]["text"] == label)
        return {
            "type": "block_actions",
            "user": {"id": user},
            "actions": [{"type": "button", **button}],
            "response_url": f"{self.provider.url}/respond",
        }

    def says(self, text: str, user: str = "U0123456789", **event: Any) -> dict[str, Any]:
        """What Slack tells when this user writes to the app."""
        direct = {"type": "message", "channel_type": "im", "channel": "D0123456789"}
        told = {**direct, "user": user, "text": text, "ts": "1760000100.000100", **event}
        return {"type": "event_callback", "event_id": f"Ev{next(self._numbers)}", "event": told}

    async def send(self, payload: Mapping[str, Any]) -> str:
        """Over the open socket; gives the envelope's id."""
        assert self._socket is not None, "no socket is open"
        id = f"envelope-{next(self._numbers)}"
        kind = "interactive" if payload["type"] == "block_actions" else "events_api"
        await self._socket.send_json({"envelope_id": id, "type": kind, "payload": payload})
        return id

    async def hang_up(self, *, politely: bool) -> None:
        """Slack says beforehand when it renews a connection; a network does not."""
        assert self._socket is not None, "no socket is open"
        if politely:
            await self._socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
        else:
            await self._socket.close()

    def request(
        self,
        payload: Mapping[str, Any],
        now: float,
        *,
        secret: str = SIGNING_SECRET,
        form: bool = False,
    ) -> Request:
        """What a notifier receives of a signed call."""
        body = json.dumps(payload)
        if form:
            body = urlencode({"payload": body})
        kind = "x-www-form-urlencoded" if form else "json"
        timestamp = str(int(now))
        return Request(
            path={"rest": ""},
            query={},
            headers={
                "content-type": f"application/{kind}",
                "x-slack-request-timestamp": timestamp,
                "x-slack-signature": signature(secret, timestamp, body.encode()),
            },
            body=body.encode(),
        )

    async def _post(self, fields: dict[str, Any]) -> web.Response:
        channel = fields["channel"]
        channel = channel.replace("U", "D", 1) if channel.startswith("U") else channel
        ts = f"1760000000.{next(self._numbers):06}"
        self.posted.append(fields)
        self.messages[channel, ts] = fields
        await self._tell()
        return web.json_response({"ok": True, "channel": channel, "ts": ts, "message": {}})

    async def _update(self, fields: dict[str, Any]) -> web.Response:
        place = (fields["channel"], fields["ts"])
        if place not in self.messages:
            return _no("message_not_found")
        self.changed.append(fields)
        self.messages[place] = {**self.messages[place], **fields}
        await self._tell()
        return web.json_response({"ok": True, "channel": place[0], "ts": place[1]})

    async def _serve_socket(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._socket = socket
        self.connections += 1
        await self._tell()
        async for message in socket:
            self.acknowledged.append(message.json()["envelope_id"])
            await self._tell()
        return socket

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    digest = hmac.new(secret.encode(), b":".join((b"v0", timestamp.encode(), body)), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


@asynccontextmanager
async def fake_slack() -> AsyncIterator[FakeSlack]:
    """Give its `url` to a channel as `api_url`."""
    async with fake_provider() as provider:
        yield FakeSlack(provider)


def _no(error: str) -> web.Response:
    return web.json_response({"ok": False, "error": error})


def _fields(request: web.BaseRequest, body: bytes) -> dict[str, Any]:
    if request.content_type == "application/json":
        fields: dict[str, Any] = json.loads(body)
        return fields
    return dict(parse_qsl(body.decode()))


def _wrong(fields: Mapping[str, Any]) -> str:
    """Slack's word for what it would not take."""
    channel = fields.get("channel", "")
    if channel == ARCHIVED:
        return "is_archived"
    if channel in ("", FOREIGN):
        return "channel_not_found"
    blocks = fields.get("blocks", [])
    if not all(fits(block) for block in blocks) or len(blocks) > _BLOCKS:
        return "invalid_blocks"
    return "" if fields.get("text") or blocks else "no_text"


def fits(block: Mapping[str, Any]) -> bool:
    """Within the limits of Block Kit."""
    match block["type"]:
        case "header":
            return 0 < len(block["text"]["text"]) <= _HEADER
        case "section":
            fields = [field["text"] for field in block.get("fields", [])]
            text = block.get("text", {}).get("text", "")
            whole = all(0 < len(field) <= _FIELD for field in fields) and len(fields) <= 10
            return whole and len(text) <= _SECTION and bool(fields or text)
        case "actions":
            buttons = block["elements"]
            alone = len({button["action_id"] for button in buttons}) == len(buttons)
            return alone and all(
                0 < len(button["text"]["text"]) <= _LABEL and len(button.get("value", "")) <= _VALUE
                for button in buttons
            )
    return bool(block["type"] == "context")
