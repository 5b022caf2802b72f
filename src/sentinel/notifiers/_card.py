"""What a chat shows of a message: the same facts in the same order for every chat.

Everything is bounded and on one line, so that what comes from outside can neither hide the rest nor
outgrow a provider's limit. How it is escaped is the provider's own.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from sentinel.api import Message

Mood = Literal["critical", "warning", "info", "taken", "calm"]
SIGNS: Mapping[Mood, str] = {
    "critical": "🔴",
    "warning": "🟠",
    "info": "🔵",
    "taken": "👤",
    "calm": "🟢",
}
_SEVERITIES: Mapping[str, Mood] = {"critical": "critical", "warning": "warning"}
_TITLE = 120
_LINE = 400
_VALUE = 160
_TEXT = 1500
_MOST_OTHERS = 5
# Control characters, and those that turn or hide what follows.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_UNSAFE_BUT_BREAKS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+"
)


class Card(Struct, frozen=True, kw_only=True):
    """`state` says how things stand, `lead` whom it hurts, `do` what to do first, `said` is the
    error's own text. `others` are further incidents with their addresses. `text` is all there is
    where the message is not about an incident, or is in the operator's own words."""

    title: str
    mood: Mood
    state: str = ""
    lead: str = ""
    do: str = ""
    said: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    text: str = ""
    url: str = ""

    @property
    def headline(self) -> str:
        return f"{SIGNS[self.mood]} {self.title}"


def is_quiet(message: Message) -> bool:
    """Whether a change of the first message is enough: nobody has to be told aloud."""
    return message.reason in ("acknowledged", "folded")


def card_of(message: Message) -> Card:
    data = _mapping(message.payload.get("data"))
    title = line(message.subject, _TITLE) or "(no subject)"
    incident = _mapping(data.get("incident"))
    # A client gets its text alone, whatever else the message carries.
    if message.audience == "client" or "title" not in incident:
        mood: Mood = "calm" if message.reason in ("resolved", "test", "drill") else _alarm(message)
        return Card(title=title, mood=mood, text=_unchosen(message), url=message.url)
    if message.written:
        return Card(
            title=title,
            mood=_mood(message, incident),
            state=_state(message, incident),
            text=paragraphs(message.text, _TEXT),
            others=tuple(_others(data)),
            url=message.url,
        )
    return Card(
        title=title,
        mood=_mood(message, incident),
        state=_state(message, incident),
        lead=line(data.get("summary"), _LINE),
        do=line(data.get("do"), _LINE),
        said="" if message.reason == "resolved" else _said(data),
        facts=tuple(_facts(data, incident)),
        others=tuple(_others(data)),
        url=line(_mapping(data.get("goes_on")).get("url"), 300) or message.url,
    )


def _unchosen(message: Message) -> str:
    """The text without the links that the chat shows as choices, or to open it, anyway."""
    shown = {message.url, *(f"{choice.label}: {choice.url}" for choice in message.choices)}
    lines = (line for line in message.text.split("\n") if not line or line not in shown)
    return paragraphs(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)), _TEXT)


def news_of(card: Card) -> str:
    """One line below the first message: what is new. What both title and lead begin with, such as
    who has it, is said once."""
    begin, colon, _ = card.title.partition(": ")
    lead = card.lead.removeprefix(f"{begin}{colon}") if colon else card.lead
    return f"{card.headline}: {lead}" if lead else card.headline


def line(text: Any, most: int) -> str:
    """On one line, of at most so many characters; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    return _cut(" ".join(_UNSAFE.sub(" ", text).split()), most)


def paragraphs(text: str, most: int) -> str:
    """With its line breaks, but without the control characters."""
    breaks = text.replace("\r\n", "\n").replace("\r", "\n")
    return _cut(_UNSAFE_BUT_BREAKS.sub(" ", breaks).strip(), most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _alarm(message: Message) -> Mood:
    return _SEVERITIES.get(message.severity, "info")


def _mood(message: Message, incident: Mapping[str, Any]) -> Mood:
    if message.reason == "folded":
        return "info"
    if "resolved" in (message.reason, incident.get("state")):
        return "calm"
    return "taken" if incident.get("state") == "acknowledged" else _alarm(message)


def _state(message: Message, incident: Mapping[str, Any]) -> str:
    if message.reason == "folded":
        return "Goes on in another incident"
    mood = _mood(message, incident)
    if mood == "calm":
        lasted = _span(incident.get("duration_seconds"))
        return f"Resolved, after {lasted}" if lasted else "Resolved"
    if mood == "taken":
        who = line(incident.get("acknowledged_by"), _VALUE) or "somebody"
        until = _moment(incident.get("acknowledged_until"))
        return f"{who} has it, until {until}" if until else f"{who} has it"
    return f"{message.severity.capitalize()}, nobody has it yet"


def _said(data: Mapping[str, Any]) -> str:
    return line(_mapping(data.get("error")).get("message"), _LINE)


def _facts(data: Mapping[str, Any], incident: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    impact, error = _mapping(data.get("impact")), _mapping(data.get("error"))
    where = (incident.get("tenant"), incident.get("environment"), error.get("service"))
    events = impact.get("events")
    found = (
        ("Since", _moment(incident.get("opened"))),
        ("Where", " · ".join(filter(None, (line(place, 60) for place in where)))),
        ("Seen", f"{events:,} times" if isinstance(events, int) and events > 1 else ""),
        ("Cause", _cause(data, incident)),
        ("Changed", _changed(data)),
        ("Broken by it", ", ".join(_names(data.get("cascades")))),
        ("Fixed last time by", _mapping(data.get("last_fix")).get("text")),
    )
    for label, value in found:
        if text := line(value, _VALUE):
            yield label, text


def _cause(data: Mapping[str, Any], incident: Mapping[str, Any]) -> Any:
    if incident.get("cause"):
        return incident["cause"]
    for one in _items(data.get("probable_causes")):
        # Where the incident stands for it already, its name is in the subject.
        if one.get("confidence") in ("likely", "possible") and not one.get("own"):
            return f"{line(one.get('name'), 100)} ({one['confidence']})"
    return ""


def _changed(data: Mapping[str, Any]) -> str:
    change = next(iter(_items(data.get("changes"))), {})
    parts = (change.get("kind"), change.get("release"), change.get("service"))
    return " ".join(filter(None, (line(part, 60) for part in parts)))


def _names(cascades: Any) -> list[str]:
    return [line(one.get("name"), 60) for one in _items(cascades)[:_MOST_OTHERS]]


def _others(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in _items(data.get("others"))[:_MOST_OTHERS]:
        yield line(one.get("title"), _VALUE) or "another incident", line(one.get("url"), 300)


def _moment(text: Any) -> str:
    """`21 Nov 12:00 UTC`, of RFC 3339."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return ""
    return f"{at.day} {at:%b %H:%M} UTC"


def _span(seconds: Any) -> str:
    if not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
        return ""
    minutes = round(timedelta(seconds=seconds) / timedelta(minutes=1))
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
