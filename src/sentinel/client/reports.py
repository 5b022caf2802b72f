"""Errors and changes on their way from the caller to the wire."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sentinel.client.batch import Kind
from sentinel.client.exceptions import Thrown
from sentinel.client.scope import Crumb
from sentinel.client.source import describe

MOST_BYTES = 200_000


@dataclass(slots=True)
class Report:
    """`fields` are those of `sentinel.model.signal.Error`, beside `extra` and `logentry`; of a
    change those that docs/changes.md has."""

    fields: dict[str, Any]
    chain: list[Thrown] = field(default_factory=list)
    crumbs: list[Crumb] = field(default_factory=list)
    kind: Kind = "errors"


def encode(report: Report) -> bytes:
    """UTF-8 JSON of at most MOST_BYTES: the largest parts of an oversized report are left out."""
    event = _event(report)
    body = _json(event)
    for slim in _SLIMMER:
        if len(body) <= MOST_BYTES:
            break
        slim(event)
        body = _json(event)
    return body


def _event(report: Report) -> dict[str, Any]:
    event = {key: value for key, value in report.fields.items() if value is not None}
    if report.chain:
        values = [_exception(thrown) for thrown in report.chain]
        event["exception"] = {"values": values}
        _locate(event, values[-1].get("stacktrace", {}).get("frames", ()))
    if report.crumbs:
        event["breadcrumbs"] = {"values": [_crumb(crumb) for crumb in report.crumbs]}
    return event


def _exception(thrown: Thrown) -> dict[str, Any]:
    value: dict[str, Any] = {
        "type": thrown.type,
        "value": thrown.value,
        "module": thrown.module,
        "mechanism": thrown.mechanism,
    }
    if thrown.frames:
        value["stacktrace"] = {"frames": [describe(frame) for frame in thrown.frames]}
    return value


def _locate(event: dict[str, Any], frames: list[dict[str, Any]]) -> None:
    """File, line and function are those of the innermost frame of the application's own code."""
    if not frames:
        return
    frame = next((f for f in reversed(frames) if f["in_app"]), frames[-1])
    event |= {"file": frame["filename"], "line": frame["lineno"], "function": frame["function"]}


def _crumb(crumb: Crumb) -> dict[str, Any]:
    at, category, level, message = crumb
    return {
        "timestamp": at,
        "type": "log",
        "category": category,
        "level": level,
        "message": message,
    }


def _json(event: dict[str, Any]) -> bytes:
    # A lone surrogate (from a file name that is no UTF-8) has no encoding and becomes "?".
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _without_context(event: dict[str, Any]) -> None:
    for value in event.get("exception", {}).get("values", ()):
        frames = value.get("stacktrace", {}).get("frames", ())
        for index, frame in enumerate(frames):
            bare = frame.items()
            frames[index] = {k: v for k, v in bare if k not in ("pre_context", "post_context")}


def _without_extras(event: dict[str, Any]) -> None:
    for key in ("extra", "breadcrumbs", "logentry"):
        event.pop(key, None)


def _without_causes(event: dict[str, Any]) -> None:
    if "exception" in event:
        event["exception"] = {"values": event["exception"]["values"][-1:]}


_SLIMMER: tuple[Callable[[dict[str, Any]], None], ...] = (
    _without_context,
    _without_extras,
    _without_causes,
)
