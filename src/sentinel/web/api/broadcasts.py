"""Broadcasts: what clients are told, what waits to go out, and what people decide about it."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import asdict

from sentinel.broadcasts.audience import size
from sentinel.broadcasts.writing import LONGEST_TEXT, LONGEST_TITLE, new_broadcast
from sentinel.model.alert import AlertSeverity
from sentinel.model.broadcast import (
    MAINTENANCE_PHASES,
    Broadcast,
    BroadcastAudience,
    BroadcastKind,
    Phase,
    Update,
)
from sentinel.store import broadcasts
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit
from sentinel.web.telling import (
    edit_update,
    end_broadcast,
    find_broadcast,
    publish_update,
    veto_update,
    write_update,
)

_BY_API = "by the API"
Time = float | Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT, description="What clients read.")]
AsIs = Annotated[
    bool, Meta(description="Whether it goes out although it holds what clients should not read.")
]


class BroadcastQuery(Struct, frozen=True, forbid_unknown_fields=True):
    kind: BroadcastKind | None = None
    open: bool | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class BroadcastDetail(Struct, frozen=True):
    """`tenants` are those that are affected, `updates` all that was said or is to be, the oldest
    first."""

    broadcast: Broadcast
    tenants: list[str]
    updates: list[Update]
    url: str


class WaitingUpdate(Update, frozen=True, kw_only=True):
    """`title` is its broadcast's, `readers` to how many addresses it would go now."""

    title: str
    readers: int


class TextBody(Struct, frozen=True, forbid_unknown_fields=True):
    text: Text
    as_is: AsIs = False


class PublishBody(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[
        str, Meta(max_length=LONGEST_TEXT, description="Other words for it, if not empty.")
    ] = ""
    as_is: AsIs = False


class UpdateBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phase: Phase
    text: Text
    publish: Annotated[bool, Meta(description="A draft if false.")] = False
    as_is: AsIs = False


class BroadcastBody(UpdateBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times as seconds since 1970 UTC, or as RFC 3339; only for phases of maintenance."""

    title: Annotated[str, Meta(min_length=1, max_length=LONGEST_TITLE)]
    severity: AlertSeverity = "warning"
    components: list[str] = field(default_factory=list)
    audience: BroadcastAudience = "subscribers"
    tenants: list[str] = field(default_factory=list)
    incident: int | None = None
    starts: Time | None = None
    ends: Time | None = None


async def _list(call: Call) -> Listing[Broadcast]:
    query: BroadcastQuery = call.query
    before = number_after(query.cursor)
    found = await call.read(
        lambda conn: broadcasts.listing(
            conn, kind=query.kind, is_open=query.open, before=before, limit=query.limit + 1
        )
    )
    return page_of(found, query.limit, lambda one: str(one.id))


async def _get(call: Call) -> BroadcastDetail:
    return await _detail(call, await find_broadcast(call.services, call.number))


async def _waiting(call: Call) -> Listing[WaitingUpdate]:
    found = await call.read(
        lambda conn: [
            WaitingUpdate(**asdict(update), title=one.title, readers=size(conn, one, update))
            for update in broadcasts.waiting(conn)
            if (one := broadcasts.get(conn, update.broadcast)) is not None
        ]
    )
    return Listing(found)


async def _begin(call: Call) -> BroadcastDetail:
    body: BroadcastBody = call.body
    of = await call.read(
        lambda conn: new_broadcast(
            conn,
            call.config,
            title=body.title,
            kind="maintenance" if body.phase in MAINTENANCE_PHASES else "incident",
            severity=body.severity,
            components=body.components,
            audience=body.audience,
            tenants=body.tenants,
            incident=body.incident,
            starts=_seconds(body.starts),
            ends=_seconds(body.ends),
            now=call.now,
            as_is=body.as_is,
        )
    )
    return await _said(call, of, body)


async def _write(call: Call) -> BroadcastDetail:
    return await _said(call, await find_broadcast(call.services, call.number), call.body)


async def _end(call: Call) -> BroadcastDetail:
    ended = await end_broadcast(call.services, call.number, call.user.name, how=_BY_API)
    return await _detail(call, ended)


async def _publish(call: Call) -> Update:
    body: PublishBody = call.body
    told = await publish_update(
        call.services,
        call.number,
        call.user.name,
        text=body.text,
        as_is=body.as_is,
        how=_BY_API,
    )
    return told.update


async def _veto(call: Call) -> Update:
    return (await veto_update(call.services, call.number, call.user.name, how=_BY_API)).update


async def _edit(call: Call) -> Update:
    body: TextBody = call.body
    told = await edit_update(
        call.services, call.number, body.text, call.user.name, as_is=body.as_is, how=_BY_API
    )
    return told.update


async def _said(call: Call, of: Broadcast, body: UpdateBody) -> BroadcastDetail:
    told = await write_update(
        call.services,
        of,
        body.phase,
        body.text,
        call.user.name,
        publish=body.publish,
        as_is=body.as_is,
        how=_BY_API,
    )
    return await _detail(call, told.broadcast)


async def _detail(call: Call, broadcast: Broadcast) -> BroadcastDetail:
    number = broadcast.id
    tenants, said = await call.read(
        lambda conn: (broadcasts.tenants_of(conn, number), broadcasts.updates_of(conn, number))
    )
    return BroadcastDetail(
        broadcast, tenants, said, f"{call.config.public_url}/broadcasts/{number}"
    )


def _seconds(time: float | datetime | None) -> float | None:
    return time.timestamp() if isinstance(time, datetime) else time


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/broadcasts",
        summary="Broadcasts, newest first",
        handler=_list,
        query=BroadcastQuery,
        reply=Listing[Broadcast],
    ),
    Endpoint(
        method="POST",
        path="/broadcasts",
        summary="Begin one: what clients are told first, at once or as a draft",
        handler=_begin,
        body=BroadcastBody,
        reply=BroadcastDetail,
        role="responder",
        status=201,
    ),
    Endpoint(
        method="GET",
        path="/broadcasts/{id:number}",
        summary="One broadcast with all that was said, and is to be",
        handler=_get,
        reply=BroadcastDetail,
    ),
    Endpoint(
        method="POST",
        path="/broadcasts/{id:number}/updates",
        summary="Say more in it: how far it has come, a correction, a retraction, what happened",
        handler=_write,
        body=UpdateBody,
        reply=BroadcastDetail,
        role="responder",
        status=201,
    ),
    Endpoint(
        method="POST",
        path="/broadcasts/{id:number}/end",
        summary="End it without a word: nothing more goes out",
        handler=_end,
        reply=BroadcastDetail,
        role="responder",
    ),
    Endpoint(
        method="GET",
        path="/updates",
        summary="The updates that wait to go out, the next one first",
        handler=_waiting,
        reply=Listing[WaitingUpdate],
    ),
    Endpoint(
        method="POST",
        path="/updates/{id:number}/publish",
        summary="Let an update that waits go out now",
        handler=_publish,
        body=PublishBody,
        reply=Update,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/updates/{id:number}/veto",
        summary="Stop an update that waits: it never goes out",
        handler=_veto,
        reply=Update,
        role="responder",
    ),
    Endpoint(
        method="PUT",
        path="/updates/{id:number}",
        summary="Give an update that waits other words",
        handler=_edit,
        body=TextBody,
        reply=Update,
        role="responder",
    ),
)
