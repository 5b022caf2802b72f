"""What an update says: a configured text with its placeholders filled. Nothing that comes from a
signal goes in but the annotation `client_summary`, which the rule's author meant for clients."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sentinel.engine.annotations import fill
from sentinel.engine.broadcast_rules import Messages
from sentinel.model.broadcast import Phase
from sentinel.model.values import Duration

PLACEHOLDERS = ("components", "title", "since", "duration", "summary")
"""Those of `broadcasts:`."""
ANNOUNCED = ("components", "title", "starts", "ends", "duration")
"""Those of a maintenance's `announce`."""
SUMMARY = "client_summary"
"""The annotation of the alert that {summary} stands for."""

# Who was told that something began is told that it is over, whatever the configuration says.
LAST_WORDS: Messages = {
    "resolved": {"en": "This is over. It lasted {duration}."},
    "completed": {"en": "This work is done."},
    "retraction": {"en": "This will not take place. Please disregard what we wrote before."},
}
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def worded(
    messages: Messages, phase: Phase, values: Mapping[str, str], lasted: float
) -> tuple[str, dict[str, str]]:
    """The text, and what it is in the other languages. `lasted` is in seconds."""
    texts = messages.get(phase) or LAST_WORDS[phase]
    found = {
        language: fill(text, {**values, "duration": length(lasted, language)}).strip()
        for language, text in texts.items()
    }
    first = next(iter(found))
    return found[first], {name: text for name, text in found.items() if name != first}


def moment(at: float, zone: ZoneInfo) -> str:
    """`26 Nov 2026, 14:05 GMT`: the same day and hour whenever it is read."""
    return datetime.fromtimestamp(at, zone).strftime("%-d %b %Y, %H:%M %Z")


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def length(seconds: float, language: str) -> str:
    """To the minute, and the two largest units; in other languages than English as `1h20m`."""
    minutes = max(60, round(seconds / 60) * 60)
    parts = []
    left = minutes
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append((int(count), unit, size))
    parts = parts[:2]
    if language != "en":
        return str(Duration(sum(count * size for count, _, size in parts)))
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit, _ in parts)
