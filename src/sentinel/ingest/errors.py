"""Sentinel's own way in, for scripts and its own client: `POST /api/v1/errors`."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any
from uuid import uuid4

import msgspec

from sentinel.api import (
    Credentials,
    Error,
    Intake,
    Invalid,
    Receiver,
    Request,
    TooLarge,
    Unauthorized,
    hook,
)
from sentinel.ingest.event import LEVELS, hex_id, line_number, timestamp, to_error
from sentinel.ingest.jsontext import decode, name_of
from sentinel.ingest.trim import clip

MAX_BODY = 2_000_000
MAX_ERRORS = 1_000


@hook
def register_receivers(register: Callable[[type[Receiver]], None]) -> None:
    register(ErrorsReceiver)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One error as a sender writes it: the fields of `Error`, and interfaces of Sentry's events.

    `timestamp` is another name for `at`: seconds since 1970 UTC, or a text as in RFC 3339. `id`
    is a UUID; the same id sent again is the same error.
    """

    id: str | None = None
    at: float | str | None = None
    timestamp: float | str | None = None
    code: str | None = None
    type: str | None = None
    message: str | None = None
    level: str | None = None
    tenant: str | None = None
    environment: str | None = None
    release: str | None = None
    service: str | None = None
    component: str | None = None
    host: str | None = None
    tags: dict[str, str | float | bool | None] | None = None
    file: str | None = None
    line: int | None = None
    function: str | None = None
    query: str | None = None
    user: str | int | None = None
    session: str | None = None
    url: str | None = None
    transaction: str | None = None
    trace: str | None = None
    platform: str | None = None
    handled: bool | None = None
    logentry: dict[str, Any] | None = None
    exception: dict[str, Any] | list[dict[str, Any]] | None = None
    breadcrumbs: dict[str, Any] | list[dict[str, Any]] | None = None
    contexts: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    request: dict[str, Any] | None = None
    modules: dict[str, str] | None = None


class ErrorsReceiver(Receiver):
    """One error as an object, or several as a list or as `{"errors": [...]}`."""

    name = "errors"
    summary = "Errors as plain JSON"
    paths = ("/api/v1/errors",)

    def credentials(self, request: Request) -> Credentials:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = (
            request.headers.get("x-sentinel-key")
            or (token.strip() if scheme.lower() == "bearer" else "")
            or request.query.get("key")
        )
        if not key:
            raise Unauthorized(
                "no key found, expected a project's key in X-Sentinel-Key, in "
                "Authorization: Bearer or in the query as key"
            )
        return Credentials(None, key)

    def decode(self, request: Request) -> Intake:
        if len(request.body) > MAX_BODY:
            raise TooLarge(f"the body is {len(request.body)} bytes, at most {MAX_BODY} are taken")
        found = decode(request.body, "the body")
        batch = found.get("errors") if isinstance(found, dict) and len(found) == 1 else None
        if isinstance(found, dict) and batch is None:
            errors = [_to_error(found, "error", len(request.body))]
        else:
            errors = _to_errors(found if batch is None else batch, len(request.body))
        return Intake(items=errors, reply={"ids": [error.id for error in errors]})


def _to_errors(found: Any, size: int) -> list[Error]:
    if not isinstance(found, list):
        raise Invalid(
            f'found {name_of(found)}, expected an error, a list of errors or {{"errors": [...]}}'
        )
    if not 0 < len(found) <= MAX_ERRORS:
        raise Invalid(f"found {len(found)} errors, expected 1 to {MAX_ERRORS} in a request")
    first: dict[str, int] = {}
    errors = []
    for index, entry in enumerate(found):
        error = _to_error(entry, f"errors[{index}]", size)
        if first.setdefault(error.id, index) != index:
            raise Invalid(
                f"errors[{index}].id: found the id of errors[{first[error.id]}] again, "
                "expected an id of its own or none"
            )
        errors.append(error)
    return errors


def _to_error(found: Any, where: str, size: int) -> Error:
    report = _read(found, where)
    error = to_error(_event(report, where), id=_id(report, where), size=size)
    given: dict[str, Any] = {
        name: text
        for name, limit in _OWN_FIELDS.items()
        if (text := clip(getattr(report, name), limit))
    }
    if (line := line_number(report.line)) is not None:
        given["line"] = line
    if report.handled is not None:
        given["handled"] = report.handled
    return msgspec.structs.replace(error, **given)


def _read(found: Any, where: str) -> Report:
    if not isinstance(found, dict):
        raise Invalid(f"{where}: found {name_of(found)}, expected an object")
    for key in found:
        if key not in Report.__struct_fields__:
            raise Invalid(f"{where}.{key[:64]}: no such field{_hint(key, _FIELDS)}")
    try:
        return msgspec.convert(found, Report)
    except msgspec.ValidationError as error:
        raise Invalid(str(error).replace("`$", f"`{where}", 1)) from error


def _event(report: Report, where: str) -> dict[str, Any]:
    """The fields that an event also has, under the event's names."""
    if report.level is not None and report.level not in LEVELS:
        raise Invalid(
            f"{where}.level: found {report.level[:64]!r}, expected one of "
            f"{', '.join(LEVELS)}{_hint(report.level, tuple(LEVELS))}"
        )
    moment = report.at if report.at is not None else report.timestamp
    if moment is not None and not timestamp(moment):
        raise Invalid(
            f"{where}.at: found {str(moment)[:64]!r}, expected seconds since 1970 or a time such "
            "as 2026-01-31T12:00:00Z"
        )
    event = {
        "timestamp": moment,
        "level": report.level,
        "platform": report.platform,
        "environment": report.environment,
        "release": report.release,
        "server_name": report.host,
        "transaction": report.transaction,
        "tags": report.tags,
        "message": report.message,
        "logentry": report.logentry,
        "exception": report.exception,
        "breadcrumbs": report.breadcrumbs,
        "contexts": report.contexts,
        "extra": report.extra,
        "request": report.request,
        "modules": report.modules,
    }
    return {key: value for key, value in event.items() if value is not None}


def _id(report: Report, where: str) -> str:
    if report.id is None:
        return uuid4().hex
    if (id := hex_id(report.id)) is None:
        raise Invalid(
            f"{where}.id: found {report.id[:64]!r}, expected a UUID: 32 hexadecimal digits"
        )
    return id


def _hint(found: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(found[:64], known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


_FIELDS = Report.__struct_fields__
# The fields that a sender states outright, where an event has them only within an interface.
_OWN_FIELDS = {
    "code": 200,
    "type": 256,
    "message": 8_192,
    "tenant": 200,
    "service": 200,
    "component": 200,
    "file": 512,
    "function": 256,
    "query": 4_096,
    "user": 256,
    "session": 128,
    "url": 2_048,
    "trace": 64,
}
