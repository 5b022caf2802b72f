"""Telegram as far as the channel `telegram` knows it: the Bot API, with polls and webhooks."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from itertools import count
from typing import Any

from aiohttp import web

from sentinel.testing.provider import Behaviour, FakeProvider, fake_provider

TOKEN = "123456789:t0ken-of-the-bot-t0ken-of-the-bot"  # noqa: S105 - of a fake
ALICE, UNKNOWN, BLOCKING = "4711", "4712", "4713"
_LONGEST, _LONGEST_DATA = 4096, 64
_TAGS = ("a", "b", "i", "u", "s", "code", "pre", "blockquote")


def limits(retry_after: int) -> Behaviour:
    """Asks to be left alone, as the Bot API does it."""

    async def behave(request: web.BaseRequest, received: bytes) -> web.StreamResponse:
        return _no(429, "Too Many Requests: retry later", retry_after=retry_after)

    return behave


class FakeTelegram:
    """`messages` is how each message of the bot looks now, by chat and number, in the order of
    sending: its `html`, and the text, entities and keyboard that Telegram makes of it. `notices`
    answer presses of buttons; `webhook` is what was agreed on. `provider` can be told to behave
    badly; `will(takes)` lets it go on as before."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.messages: dict[tuple[str, int], dict[str, Any]] = {}
        self.notices: list[dict[str, Any]] = []
        self.webhook: dict[str, Any] = {}
        self.news = asyncio.Condition()
        self.confirmed = 0
        self._updates: list[dict[str, Any]] = []
        self._numbers = count(1)
        provider.will(self.takes)

    @property
    def url(self) -> str:
        return self.provider.url

    async def takes(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        token, _, method = request.path.removeprefix("/bot").partition("/")
        if token != TOKEN:
            return _no(401, "Unauthorized")
        fields = json.loads(body)
        match method:
            case "sendMessage":
                return await self._send(fields)
            case "editMessageText":
                return await self._edit(fields)
            case "answerCallbackQuery":
                self.notices.append(fields)
                return await self._yes(True)
            case "setWebhook" | "deleteWebhook":
                self.webhook = fields
                return await self._yes(True)
            case "getUpdates":
                return await self._give(fields)
        return _no(404, "Not Found")

    def press(self, place: tuple[str, int], label: str, user: int = int(ALICE)) -> dict[str, Any]:
        """The update that comes when this user presses the button with this label."""
        message = self.messages[place]
        rows = message["reply_markup"]["inline_keyboard"]
        button = next(one for row in rows for one in row if one["text"] == label)
        told = {"message_id": place[1], "chat": {"id": place[0]}, **message}
        query = {"id": "77", "from": {"id": user}, "data": button["callback_data"], "message": told}
        return {"update_id": next(self._numbers), "callback_query": query}

    def says(self, text: str, user: int = int(ALICE), group: bool = False) -> dict[str, Any]:
        """The update that comes when this user writes to the bot, or in a group."""
        chat = {"id": -1001, "type": "supergroup"} if group else {"id": user, "type": "private"}
        number = next(self._numbers)
        message = {"message_id": number, "from": {"id": user}, "chat": chat, "text": text}
        return {"update_id": number, "message": message}

    async def happens(self, update: Mapping[str, Any]) -> None:
        """It is there for the next poll, or the one that waits."""
        self._updates.append(dict(update))
        await self._tell()

    async def _send(self, fields: dict[str, Any]) -> web.Response:
        chat = str(fields["chat_id"])
        if chat == UNKNOWN:
            return _no(400, "Bad Request: chat not found")
        if chat == BLOCKING:
            return _no(403, "Forbidden: bot was blocked by the user")
        looks = shown(fields)
        if isinstance(looks, str):
            return _no(400, f"Bad Request: {looks}")
        number = next(self._numbers)
        self.messages[chat, number] = looks
        return await self._yes({"message_id": number, "chat": {"id": chat}})

    async def _edit(self, fields: dict[str, Any]) -> web.Response:
        place = (str(fields["chat_id"]), fields["message_id"])
        if place not in self.messages:
            return _no(400, "Bad Request: message to edit not found")
        looks = shown(fields)
        if isinstance(looks, str):
            return _no(400, f"Bad Request: {looks}")
        if looks == self.messages[place]:
            return _no(400, "Bad Request: message is not modified: it is the same")
        self.messages[place] = looks
        return await self._yes({"message_id": place[1]})

    async def _give(self, fields: Mapping[str, Any]) -> web.Response:
        """Waits for the next update as long as it is asked to."""
        self.confirmed = max(self.confirmed, fields["offset"] - 1)
        await self._tell()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(fields.get("timeout", 0)), self.news:
                await self.news.wait_for(lambda: self._left(fields["offset"]))
        return web.json_response({"ok": True, "result": self._left(fields["offset"])})

    def _left(self, offset: int) -> list[dict[str, Any]]:
        return [update for update in self._updates if update["update_id"] >= offset]

    async def _yes(self, result: Any) -> web.Response:
        await self._tell()
        return web.json_response({"ok": True, "result": result})

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()


class _Reader(HTMLParser):
    """The text and the entities of what Telegram calls HTML; `wrong` says what it is not."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.entities: list[dict[str, Any]] = []
        self.wrong = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.wrong = f'Unsupported start tag "{tag}"'
        self._open.append(tag)
        if tag == "a":
            url = dict(attributes).get("href")
            self.entities.append({"type": "text_link", "offset": len(self.text), "url": url})

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong = "Unexpected end tag"

    def handle_data(self, data: str) -> None:
        self.text += data


@asynccontextmanager
async def fake_telegram() -> AsyncIterator[FakeTelegram]:
    """Give its `url` to a channel as `api_url`."""
    async with fake_provider() as provider:
        yield FakeTelegram(provider)


def shown(fields: Mapping[str, Any]) -> dict[str, Any] | str:
    """What is to be seen of a message, or what is wrong with it."""
    reader = _Reader()
    if fields.get("parse_mode") == "HTML":
        reader.feed(fields["text"])
        reader.close()
    else:
        reader.text = fields["text"]
    if reader.wrong:
        return f"can't parse entities: {reader.wrong}"
    if not 0 < len(reader.text.encode("utf-16-le")) // 2 <= _LONGEST:
        return "message is too long" if reader.text else "message text is empty"
    keyboard = fields.get("reply_markup", {"inline_keyboard": []})
    buttons = [button for row in keyboard["inline_keyboard"] for button in row]
    if any(not 0 < len(button["callback_data"].encode()) <= _LONGEST_DATA for button in buttons):
        return "BUTTON_DATA_INVALID"
    return {
        "html": fields["text"],
        "text": reader.text,
        "entities": reader.entities,
        "reply_markup": keyboard,
        "silent": fields.get("disable_notification", False),
        "reply_to": fields.get("reply_parameters", {}).get("message_id"),
    }


def _no(status: int, description: str, **parameters: Any) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description}
    return web.json_response(
        {**body, "parameters": parameters} if parameters else body, status=status
    )
