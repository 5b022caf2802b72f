"""A message in the HTML that Telegram reads, and the buttons below it.

Limits of the Bot API (core.telegram.org/bots/api): 4,096 characters of text once its entities are
parsed, 64 bytes in what a button calls back with.
"""

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any

from sentinel.api import Choice, Message
from sentinel.notifiers._card import Card, card_of, line

_LONGEST = 4096
_LABEL = 40
_TAG = re.compile(r"<[^>]*>")
# The end of a token is the end of its signature, so no two choices share it.
_SHOWN_OF_TOKEN = 60


def html_of(message: Message) -> str:
    """The parts that fit, whole; the links always."""
    card = card_of(message)
    links = _links(message, card)
    room, told = _LONGEST - _shown(links), ""
    for part in _parts(card):
        if _shown(part) + 2 <= room:
            room -= _shown(part) + 2
            told += f"{part}\n\n"
    return f"{told}{links}".strip()


def news_in_html(card: Card) -> str:
    head = f"<b>{escape(card.headline)}</b>"
    return f"{head}\n{escape(card.lead)}" if card.lead else head


def keyboard_of(message: Message) -> dict[str, Any]:
    """The buttons, two in a row. An empty one takes away those of the message that is changed."""
    buttons = [_button(choice) for choice in message.choices]
    return {"inline_keyboard": [buttons[at : at + 2] for at in range(0, len(buttons), 2)]}


def token_in(message: dict[str, Any], data: str) -> str:
    """A token does not fit into a button, and what is kept in memory is gone after a restart: so
    the whole one is read from the link in the same message. Empty where that is not there."""
    for entity in message.get("entities") or ():
        url = entity.get("url") if isinstance(entity, dict) else None
        token = url.rpartition("/")[2] if isinstance(url, str) else ""
        if data and token.endswith(data):
            return token
    return ""


def _parts(card: Card) -> Iterator[str]:
    yield f"<b>{escape(card.headline)}</b>"
    yield escape(card.lead or card.text)
    if card.do:
        yield f"<b>Do first:</b> {escape(card.do)}"
    if card.said:
        yield f"<pre>{escape(card.said)}</pre>"
    if card.facts:
        yield "\n".join(f"<b>{escape(name)}:</b> {escape(value)}" for name, value in card.facts)
    if card.others:
        told = "\n".join(f"• {_link(text, url)}" for text, url in card.others)
        yield f"<b>Also in this message</b>\n{told}"
    if card.state:
        yield f"<i>{escape(card.state)}</i>"


def _links(message: Message, card: Card) -> str:
    pages = [("Open the incident" if card.state else "Open", card.url)]
    pages += [(choice.label, choice.url) for choice in message.choices]
    return " · ".join(_link(line(label, _LABEL), url) for label, url in pages if url)


def _shown(html: str) -> int:
    """Telegram counts what is shown, in units of UTF-16."""
    return len(unescape(_TAG.sub("", html)).encode("utf-16-le")) // 2


def _link(text: str, url: str) -> str:
    if not url.startswith(("https://", "http://")):
        return escape(text)
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def _button(choice: Choice) -> dict[str, str]:
    return {"text": line(choice.label, _LABEL), "callback_data": choice.token[-_SHOWN_OF_TOKEN:]}
