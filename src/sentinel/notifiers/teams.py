"""Microsoft Teams, over a workflow that takes a card.

channels:
  teams-ops:
    type: teams
    url: ${credential:teams-workflow}

A workflow can neither change what it posted nor say whether it did: each message is a card of its
own, and what a reader may do stands there as links.
"""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta

from sentinel.api import Capabilities, Message, Notifier, Params, Receipt, Secret, hook
from sentinel.notifiers._calling import call, refusal
from sentinel.notifiers._card import Card, Mood, card_of, line

_COLOURS: dict[Mood, str] = {
    "critical": "attention",
    "warning": "warning",
    "info": "accent",
    "taken": "accent",
    "calm": "good",
}
# Teams shows no more than six, and this leaves one for the incident itself.
_MOST_CHOICES = 5
_LABEL = 60


class TeamsParams(Params, frozen=True):
    url: Annotated[
        Secret,
        Meta(description="The workflow's address, as Teams gives it. It holds a signature."),
    ]

    def __post_init__(self) -> None:
        url = urlsplit(self.url.reveal())
        if url.scheme not in ("http", "https") or not url.hostname or not url.path.strip("/"):
            raise ValueError("url: expected the https:// address of a workflow")


class Teams(Notifier[TeamsParams]):
    type = "teams"
    summary = "Microsoft Teams by a workflow: an adaptive card for each message."
    Params = TeamsParams
    timeout = 30.0
    # A connector takes 4 a second for all of a tenant's workflows together.
    capabilities = Capabilities(max_length=28_000, rate=60)

    async def send(self, message: Message) -> Receipt:
        url = self.params.url.reveal()
        answer = await call(self.context, "Teams", url, envelope_of(message), within=self.timeout)
        if not answer.ok:
            raise refusal("Teams", answer, self.params, said=_told(answer.data.get("error")))
        return Receipt(detail=f"{answer.status}: the workflow was begun")


def envelope_of(message: Message) -> dict[str, Any]:
    """Under 28 KB, as the parts of a card are bounded."""
    card = card_of(message)
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "fallbackText": card.headline,
                    "msteams": {"width": "Full"},
                    "body": _body(card),
                    "actions": _actions(message, card),
                },
            }
        ],
    }


def _body(card: Card) -> list[dict[str, Any]]:
    title = {"size": "large", "weight": "bolder", "color": _COLOURS[card.mood]}
    body = [_text(_run(card.headline, **title))]
    if card.state:
        body.append(_text(_run(card.state, isSubtle=True)))
    body += [_text(_run(text)) for text in (card.lead, *card.text.split("\n\n")) if text]
    if card.do:
        body.append(_text(_run("Do first: ", weight="bolder"), _run(card.do)))
    if card.said:
        body.append(_text(_run(card.said, fontType="monospace")))
    body += [_text(_run(f"{name}: ", isSubtle=True), _run(value)) for name, value in card.facts]
    if card.others:
        body.append(_text(_run("Also in this message", weight="bolder")))
        body += [_text(_other(text, url)) for text, url in card.others]
    return body


def _text(*runs: dict[str, Any]) -> dict[str, Any]:
    # Not a TextBlock: that reads its text as Markdown, in which outsiders could hide a link.
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _other(text: str, url: str) -> dict[str, Any]:
    return _run(f"• {text}", **({"selectAction": _open(text, url)} if _is_web(url) else {}))


def _actions(message: Message, card: Card) -> list[dict[str, Any]]:
    title = "Open the incident" if card.state else "Open"
    pages = [(choice.label, choice.url) for choice in message.choices[:_MOST_CHOICES]]
    return [_open(label, url) for label, url in ((title, card.url), *pages) if _is_web(url)]


def _open(title: str, url: str) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": line(title, _LABEL), "url": url}


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _told(error: Any) -> str:
    """Workflows put what is wrong into `error.message`."""
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(Teams)
