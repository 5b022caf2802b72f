"""One shape for the events of all SDKs, so that everything behind the receivers may rely on it.

After `normalize`, where these keys are present:
- `exception`, `threads`, `breadcrumbs` are `{"values": [object, ...]}`, exceptions as they were
  chained, the one raised last at the end;
- `stacktrace` is an object and its `frames` a list of objects, the innermost frame last;
- `contexts` holds objects, and `user`, `request`, `extra`, `modules`, `logentry`, `sdk` are
  objects;
- the fields of exceptions and frames named below have the type given below.

What has another type is left out, and what exceeds a bound is trimmed, both noted in `_trimmed`.
"""

from typing import Any

import msgspec

from sentinel.ingest.trim import SMALL, Notes, is_deep, trim

_MAX_EXCEPTIONS = 50
_MAX_FRAMES = 250
_MAX_BREADCRUMBS = 200
_MAX_THREADS = 250

_EVENT: dict[str, type] = {
    "user": dict,
    "request": dict,
    "contexts": dict,
    "extra": dict,
    "modules": dict,
    "logentry": dict,
    "sdk": dict,
    "stacktrace": dict,
    "fingerprint": list,
}
_EXCEPTION: dict[str, type] = {
    "type": str,
    "module": str,
    "mechanism": dict,
    "stacktrace": dict,
    "raw_stacktrace": dict,
}
_FRAME: dict[str, type] = {
    "function": str,
    "filename": str,
    "abs_path": str,
    "module": str,
    "lineno": int,
    "colno": int,
    "in_app": bool,
    "context_line": str,
    "pre_context": list,
    "post_context": list,
    "vars": dict,
}
_TEXT = frozenset((str,))
_CRUMB: dict[str, type] = {"category": str, "message": str, "type": str, "level": str, "data": dict}


def normalize(event: dict[str, Any], size: int) -> dict[str, Any]:
    """Bring a decoded event of `size` bytes into the shape above. Changes `event` itself."""
    notes = Notes()
    event.pop("_trimmed", None)
    for key in ("exception", "threads", "breadcrumbs"):
        if key in event:
            _make_values(event, key, notes)
    _hold_types(event, _EVENT, "event", notes)
    _shape_exceptions(event, notes)
    _shape_stack(event, "event", notes)
    if size > SMALL or is_deep(event):
        event = trim(event, notes)
    if notes.lines:
        event["_trimmed"] = notes.lines
    return event


def _shape_exceptions(event: dict[str, Any], notes: Notes) -> None:
    """Also of threads and breadcrumbs, and the objects within `contexts`."""
    for exception in values(event, "exception"):
        _hold_types(exception, _EXCEPTION, "exception", notes)
        value = exception.get("value")
        if value is not None and type(value) is not str:
            # JavaScript throws anything; Relay keeps such a value as JSON, too.
            exception["value"] = msgspec.json.encode(value).decode()
        _shape_stack(exception, "exception", notes)
    for thread in values(event, "threads"):
        _hold_types(thread, {"stacktrace": dict}, "thread", notes)
        _shape_stack(thread, "thread", notes)
    for crumb in values(event, "breadcrumbs"):
        _hold_types(crumb, _CRUMB, "breadcrumb", notes)
    contexts = event.get("contexts")
    if contexts:
        _hold_types(contexts, dict.fromkeys(contexts, dict), "contexts", notes)


def values(event: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of `exception`, `threads` or `breadcrumbs` of a normalized event."""
    interface = event.get(key)
    found: list[dict[str, Any]] = interface["values"] if interface else []
    return found


def frames(holder: dict[str, Any]) -> list[dict[str, Any]]:
    """The frames of an exception, a thread or an event, the innermost last."""
    stack = holder.get("stacktrace")
    found: list[dict[str, Any]] = stack.get("frames", []) if stack else []
    return found


_MOST = {"exception": _MAX_EXCEPTIONS, "threads": _MAX_THREADS, "breadcrumbs": _MAX_BREADCRUMBS}


def _make_values(event: dict[str, Any], key: str, notes: Notes) -> None:
    found = event[key]
    if type(found) is dict:
        # A lone exception was once allowed in place of the list.
        found = found.get("values", [found] if "type" in found or "value" in found else [])
    if found is None:
        found = []
    if type(found) is not list:
        notes.add(key, f"left out, found {type(found).__name__} instead of a list")
        found = []
    kept = _only_objects(found, key, notes)
    # The latest breadcrumbs tell most; of the others both ends do.
    kept = _shorten(kept, _MOST[key], key, notes, only_end=key == "breadcrumbs")
    if kept:
        event[key] = {"values": kept}
    else:
        del event[key]


def _shape_stack(holder: dict[str, Any], path: str, notes: Notes) -> None:
    stack = holder.get("stacktrace")
    if not stack:
        return
    entries = stack.get("frames")
    if type(entries) is not list:
        if entries is not None:
            notes.add(f"{path}.stacktrace.frames", "left out, not a list")
        entries = []
    entries = _only_objects(entries, "frames", notes)
    stack["frames"] = entries = _shorten(entries, _MAX_FRAMES, "frames", notes)
    for frame in entries:
        _hold_types(frame, _FRAME, "frame", notes)
        for key in ("pre_context", "post_context"):
            lines = frame.get(key)
            if lines and not _TEXT.issuperset(map(type, lines)):
                frame[key] = [line if type(line) is str else "" for line in lines]


def _hold_types(found: dict[str, Any], types: dict[str, type], path: str, notes: Notes) -> None:
    wrong = [key for key, value in found.items() if key in types and type(value) is not types[key]]
    for key in wrong:
        value = found.pop(key)
        if value is not None:
            notes.add(f"{path}.{key}", f"left out, found {type(value).__name__}")


def _only_objects(entries: list[Any], path: str, notes: Notes) -> list[dict[str, Any]]:
    kept = [entry for entry in entries if type(entry) is dict]
    missing = len(entries) - len(kept) - entries.count(None)
    if missing:
        notes.add(path, f"left out {missing} entries that are not objects")
    return kept


def _shorten(
    entries: list[dict[str, Any]], most: int, path: str, notes: Notes, *, only_end: bool = False
) -> list[dict[str, Any]]:
    if len(entries) <= most:
        return entries
    notes.add(path, f"kept {most} of {len(entries)}")
    if only_end:
        return entries[-most:]
    return entries[: most // 2] + entries[-(most - most // 2) :]
