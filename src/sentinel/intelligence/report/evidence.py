"""What the latest event of a group shows: exceptions with their frames, breadcrumbs, request.

Reads payloads in the shape that `sentinel.ingest.shape` gives them, and stays calm where an older
record or another receiver left a different one.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from sentinel.model.signal import Error

_MOST_EXCEPTIONS = 5
_MOST_FRAMES = 12
_MOST_BREADCRUMBS = 20
_CONTEXT = 3
_YEAR_10000 = 253_402_300_800


class Frame(Struct, frozen=True, kw_only=True):
    """`context` holds the lines around `line`, each with its number, if the SDK sent them."""

    file: str
    line: int | None = None
    function: str = ""
    in_app: bool = False
    context: tuple[tuple[int, str], ...] = ()


class Raised(Struct, frozen=True, kw_only=True):
    """One exception. `frames` begin with the innermost; `hidden` more were left out."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    hidden: int = 0


class Breadcrumb(Struct, frozen=True, kw_only=True):
    """`at` is the time of day, or what the SDK wrote in its place."""

    at: str = ""
    category: str = ""
    level: str = ""
    message: str = ""


class Request(Struct, frozen=True, kw_only=True):
    """The query string is left out: it often carries secrets, and seldom the reason."""

    method: str = ""
    url: str = ""
    agent: str = ""


def exceptions_of(error: Error) -> tuple[Raised, ...]:
    """The exception chain, the one raised last first, its cause next. Empty where there is none."""
    found = list(_objects(error.payload.get("exception")))[::-1]
    if found:
        return tuple(_raised(each) for each in found[:_MOST_EXCEPTIONS])
    crashed = [t for t in _objects(error.payload.get("threads")) if t.get("crashed") is True]
    for holder in (*crashed, error.payload):
        frames = list(_frames(holder))
        if frames:
            return (_with_frames(error.type or "", error.message, frames),)
    return ()


def breadcrumbs_of(error: Error) -> tuple[Breadcrumb, ...]:
    """The last ones, the newest first."""
    found = list(_objects(error.payload.get("breadcrumbs")))[::-1][:_MOST_BREADCRUMBS]
    return tuple(
        Breadcrumb(
            at=_time(crumb.get("timestamp")),
            category=_text(crumb.get("category") or crumb.get("type")),
            level=_text(crumb.get("level")),
            message=_text(crumb.get("message")) or _facts(crumb.get("data")),
        )
        for crumb in found
    )


def request_of(error: Error) -> Request | None:
    found = error.payload.get("request")
    request = found if isinstance(found, dict) else {}
    url = without_query(_text(request.get("url")) or error.url or "")
    method = _text(request.get("method"))
    agent = _header(request.get("headers"), "user-agent")
    return Request(method=method, url=url, agent=agent) if url or method else None


def without_query(url: str) -> str:
    """The address without user, query and fragment; empty where it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _raised(exception: dict[str, Any]) -> Raised:
    name = _text(exception.get("type")) or "exception"
    return _with_frames(name, _text(exception.get("value")), list(_frames(exception)))


def _with_frames(name: str, message: str, frames: list[dict[str, Any]]) -> Raised:
    shown = _choose(frames[::-1])
    return Raised(
        type=name,
        message=message,
        frames=tuple(_frame(frame) for frame in shown),
        hidden=len(frames) - len(shown),
    )


def _choose(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The innermost frame, then those of the application, then others, in their order."""
    wanted = sorted(
        range(len(frames)), key=lambda at: (at != 0, frames[at].get("in_app") is not True, at)
    )
    return [frames[at] for at in sorted(wanted[:_MOST_FRAMES])]


def _frame(frame: dict[str, Any]) -> Frame:
    line = frame.get("lineno")
    line = line if type(line) is int else None
    return Frame(
        file=_text(frame.get("filename") or frame.get("abs_path") or frame.get("module")) or "?",
        line=line,
        function=_text(frame.get("function")),
        in_app=frame.get("in_app") is True,
        context=_context(frame, line),
    )


def _context(frame: dict[str, Any], line: int | None) -> tuple[tuple[int, str], ...]:
    here = frame.get("context_line")
    if line is None or not isinstance(here, str):
        return ()
    before = _strings(frame.get("pre_context"))[-_CONTEXT:]
    lines = [*before, here, *_strings(frame.get("post_context"))[:_CONTEXT]]
    return tuple(enumerate(lines, line - len(before)))


def _frames(holder: dict[str, Any]) -> Iterator[dict[str, Any]]:
    stack = holder.get("stacktrace")
    frames = stack.get("frames") if isinstance(stack, dict) else None
    return _dicts(frames if isinstance(frames, list) else ())


def _objects(found: Any) -> Iterator[dict[str, Any]]:
    entries = found.get("values") if isinstance(found, dict) else found
    return _dicts(entries if isinstance(entries, list) else ())


def _dicts(entries: Iterable[Any]) -> Iterator[dict[str, Any]]:
    return (entry for entry in entries if isinstance(entry, dict))


def _strings(found: Any) -> list[str]:
    return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []


def _header(found: Any, name: str) -> str:
    pairs = found.items() if isinstance(found, dict) else found if isinstance(found, list) else ()
    for pair in pairs:
        if isinstance(pair, list | tuple) and len(pair) == 2 and str(pair[0]).lower() == name:
            return _text(pair[1])
    return ""


def _facts(found: Any) -> str:
    pairs = list(found.items())[:5] if isinstance(found, dict) else []
    return ", ".join(f"{key}={_text(value)}" for key, value in pairs if _text(value))


def _time(value: Any) -> str:
    if isinstance(value, int | float) and 0 < value < _YEAR_10000:
        return f"{datetime.fromtimestamp(value, UTC):%H:%M:%S}"
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
