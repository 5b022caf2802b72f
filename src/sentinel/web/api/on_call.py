"""Who hears: now, week by week, and in a case that has not come yet; overrides, and who is left
alone."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from sentinel.engine.schedules import shifts
from sentinel.engine.stand_ins import overlaid, stand_ins_of
from sentinel.errors import Invalid
from sentinel.model.alert import AlertSeverity
from sentinel.model.calendar_feed import CalendarFeed, FeedKind
from sentinel.model.override import Override, OverrideState
from sentinel.model.rest import DoNotDisturb
from sentinel.on_call import Roster, roster_of
from sentinel.on_call.asking import answer, case_of
from sentinel.on_call.people import PersonNow, people_of
from sentinel.on_call.request import override_of
from sentinel.on_call.trial import Trial
from sentinel.store import calendar_feeds, overrides, rests
from sentinel.web import auth
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit
from sentinel.web.calendar_feed import address_of
from sentinel.web.on_call import end_override, leave_alone, put_override

_BY_API = "by the API"
_LONGEST_SPAN = 100 * 86_400.0
Time = float | Annotated[datetime, Meta(tz=True)]
Seconds = Annotated[float, Meta(ge=0, lt=1e11)]


class ShiftQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds since 1970 UTC; up to 100 days, a week from now on where nothing is named."""

    schedule: str | None = None
    start: Seconds | None = msgspec.field(default=None, name="from")
    end: Seconds | None = msgspec.field(default=None, name="until")


class ShiftOf(Struct, frozen=True, kw_only=True):
    """The same people in [start, end); nobody is a gap."""

    schedule: str
    start: float
    end: float
    people: tuple[str, ...]


class OverrideQuery(Struct, frozen=True, forbid_unknown_fields=True):
    cursor: Cursor | None = None
    limit: Limit = 50


class OverrideBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times as seconds since 1970 UTC, or as RFC 3339; without `from` it holds from now on."""

    schedule: str
    people: list[str]
    starts: Time | None = msgspec.field(default=None, name="from")
    ends: Time = msgspec.field(name="until")
    reason: str = ""


class OverrideDetail(Override, frozen=True, kw_only=True):
    state: OverrideState


class RestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lasts: Annotated[str, Meta(description="Such as `2h`, at most 30 days.")] = msgspec.field(
        name="for"
    )


class CaseBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`at` as seconds since 1970 UTC, as RFC 3339, or in words such as `Sun 03:00`, which is the
    next one by the clocks of the installation's zone."""

    at: float | str = "now"
    severity: AlertSeverity = "critical"
    labels: dict[str, str] = {}
    route: str | None = None


class FeedBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: FeedKind
    name: str


class FeedDetail(CalendarFeed, frozen=True, kw_only=True):
    address: str


async def _get(call: Call) -> Roster:
    now = call.now
    lasting = await call.read(lambda conn: overrides.lasting(conn, now))
    # Looking for the end of an interval can mean to walk through two years of days.
    return await asyncio.to_thread(roster_of, call.config, now, lasting)


async def _people(call: Call) -> list[PersonNow]:
    config, now = call.config, call.now
    return await call.read(lambda conn: people_of(conn, config, now))


async def _shifts(call: Call) -> list[ShiftOf]:
    query: ShiftQuery = call.query
    config = call.config
    start = call.now if query.start is None else query.start
    end = start + 7 * 86_400.0 if query.end is None else query.end
    if not start < end <= start + _LONGEST_SPAN:
        raise HTTPException(400, "until: expected a time after `from`, by up to 100 days")
    if query.schedule is not None and query.schedule not in config.schedules:
        raise HTTPException(404, "there is no such schedule")

    def read(conn: sqlite3.Connection) -> list[ShiftOf]:
        stand_ins = stand_ins_of(overrides.between(conn, start, end), config.people)
        return [
            ShiftOf(schedule=name, start=shift.start, end=shift.end, people=shift.people)
            for name, one in config.schedules.items()
            if query.schedule in (None, name)
            for shift in shifts(overlaid(one.schedule, stand_ins), start, end)
        ]

    return await call.read(read)


async def _who(call: Call) -> Trial:
    body: CaseBody = call.body
    at = body.at if isinstance(body.at, str) else _text_of(body.at)
    case = case_of(
        at=at,
        severity=body.severity,
        labels=[f"{name}={value}" for name, value in body.labels.items()],
        route=body.route,
        zone=call.config.timezone,
        now=call.now,
    )
    book, now = call.services.setup.book, call.now
    return await call.read(lambda conn: answer(conn, book, case, now))


async def _list(call: Call) -> Listing[OverrideDetail]:
    query: OverrideQuery = call.query
    before, now = number_after(query.cursor), call.now
    found = await call.read(
        lambda conn: overrides.listing(conn, limit=query.limit + 1, before=before)
    )
    return page_of([_detail(one, now) for one in found], query.limit, lambda one: str(one.id))


async def _set(call: Call) -> OverrideDetail:
    body: OverrideBody = call.body
    now = call.now
    lasting = await call.read(lambda conn: overrides.lasting(conn, now))
    ends = _seconds(body.ends)
    assert ends is not None
    asked = override_of(
        call.config,
        schedule=body.schedule,
        people=body.people,
        starts=_seconds(body.starts),
        ends=ends,
        author=call.user.name,
        reason=body.reason,
        now=now,
        lasting=lasting,
    )
    return _detail(await put_override(call.services, asked, call.user.name, _BY_API), now)


async def _end(call: Call) -> OverrideDetail:
    override = await _find(call)
    if override.state_at(call.now) == "over":
        raise HTTPException(400, f"override {override.id}: found one that is over already")
    await end_override(call.services, override, call.user.name, _BY_API)
    return _detail(await _find(call), call.now)


