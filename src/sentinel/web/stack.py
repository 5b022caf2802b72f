"""The exceptions of one event as its page shows them: the frames of the application open, runs
of others folded."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from msgspec import Struct

from sentinel.ingest.shape import frames as frames_of
from sentinel.ingest.shape import values
from sentinel.model.signal import Error

_MOST_VARS = 30
_LONGEST_VALUE = 300


class CodeLine(Struct, frozen=True):
    number: int
    text: str
    here: bool


class StackFrame(Struct, frozen=True, kw_only=True):
    file: str
    line: int | None
    function: str
    in_app: bool
    code: tuple[CodeLine, ...]
    variables: tuple[tuple[str, str], ...]


class Run(Struct, frozen=True):
    """Frames next to each other that are shown, or folded, together."""

    folded: bool
    frames: tuple[StackFrame, ...]


class Raised(Struct, frozen=True):
    """One exception, its innermost frame first."""

    type: str
    message: str
    runs: tuple[Run, ...]


def raised_by(event: Error) -> list[Raised]:
    """The chain, the exception that was raised last first. Empty where there is no stack."""
    found = [_raised(one) for one in reversed(values(event.payload, "exception"))]
    if found:
        return found
    threads = values(event.payload, "threads")
    holders = [one for one in threads if one.get("crashed") is True] + [event.payload]
    for holder in holders:
        if frames_of(holder):
            return [Raised(event.type or "Stack", event.message, _runs(holder))]
    return []


def _raised(exception: dict[str, Any]) -> Raised:
    value = exception.get("value")
    return Raised(
        exception.get("type") or "Exception",
        value if isinstance(value, str) else "",
        _runs(exception),
    )


def _runs(holder: dict[str, Any]) -> tuple[Run, ...]:
    found = [_frame(frame) for frame in reversed(frames_of(holder))]
    if not any(frame.in_app for frame in found):
        # Nothing is marked as the application's: the innermost frames tell most.
        opened, folded = found[:3], found[3:]
        return tuple(
            Run(fold, tuple(run)) for fold, run in ((False, opened), (True, folded)) if run
        )
    return tuple(
        Run(not in_app, tuple(run)) for in_app, run in groupby(found, lambda frame: frame.in_app)
    )


def _frame(frame: dict[str, Any]) -> StackFrame:
    line = frame.get("lineno")
    return StackFrame(
        file=frame.get("filename")
        or frame.get("abs_path")
        or frame.get("module")
        or "unknown file",
        line=line,
        function=frame.get("function") or "",
        in_app=frame.get("in_app") is True,
        code=tuple(_code(frame, line)),
        variables=tuple(_variables(frame)),
    )


def _code(frame: dict[str, Any], line: int | None) -> Iterator[CodeLine]:
    here = frame.get("context_line")
    if line is None or here is None:
        return
    before = frame.get("pre_context") or []
    for number, text in enumerate([*before, here, *(frame.get("post_context") or [])]):
        at = line - len(before) + number
        yield CodeLine(at, text[:_LONGEST_VALUE], at == line)


def _variables(frame: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in list((frame.get("vars") or {}).items())[:_MOST_VARS]:
        yield name, text_of(value)


def text_of(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
