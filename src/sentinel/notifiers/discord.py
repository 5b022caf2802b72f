"""Discord, over a webhook of a channel: one message for each incident, which changes with it.

channels:
  discord-ops:
    type: discord
    url: ${credential:discord-webhook}

A webhook can't be answered over, so that what a reader may do stands there as links.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

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
)
from sentinel.notifiers._calling import Answer, call, refusal
from sentinel.notifiers._card import Card, Mood, card_of, is_quiet, news_of

_PATH = re.compile(r"(/api(/v\d+)?/webhooks/\d+/[\w-]+)/?")
_COLOURS: dict[Mood, int] = {
    "critical": 0x8F1D2C,
    "warning": 0x8A5A00,
    "info": 0x3A5A78,
    "taken": 0x5B4B8A,
    "calm": 0x0F8A7D,
}
# The first few are markup anywhere, the last ones at the beginning of a line.
_MARKUP = re.compile(r"([\\*_~`|\[\]()<]|^\s*[>#-])", re.MULTILINE)
# Discord takes 2,000 characters of text, and 6,000 in all parts of an embed together.
_CONTENT = 2000
_TITLE = 256
_DESCRIPTION = 2500
_TEXT = 2000
_VALUE = 200
_FIELD = 1024
_UNKNOWN_MESSAGE = 10008
_NUMBER = re.compile(r"[0-9]{5,25}")


class DiscordParams(Params, frozen=True):
    url: Annotated[
        Secret,
        Meta(description="The webhook: `https://discord.com/api/webhooks/…`. It holds a token."),
    ]
    thread: Annotated[
        Annotated[str, Meta(pattern=r"^\d{5,25}$", examples=["112233445566778899"])] | None,
        Meta(description="The id of a thread of that channel to write in."),
    ] = None

    def __post_init__(self) -> None:
        url = urlsplit(self.url.reveal())
        if url.scheme not in ("http", "https") or not url.hostname or not _PATH.fullmatch(url.path):
            raise ValueError("url: expected https://discord.com/api/webhooks/ID/TOKEN")


class Discord(Notifier[DiscordParams]):
    type = "discord"
    summary = "Discord by webhook: one message for each incident that changes with it."
    Params = DiscordParams
    timeout = 20.0
    # Discord lets a webhook send 30 messages a minute to a channel.
    capabilities = Capabilities(thread=True, rate=30)

    def __init__(self, params: DiscordParams, context: Context) -> None:
        super().__init__(params, context)
        url = urlsplit(params.url.reveal())
        self._url = f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"
        self._thread = {"thread_id": params.thread} if params.thread else {}

    async def send(self, message: Message) -> Receipt:
        card = card_of(message)
        # What a channel of another type was called by is no number here.
        if not _NUMBER.fullmatch(message.previous):
            return await self._post({"embeds": [embedded(message, card)], **_QUIETLY})
        answer = await self._call(f"/messages/{message.previous}", message, card)
        if answer.data.get("code") == _UNKNOWN_MESSAGE:
            # Whoever deleted the first message is still to be told.
            return await self._post({"embeds": [embedded(message, card)], **_QUIETLY})
        if not answer.ok:
            raise self._refusal(answer)
        if not is_quiet(message):
            # A change makes no sound.
            await self._post(_line(message, card))
        return Receipt(reference=message.previous, detail="the first message was changed")

    async def _call(self, path: str, message: Message, card: Card) -> Answer:
        url = f"{self._url}{path}?{urlencode(self._thread)}".rstrip("?")
        body = {"embeds": [embedded(message, card)], **_QUIETLY}
        return await call(self.context, "Discord", url, body, method="PATCH", within=self.timeout)

    async def _post(self, body: dict[str, Any]) -> Receipt:
        # Only with `wait` does it tell the message's id, and what is wrong with it.
        url = f"{self._url}?{urlencode({'wait': 'true', **self._thread})}"
        answer = await call(self.context, "Discord", url, body, within=self.timeout)
        if not answer.ok:
            raise self._refusal(answer)
        id = answer.data.get("id")
        return Receipt(reference=id if isinstance(id, str) else "", detail="posted")

    def _refusal(self, answer: Answer) -> Permanent | Retryable:
        said, wish = answer.data.get("message"), answer.data.get("retry_after")
        return refusal(
            "Discord",
            answer,
            self.params,
            said=said if isinstance(said, str) else "",
            wish=float(wish) if isinstance(wish, int | float) else None,
        )


def embedded(message: Message, card: Card) -> dict[str, Any]:
    embed: dict[str, Any] = {
        "title": _escaped(card.headline)[:_TITLE],
        "description": _fitting(_parts(card), "\n", _DESCRIPTION),
        "color": _COLOURS[card.mood],
        "fields": [
            {"name": name, "value": _escaped(value)[:_VALUE], "inline": len(value) < 40}
            for name, value in card.facts
        ],
    }
    if _is_web(card.url):
        embed["url"] = card.url
    links = [_link(choice.label, choice.url) for choice in message.choices]
    if told := _fitting(links, " · ", _FIELD):
        embed["fields"].append({"name": "What you can do", "value": told, "inline": False})
    if card.state:
        embed["footer"] = {"text": card.state}
    return embed


def _parts(card: Card) -> Iterator[str]:
    if told := card.lead or card.text:
        yield _escaped(told)[:_TEXT]
    if card.do:
        yield f"**Do first:** {_escaped(card.do)}"
    if card.said:
        # Nothing is markup within a fence but its end.
        yield f"```\n{card.said.replace('`', chr(39))}\n```"
    if card.others:
        yield "**Also in this message**"
        yield from (f"- {_link(text, url)}" for text, url in card.others)


def _fitting(parts: Iterable[str], between: str, most: int) -> str:
    """As many as fit, whole: half a link is none."""
    told = ""
    for part in parts:
        longer = f"{told}{between}{part}" if told else part
        if len(longer) <= most:
            told = longer
    return told


def _line(message: Message, card: Card) -> dict[str, Any]:
    """Below the first message, which has changed: that there is news, and where."""
    address = f" <{message.url}>" if _is_web(message.url) else ""
    return {"content": f"{_escaped(news_of(card))[: _CONTENT - 500]}{address}", **_QUIETLY}


# Nobody is called by a text from outside.
_QUIETLY: dict[str, Any] = {"allowed_mentions": {"parse": []}}


def _link(text: str, url: str) -> str:
    if not _is_web(url):
        return _escaped(text)
    # A bracket in it would end it.
    return f"[{_escaped(text)}]({url.replace('(', '%28').replace(')', '%29')})"


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://")) and not set(" <>\n") & set(url)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Discord)