async def _resting(call: Call) -> list[DoNotDisturb]:
    now = call.now
    return await call.read(lambda conn: rests.lasting(conn, now))


async def _rest(call: Call) -> list[DoNotDisturb]:
    body: RestBody = call.body
    if body.lasts.strip() == "off":
        raise Invalid("for: found off, expected a duration; DELETE ends it")
    await leave_alone(call.services, _person(call), body.lasts, call.user.name, _BY_API)
    return await _resting(call)


async def _disturb(call: Call) -> list[DoNotDisturb]:
    await leave_alone(call.services, _person(call), "off", call.user.name, _BY_API)
    return await _resting(call)


async def _feeds(call: Call) -> list[FeedDetail]:
    found = await call.read(lambda conn: calendar_feeds.listing(conn, call.user.id))
    return [_feed(call, one) for one in found]


async def _make_feed(call: Call) -> FeedDetail:
    body: FeedBody = call.body
    known = call.config.schedules if body.kind == "schedule" else call.config.people
    if body.name not in known:
        raise HTTPException(404, f"there is no such {body.kind}")
    user, now = call.user.id, call.now
    feed = await call.change(
        "calendar address made",
        f"{body.kind} {body.name}",
        lambda conn: calendar_feeds.ensure(conn, body.kind, body.name, user, now),
    )
    return _feed(call, feed)


async def _remove_feed(call: Call) -> CalendarFeed:
    number = call.number
    feed = await call.find(lambda conn: calendar_feeds.get(conn, number), "calendar address")
    if feed.user != call.user.name and not auth.may(call.user, "admin"):
        raise HTTPException(403, f"this address is {feed.user}'s: they or an admin take it back")
    await call.change(
        "calendar address taken back",
        f"{feed.kind} {feed.name}",
        lambda conn: calendar_feeds.remove(conn, number),
    )
    return feed


def _text_of(at: float) -> str:
    """A time with its own offset, so that no zone matters."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S+00:00}"
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("at: found a time that is out of range") from error


def _person(call: Call) -> str:
    name: str = call.request.path_params["person"]
    return name


async def _find(call: Call) -> Override:
    number = call.number
    return await call.find(lambda conn: overrides.get(conn, number), "override")


def _feed(call: Call, feed: CalendarFeed) -> FeedDetail:
    address = address_of(call.services.signer, call.config.public_url, feed)
    return FeedDetail(**msgspec.structs.asdict(feed), address=address)


def _detail(override: Override, now: float) -> OverrideDetail:
    return OverrideDetail(**msgspec.structs.asdict(override), state=override.state_at(now))


def _seconds(time: float | datetime | None) -> float | None:
    return time.timestamp() if isinstance(time, datetime) else time


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/on-call",
        summary="Who is on call, which maintenance is on, what is muted, whom each step reaches",
        handler=_get,
        reply=Roster,
    ),
    Endpoint(
        method="GET",
        path="/on-call/people",
        summary="How each person is reached, when left alone, and what waits for them",
        handler=_people,
        reply=list[PersonNow],
    ),
    Endpoint(
        method="GET",
        path="/on-call/shifts",
        summary="Who is on call in a span of time, gaps and overrides included",
        handler=_shifts,
        query=ShiftQuery,
        reply=list[ShiftOf],
    ),
    Endpoint(
        method="POST",
        path="/on-call/who",
        summary="Who would be told, and when, if an alert fired at a time",
        handler=_who,
        body=CaseBody,
        reply=Trial,
    ),
    Endpoint(
        method="GET",
        path="/on-call/overrides",
        summary="Overrides that were set while Sentinel ran, newest first",
        handler=_list,
        query=OverrideQuery,
        reply=Listing[OverrideDetail],
    ),
    Endpoint(
        method="POST",
        path="/on-call/overrides",
        summary="Let somebody be on call in place of those whose turn it is",
        handler=_set,
        body=OverrideBody,
        reply=OverrideDetail,
        role="responder",
        status=201,
    ),
    Endpoint(
        method="DELETE",
        path="/on-call/overrides/{id:number}",
        summary="Take an override back, now",
        handler=_end,
        reply=OverrideDetail,
        role="responder",
    ),
    Endpoint(
        method="GET",
        path="/on-call/do-not-disturb",
        summary="Who hears only what is critical, and until when",
        handler=_resting,
        reply=list[DoNotDisturb],
    ),
    Endpoint(
        method="PUT",
        path="/on-call/do-not-disturb/{person}",
        summary="Let only what is critical reach a person for a while",
        handler=_rest,
        body=RestBody,
        reply=list[DoNotDisturb],
        role="responder",
    ),
    Endpoint(
        method="DELETE",
        path="/on-call/do-not-disturb/{person}",
        summary="Let messages reach a person again; what had waited is told",
        handler=_disturb,
        reply=list[DoNotDisturb],
        role="responder",
    ),
    Endpoint(
        method="GET",
        path="/on-call/feeds",
        summary="Your calendar addresses",
        handler=_feeds,
        reply=list[FeedDetail],
    ),
    Endpoint(
        method="POST",
        path="/on-call/feeds",
        summary="An address for calendar programs, of the shifts of a schedule or a person",
        handler=_make_feed,
        body=FeedBody,
        reply=FeedDetail,
        status=201,
    ),
    Endpoint(
        method="DELETE",
        path="/on-call/feeds/{id:number}",
        summary="Take a calendar address back",
        handler=_remove_feed,
        reply=CalendarFeed,
    ),
)
