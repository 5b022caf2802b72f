"""One event in the shape of Sentry's event payload becomes one Error.

Source of the shape: https://develop.sentry.dev/sdk/data-model/event-payloads/
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sentinel.api import Error, Invalid
from sentinel.ingest.jsontext import name_of
from sentinel.ingest.shape import frames, normalize, values
from sentinel.ingest.trim import Notes, clip

_MAX_MESSAGE = 8_192
_MAX_QUERY = 4_096
_MAX_URL = 2_048
_MAX_NAME = 256
_MAX_TAGS = 200
_MAX_TAG = 200
_MAX_LINE = 2**31

_CODE = re.compile(r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+")
_LEADING_CODE = re.compile(r"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)(?::|\s*$)")
_HEX = re.compile(r"[0-9a-f]{32}")
LEVELS: dict[Any, Any] = {
    "debug": "debug",
    "info": "info",
    "log": "info",
    "warning": "warning",
    "warn": "warning",
    "error": "error",
    "fatal": "fatal",
    "critical": "fatal",
}
_YEAR_10000 = 253_402_300_800.0
_MILLISECONDS = 100_000_000_000.0


def to_error(event: Any, *, id: str, size: int) -> Error:
    """Make an Error of a decoded event of `size` bytes, which it takes over and changes.

    Never refuses for what is inside: a field of a wrong type is left out, one too long is cut,
    and `payload["_trimmed"]` says so. Raises Invalid where `event` is not an object.
    """
    if type(event) is not dict:
        raise Invalid(f"found {name_of(event)}, expected an event: a JSON object")
    event = normalize(event, size)
    notes = Notes()
    tags = _tags(event.pop("tags", None), notes)
    exceptions = values(event, "exception")
    raised = exceptions[-1] if exceptions else {}
    contexts = event.get("contexts", {})
    extra = event.get("extra", {})
    log_text = _log_text(event)
    message = raised.get("value") or log_text or ""
    frame = _culprit(event, exceptions)
    if notes.lines:
        event["_trimmed"] = event.get("_trimmed", []) + notes.lines
    return Error(
        id=id,
        at=timestamp(event.get("timestamp")),
        tenant=_first(tags, "tenant", "company", "organization"),
        environment=clip(event.get("environment"), 64) or tags.get("environment"),
        release=clip(event.get("release"), _MAX_NAME) or tags.get("release"),
        service=_service(tags, contexts),
        component=tags.get("component"),
        host=clip(event.get("server_name"), _MAX_NAME) or tags.get("server_name"),
        tags=tags,
        code=_code(tags, extra, contexts, exceptions, log_text),
        type=clip(raised.get("type"), _MAX_NAME),
        message=clip(message, _MAX_MESSAGE) or "",
        level=_level(event.get("level")),
        file=clip(frame.get("filename") or frame.get("abs_path") or frame.get("module"), 512),
        line=line_number(frame.get("lineno")),
        function=clip(frame.get("function"), _MAX_NAME),
        query=_query(event, contexts, extra),
        user=_user(event.get("user", {})),
        session=_first(tags, "session", "session_id", "session.id"),
        url=clip(event.get("request", {}).get("url"), _MAX_URL) or tags.get("url"),
        transaction=clip(event.get("transaction") or event.get("culprit"), 512),
        trace=hex_id(contexts.get("trace", {}).get("trace_id")),
        platform=clip(event.get("platform"), 64),
        handled=_handled(exceptions),
        payload=event,
    )


def hex_id(value: Any) -> str | None:
    """A UUID in either spelling as 32 hexadecimal digits; None for anything else."""
    if type(value) is not str or len(value) > 36:
        return None
    digits = value.replace("-", "").lower()
    return digits if _HEX.fullmatch(digits) else None


def line_number(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < _MAX_LINE else None


def timestamp(value: Any) -> float:
    """Seconds since 1970 UTC of a number or an RFC 3339 text; 0.0 where there is none.

    Numbers too large for seconds are taken as milliseconds; a text without a zone as UTC.
    """
    if type(value) is str:
        value = _parse_time(value)
    if type(value) is not float and type(value) is not int:
        return 0.0
    if not 0 < value < _YEAR_10000 * 1000:
        return 0.0
    return float(value if value <= _MILLISECONDS else value / 1000)


def _parse_time(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text[:64])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        pass
    try:
        return float(text[:64])
    except ValueError:
        return None


def _level(value: Any) -> Any:
    return LEVELS.get(value.lower(), "error") if type(value) is str else "error"


def _tags(found: Any, notes: Notes) -> dict[str, str]:
    """An object, or a list of pairs or of `{key, value}` objects, as text to text."""
    if type(found) is dict:
        pairs: Iterable[Any] = found.items()
    elif type(found) is list:
        pairs = (_pair(entry) for entry in found)
    else:
        return {}
    tags: dict[str, str] = {}
    for key, value in pairs:
        text = clip(value, _MAX_TAG)
        if not text or not key or type(key) is not str:
            continue
        if len(tags) == _MAX_TAGS:
            notes.add("tags", f"kept {_MAX_TAGS} of {len(found)}")
            break
        tags[key[:_MAX_TAG]] = text
    return tags


def _pair(entry: Any) -> tuple[Any, Any]:
    if type(entry) is list and len(entry) == 2:
        return entry[0], entry[1]
    if type(entry) is dict:
        return entry.get("key"), entry.get("value")
    return None, None


def _first(tags: dict[str, str], *names: str) -> str | None:
    for name in names:
        if name in tags:
            return tags[name]
    return None


def _log_text(event: dict[str, Any]) -> str | None:
    entry = event.get("logentry") or event.get("message")
    if type(entry) is dict:
        entry = entry.get("formatted") or entry.get("message")
    return entry if type(entry) is str else None


def _code(
    tags: dict[str, str],
    extra: dict[str, Any],
    contexts: dict[str, Any],
    exceptions: list[dict[str, Any]],
    log_text: str | None,
) -> str | None:
    """Said outright in a tag or in extra; else an attribute of an exception; else its text."""
    said = _first(tags, "code", "error_code") or clip(extra.get("code"), _MAX_TAG)
    if said:
        return said
    for exception in reversed(exceptions):
        name = exception.get("type", "")
        # The ExtraErrorData integration of the JavaScript SDKs keeps attributes by type name.
        attribute = contexts[name].get("code") if name in contexts else None
        if type(attribute) is str and _CODE.fullmatch(attribute):
            return attribute[:_MAX_TAG]
        if _CODE.fullmatch(name):
            return str(name)[:_MAX_TAG]
    texts = [log_text, *(exception.get("value") for exception in reversed(exceptions))]
    for text in texts:
        if text and (match := _LEADING_CODE.match(text[:_MAX_NAME])):
            return match[1][:_MAX_TAG]
    return None


def _culprit(event: dict[str, Any], exceptions: list[dict[str, Any]]) -> dict[str, Any]:
    """The frame to look at: of the last exception with frames, the innermost in-app one."""
    crashed = [thread for thread in values(event, "threads") if thread.get("crashed")]
    holders: list[dict[str, Any]] = [*reversed(exceptions), *crashed, event]
    for holder in holders:
        if stack := frames(holder):
            own = [frame for frame in stack if frame.get("in_app")]
            return (own or stack)[-1]
    return {}


def _query(event: dict[str, Any], contexts: dict[str, Any], extra: dict[str, Any]) -> str | None:
    """Only where an SDK or the application plainly put it; a guess would mislead."""
    trace = contexts.get("trace", {})
    attributes = trace.get("data")
    for holder in (extra, attributes if type(attributes) is dict else {}):
        for key in ("query", "sql", "db.statement", "db.query.text"):
            if type(holder.get(key)) is str:
                return clip(holder[key], _MAX_QUERY)
    if _is_query(trace.get("op")):
        return clip(trace.get("description"), _MAX_QUERY)
    # The last breadcrumb is what was under way when it failed; an older one need not be.
    crumbs = values(event, "breadcrumbs")
    if crumbs and (_is_query(crumbs[-1].get("category")) or crumbs[-1].get("type") == "query"):
        return clip(crumbs[-1].get("message"), _MAX_QUERY)
    return None


def _is_query(name: Any) -> bool:
    return type(name) is str and (name in ("query", "db") or name.startswith("db."))


def _service(tags: dict[str, str], contexts: dict[str, Any]) -> str | None:
    named = _first(tags, "service", "service.name", "service_name")
    if named or "otel" not in contexts:
        return named
    resource = contexts["otel"].get("resource")
    return clip(resource.get("service.name"), _MAX_TAG) if type(resource) is dict else None


def _user(user: dict[str, Any]) -> str | None:
    for key in ("id", "username", "email", "ip_address"):
        if text := clip(user.get(key), _MAX_NAME):
            return text
    return None


def _handled(exceptions: list[dict[str, Any]]) -> bool | None:
    """False when any exception of the chain was not handled, None when no SDK said."""
    said = [
        mechanism["handled"]
        for exception in exceptions
        if (mechanism := exception.get("mechanism")) and type(mechanism.get("handled")) is bool
    ]
    return all(said) if said else None
