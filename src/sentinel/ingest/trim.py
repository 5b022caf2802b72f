"""Bounds on what one event may hold: trimmed and noted, rather than refused.

The figures follow what Sentry keeps of an event.
"""

from typing import Any

MAX_DEPTH = 40
MAX_STRING = 16_384
MAX_ENTRIES = 1_000
MAX_VALUES = 20_000
# Below this size nothing but the depth can exceed the bounds by much, so the walk is spared.
SMALL = 100_000
_MAX_NOTES = 50
# Kept first when there is too much.
_ESSENTIAL = ("event_id", "exception", "logentry", "message", "tags", "contexts", "user", "request")


def clip(value: Any, limit: int) -> str | None:
    """A scalar as text of at most `limit` characters; None for nothing, lists and objects.

    NUL, which PostgreSQL and many tools can't hold in text, becomes U+FFFD.
    """
    if type(value) is str:
        text = value
    elif value is None or isinstance(value, dict | list):
        return None
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text or None


class Notes:
    """What was trimmed, one short sentence each, bounded itself."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, path: str, what: str) -> None:
        if len(self.lines) < _MAX_NOTES:
            self.lines.append(f"{path[:200]}: {what}")


def is_deep(value: dict[str, Any]) -> bool:
    """Whether it has more than MAX_DEPTH levels. Runs on every event, so it is kept tight."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


def trim(event: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """A copy within all bounds. What was left out is noted."""
    essential = {key: event[key] for key in _ESSENTIAL if key in event}
    trimmed: dict[str, Any] = _Trimmer(notes).trim({**essential, **event}, "event", 1)
    return trimmed


class _Trimmer:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.values = 0

    def trim(self, value: Any, path: str, depth: int) -> Any:
        self.values += 1
        if type(value) is str:
            return self._string(value, path)
        if type(value) is not dict and type(value) is not list:
            return value
        if depth > MAX_DEPTH:
            self.notes.add(path, f"left out, nested deeper than {MAX_DEPTH} levels")
            return "…"
        if type(value) is dict:
            pairs = self._within(list(value.items()), path)
            return {key[:200]: self.trim(v, f"{path}.{key}", depth + 1) for key, v in pairs}
        entries = self._within(list(value), path)
        return [self.trim(v, f"{path}[{index}]", depth + 1) for index, v in enumerate(entries)]

    def _string(self, text: str, path: str) -> str:
        if len(text) <= MAX_STRING:
            return text
        self.notes.add(path, f"kept {MAX_STRING} of {len(text)} characters")
        return text[: MAX_STRING - 1] + "…"

    def _within(self, entries: list[Any], path: str) -> list[Any]:
        room = min(MAX_ENTRIES, max(MAX_VALUES - self.values, 0))
        if len(entries) > room:
            self.notes.add(path, f"kept {room} of {len(entries)} entries")
        return entries[:room]
