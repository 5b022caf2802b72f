"""Deploys, configuration changes and the like: `POST /api/v1/changes`."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any
from uuid import uuid4

import msgspec

from sentinel.api import (
    Change,
    Credentials,
    Intake,
    Invalid,
    Receiver,
    Request,
    TooLarge,
    hook,
)
from sentinel.ingest.errors import ErrorsReceiver
from sentinel.ingest.event import hex_id, timestamp
from sentinel.ingest.jsontext import decode, name_of
from sentinel.ingest.trim import clip

MAX_BODY = 1_000_000
MAX_CHANGES = 1_000
_MOST_TAGS = 100
_LIMITS = {
    "summary": 500,
    "service": 200,
    "component": 200,
    "environment": 64,
    "release": 256,
    "tenant": 200,
    "host": 256,
    "author": 200,
    "url": 2_048,
}


@hook
def register_receivers(register: Callable[[type[Receiver]], None]) -> None:
    register(ChangesReceiver)


class ChangeReport(msgspec.Struct, frozen=True, kw_only=True):
    """One change as a sender writes it. `kind` is a word such as deploy, config, flag or
    migration; `at` is seconds since 1970 UTC, or a text as in RFC 3339, and now if left out. `id`
    is a UUID; the same id sent again is the same change."""

    kind: str
    id: str | None = None
    at: float | str | None = None
    summary: str | None = None
    service: str | None = None
    component: str | None = None
    environment: str | None = None
    release: str | None = None
    tenant: str | None = None
    host: str | None = None
    author: str | None = None
    url: str | None = None
    tags: dict[str, str | float | bool | None] | None = None


class ChangesReceiver(Receiver):
    """One change as an object, or several as a list or as `{"changes": [...]}`."""

    name = "changes"
    summary = "Deploys and other changes as plain JSON"
    paths = ("/api/v1/changes",)

    def credentials(self, request: Request) -> Credentials:
        """As for errors: the same project key in the same places."""
        return ErrorsReceiver().credentials(request)

    def decode(self, request: Request) -> Intake:
        if len(request.body) > MAX_BODY:
            raise TooLarge(f"the body is {len(request.body)} bytes, at most {MAX_BODY} are taken")
        found = decode(request.body, "the body")
        if isinstance(found, dict) and list(found) == ["changes"]:
            found = found["changes"]
        single = isinstance(found, dict)
        changes = [_to_change(found, "change")] if single else _to_changes(found)
        return Intake(items=changes, reply={"ids": [change.id for change in changes]})


def _to_changes(found: Any) -> list[Change]:
    if not isinstance(found, list):
        raise Invalid(
            f'found {name_of(found)}, expected a change, a list of changes or {{"changes": [...]}}'
        )
    if not 0 < len(found) <= MAX_CHANGES:
        raise Invalid(f"found {len(found)} changes, expected 1 to {MAX_CHANGES} in a request")
    return [_to_change(entry, f"changes[{index}]") for index, entry in enumerate(found)]


def _to_change(found: Any, where: str) -> Change:
    report = _read(found, where)
    kind = (clip(report.kind, 64) or "").strip().lower()
    if not kind:
        raise Invalid(f"{where}.kind: found nothing, expected a word such as deploy or config")
    at = 0.0 if report.at is None else timestamp(report.at)
    if report.at is not None and not at:
        raise Invalid(
            f"{where}.at: found {str(report.at)[:64]!r}, expected seconds since 1970 or a time "
            "such as 2026-01-31T12:00:00Z"
        )
    given: dict[str, Any] = {
        name: text
        for name, limit in _LIMITS.items()
        if (text := clip(getattr(report, name), limit))
    }
    return Change(id=_id(report, where), at=at, kind=kind, tags=_tags(report), **given)


def _read(found: Any, where: str) -> ChangeReport:
    if not isinstance(found, dict):
        raise Invalid(f"{where}: found {name_of(found)}, expected an object")
    known = ChangeReport.__struct_fields__
    for key in found:
        if key not in known:
            close = get_close_matches(key[:64], known, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise Invalid(f"{where}.{key[:64]}: no such field{hint}")
    try:
        return msgspec.convert(found, ChangeReport)
    except msgspec.ValidationError as error:
        text = str(error)
        if "`$" in text:
            raise Invalid(text.replace("`$", f"`{where}", 1)) from error
        raise Invalid(f"{where}: {text}") from error


def _id(report: ChangeReport, where: str) -> str:
    if report.id is None:
        return uuid4().hex
    if (id := hex_id(report.id)) is None:
        raise Invalid(
            f"{where}.id: found {report.id[:64]!r}, expected a UUID: 32 hexadecimal digits"
        )
    return id


def _tags(report: ChangeReport) -> dict[str, str]:
    given = list((report.tags or {}).items())[:_MOST_TAGS]
    return {key[:200]: text for key, value in given if key and (text := clip(value, 200))}
