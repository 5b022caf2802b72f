"""One event as its page shows it, read from a payload that anybody may have sent."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from sentinel.intelligence.report.evidence import Breadcrumb, Request, breadcrumbs_of, request_of
from sentinel.model.signal import Error
from sentinel.web.stack import Raised, raised_by, text_of

_MOST = 60
Pairs = list[tuple[str, str]]


class EventView(Struct, frozen=True, kw_only=True):
    """`sections` are the contexts, headers and extras, each under its name."""

    event: Error
    raised: list[Raised]
    breadcrumbs: tuple[Breadcrumb, ...]
    request: Request | None
    facts: Pairs
    tags: Pairs
    sections: list[tuple[str, Pairs]]


def view_of(event: Error) -> EventView:
    return EventView(
        event=event,
        raised=raised_by(event),
        breadcrumbs=breadcrumbs_of(event),
        request=request_of(event),
        facts=_facts(event),
        tags=sorted(event.tags.items())[:_MOST],
        sections=list(_sections(event.payload)),
    )


def _facts(event: Error) -> Pairs:
    place = f"{event.file}:{event.line}" if event.file and event.line else event.file
    handled = {True: "yes", False: "no"}
    found = {
        "File": place,
        "Function": event.function,
        "Query": event.query,
        "Transaction": event.transaction,
        "Tenant": event.tenant,
        "User": event.user,
        "Session": event.session,
        "Environment": event.environment,
        "Release": event.release,
        "Service": event.service,
        "Component": event.component,
        "Host": event.host,
        "Platform": event.platform,
        "Handled": None if event.handled is None else handled[event.handled],
        "Trace": event.trace,
        "Event": event.id,
    }
    return [(name, value) for name, value in found.items() if value]


def _sections(payload: dict[str, Any]) -> Iterator[tuple[str, Pairs]]:
    contexts = payload.get("contexts") or {}
    for name, context in list(contexts.items())[:_MOST]:
        yield name, _pairs(context)
    headers = (payload.get("request") or {}).get("headers")
    for name, found in (
        ("request headers", headers),
        ("user", payload.get("user")),
        ("extra", payload.get("extra")),
        ("modules", payload.get("modules")),
    ):
        if pairs := _pairs(found):
            yield name, pairs


def _pairs(found: Any) -> Pairs:
    entries = found.items() if isinstance(found, dict) else found if isinstance(found, list) else ()
    pairs = [entry for entry in entries if isinstance(entry, list | tuple) and len(entry) == 2]
    return [(text_of(name), text_of(value)) for name, value in pairs[:_MOST] if name != "type"]
