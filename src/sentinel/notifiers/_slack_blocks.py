"""A message in Slack's blocks.

Limits of Block Kit (docs.slack.dev): 50 blocks, 150 characters in a header, 3,000 in a section,
2,000 in each of at most 10 fields, 75 on a button, 2,000 in its value.
"""

from typing import Any

from sentinel.api import Choice, Message
from sentinel.notifiers._card import Card, card_of, line, news_of

Block = dict[str, Any]
PRESSED = "sentinel-choice-"
_LABEL = 70
_MOST_FIELDS = 10
_MOST_CHOICES = 5
_LONGEST_VALUE = 2000
_LONGEST_URL = 3000
_STYLES = {"acknowledge": "primary", "veto": "danger"}


def escaped(text: str) -> str:
    """Slack takes everything but these three as it is, so that nobody is called by a text from
    outside: `<!channel>` shows as what it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback_of(card: Card) -> str:
    """What the notification on a telephone shows."""
    return escaped(news_of(card))


def blocks_of(message: Message, *, pressed: bool) -> list[Block]:
    """`pressed` says whether presses of buttons come back to us; choices are links otherwise."""
    card = card_of(message)
    blocks: list[Block] = [{"type": "header", "text": _plain(card.headline)}]
    if card.lead:
        blocks.append(_section(escaped(card.lead)))
    if card.text:
        # A text that fills 3,000 characters once it is escaped is cut again.
        blocks.append(_section(escaped(card.text)[:3000]))
    if card.do:
        blocks.append(_section(f"*Do first:* {escaped(card.do)}"))
    if card.said:
        blocks.append(_section(f"```{escaped(card.said.replace('```', chr(39) * 3))}```"))
    if card.facts:
        fields = [f"*{name}*\n{escaped(value)}" for name, value in card.facts[:_MOST_FIELDS]]
        blocks.append({"type": "section", "fields": [_mrkdwn(field) for field in fields]})
    if card.others:
        blocks.append(_section("*Also in this message*"))
        blocks += [_section(f"• {_link(text, url)}") for text, url in card.others]
    if card.state:
        blocks.append({"type": "context", "elements": [_mrkdwn(escaped(card.state))]})
    if buttons := _buttons(message, card, pressed):
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def _buttons(message: Message, card: Card, pressed: bool) -> list[Block]:
    choices = message.choices[:_MOST_CHOICES]
    found = [_button(number, choice, pressed) for number, choice in enumerate(choices)]
    if message.url and len(message.url) <= _LONGEST_URL:
        found.append(
            {
                "type": "button",
                "action_id": "sentinel-open",
                "text": _plain("Open the incident" if card.state else "Open"),
                "url": message.url,
            }
        )
    return found


def _button(number: int, choice: Choice, pressed: bool) -> Block:
    button: Block = {
        "type": "button",
        "action_id": f"{PRESSED}{number}",
        "text": _plain(line(choice.label, _LABEL)),
    }
    if choice.verb in _STYLES:
        button["style"] = _STYLES[choice.verb]
    if pressed and len(choice.token) <= _LONGEST_VALUE:
        return {**button, "value": choice.token}
    return {**button, "url": choice.url}


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> Block:
    # Verbatim: no channel, name or address in it becomes a link by itself.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str) -> Block:
    # Without the names of emoji, such as `:fire:`, being turned into pictures.
    return {"type": "plain_text", "text": text, "emoji": False}


def _link(text: str, url: str) -> str:
    """An address that would break out of its link is left out."""
    usable = url.startswith(("https://", "http://")) and not set("<>|") & set(url)
    return f"<{escaped(url)}|{escaped(text)}>" if usable else escaped(text)
