"""Silences: set, changed, ended, and what one would keep quiet."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict
from starlette.exceptions import HTTPException

from sentinel.model.silence import Silence, SilenceState
from sentinel.silencing import Preview, Times, checked, preview_of, read_matchers
from sentinel.store import silences
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit
from sentinel.web.silencing import end_silence, put_silence

_BY_API = "by the API"
Time = float | Annotated[datetime, Meta(tz=True)]
Matchers = Annotated[
    list[str],
    Meta(description='Such as `team="payments"`, with =, !=, =~ or !~; all must hold.'),
]


class SilenceQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: SilenceState | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class SilenceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times as seconds since 1970 UTC, or as RFC 3339. Either `ends`, or `for` as `2h`; without
    `starts` it begins now, or keeps its beginning where it is changed."""

    matchers: Matchers
    starts: Time | None = None
    ends: Time | None = None
    lasts: str | None = msgspec.field(default=None, name="for")
    comment: str = ""


class PreviewBody(Struct, frozen=True, forbid_unknown_fields=True):
    matchers: Matchers


class SilenceDetail(Silence, frozen=True, kw_only=True):
    state: SilenceState


async def _list(call: Call) -> Listing[SilenceDetail]:
    query: SilenceQuery = call.query
    now, before = call.now, number_after(query.cursor)
    found = await call.read(
        lambda conn: silences.listing(
            conn, now, state=query.state, limit=query.limit + 1, before=before
        )
    )
    details = [_detail(silence, now) for silence in found]
    return page_of(details, query.limit, lambda silence: str(silence.id))


async def _get(call: Call) -> SilenceDetail:
    return _detail(await _find(call), call.now)


async def _set(call: Call) -> SilenceDetail:
    asked = _asked(call)
    return _detail(await put_silence(call.services, asked, call.user.name, _BY_API), call.now)


async def _change(call: Call) -> SilenceDetail:
    asked = _asked(call, await _find(call))
    return _detail(await put_silence(call.services, asked, call.user.name, _BY_API), call.now)


async def _end(call: Call) -> SilenceDetail:
    silence = await _find(call)
    if silence.state_at(call.now) == "expired":
        raise HTTPException(400, f"silence {silence.id}: found one that is over already")
    await end_silence(call.services, silence, call.user.name, _BY_API)
    return _detail(await _find(call), call.now)


async def _preview(call: Call) -> Preview:
    body: PreviewBody = call.body
    matchers, now = read_matchers(body.matchers), call.now
    return await call.read(lambda conn: preview_of(conn, matchers, now))


def _asked(call: Call, before: Silence | None = None) -> Silence:
    body: SilenceBody = call.body
    return checked(
        body.matchers,
        Times(_seconds(body.starts), _seconds(body.ends), body.lasts),
        author=call.user.name,
        comment=body.comment,
        now=call.now,
        before=before,
    )


def _seconds(time: float | datetime | None) -> float | None:
    return time.timestamp() if isinstance(time, datetime) else time


async def _find(call: Call) -> Silence:
    number = call.number
    return await call.find(lambda conn: silences.get(conn, number), "silence")


def _detail(silence: Silence, now: float) -> SilenceDetail:
    return SilenceDetail(**asdict(silence), state=silence.state_at(now))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/silences",
        summary="Silences, newest first",
        handler=_list,
        query=SilenceQuery,
        reply=Listing[SilenceDetail],
    ),
    Endpoint(
        method="POST",
        path="/silences",
        summary="Set a silence; its author is the token's user",
        handler=_set,
        body=SilenceBody,
        reply=SilenceDetail,
        role="responder",
        status=201,
    ),
    Endpoint(
        method="POST",
        path="/silences/preview",
        summary="What a silence with these matchers would keep quiet now",
        handler=_preview,
        body=PreviewBody,
        reply=Preview,
    ),
    Endpoint(
        method="GET",
        path="/silences/{id:number}",
        summary="One silence",
        handler=_get,
        reply=SilenceDetail,
    ),
    Endpoint(
        method="PUT",
        path="/silences/{id:number}",
        summary="Change one that is not over; its author is then the token's user",
        handler=_change,
        body=SilenceBody,
        reply=SilenceDetail,
        role="responder",
    ),
    Endpoint(
        method="DELETE",
        path="/silences/{id:number}",
        summary="End it now",
        handler=_end,
        reply=SilenceDetail,
        role="responder",
    ),
)
