"""The calendar: who is on call week by week, overrides, and feeds for people's own calendars."""

import sqlite3
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.config.model import Config
from sentinel.errors import Invalid
from sentinel.model.calendar_feed import CalendarFeed, FeedKind
from sentinel.model.override import Override
from sentinel.on_call.request import moment_of, override_of
from sentinel.on_call.week import Week, bounds_of, monday_of, week_of
from sentinel.store import calendar_feeds, overrides
from sentinel.store.accounts import User
from sentinel.web import auth
from sentinel.web.calendar_feed import address_of
from sentinel.web.numbers import number_in
from sentinel.web.on_call import end_override, put_override
from sentinel.web.visit import Visit, signed_in

_FIRST, _LAST = date(2000, 1, 3), date(2199, 12, 30)
_MOST_LISTED = 50


class Draft(Struct, frozen=True):
    """The form as it is filled in; times by the clocks of the zone that the page shows."""

    schedule: str = ""
    person: str = ""
    second: str = ""
    starts: str = ""
    ends: str = ""
    reason: str = ""


class Found(Struct, frozen=True):
    """`feeds` are the user's own, with their addresses; `others` those of others, for an admin."""

    week: Week
    lasting: list[Override]
    feeds: list[tuple[CalendarFeed, str]]
    others: list[CalendarFeed]


async def _show(visit: Visit) -> Response:
    return await _page(visit, await _begun(visit))


async def _page(visit: Visit, draft: Draft, *, refusal: str = "", status: int = 200) -> Response:
    config, zone = visit.config, _zone(visit)
    first = _first(visit, zone)
    start, end = bounds_of(first, zone)

    def read(conn: sqlite3.Connection) -> Found:
        return Found(
            week_of(config, first, zone, visit.now, overrides.between(conn, start, end)),
            overrides.lasting(conn, visit.now)[:_MOST_LISTED],
            [(one, _address(visit, one)) for one in calendar_feeds.listing(conn, visit.user.id)],
            _of_others(conn, visit.user),
        )

    found = await visit.read(read)
    today = monday_of(datetime.fromtimestamp(visit.now, zone).date())
    return await visit.render(
        "calendar.html",
        status=status,
        found=found,
        week=found.week,
        draft=draft,
        refusal=refusal,
        zone=zone,
        zones=_zones(config),
        schedules=config.schedules,
        persons=sorted(config.people),
        today=_link(today, zone),
        before=_link(first - timedelta(days=7), zone),
        after=_link(first + timedelta(days=7), zone),
        is_this=first == today,
        local=lambda at: datetime.fromtimestamp(at, zone),
        now=visit.now,
    )


async def _set(visit: Visit) -> Response:
    form, zone = visit.form, _zone(visit)
    draft = Draft(**{name: form.get(name, "").strip()[:600] for name in Draft.__struct_fields__})
    lasting = await visit.read(lambda conn: overrides.lasting(conn, visit.now))
    try:
        asked = override_of(
            visit.config,
            schedule=draft.schedule,
            people=[draft.person, draft.second],
            starts=moment_of(draft.starts, zone, "from") if draft.starts else None,
            ends=moment_of(draft.ends, zone, "until"),
            author=visit.user.name,
            reason=draft.reason,
            now=visit.now,
            lasting=lasting,
        )
        done = await put_override(visit.services, asked, visit.user.name)
    except Invalid as error:
        return await _page(visit, draft, refusal=str(error), status=422)
    day = monday_of(datetime.fromtimestamp(done.starts, zone).date())
    return RedirectResponse(f"{_link(day, zone)}&done=override-set#override-{done.id}", 303)


async def _end(visit: Visit) -> Response:
    number, zone = visit.number("id"), _zone(visit)
    override = await visit.find(lambda conn: overrides.get(conn, number), "override")
    back = _link(_first(visit, zone), zone)
    if override.state_at(visit.now) == "over":
        return RedirectResponse(f"{back}&done=override-over", 303)
    await end_override(visit.services, override, visit.user.name)
    query = {"done": "override-ended", "like": number}
    return RedirectResponse(f"{back}&{urlencode(query)}#override", 303)


async def _make_feed(visit: Visit) -> Response:
    kind, _, name = visit.form.get("of", "").partition(":")
    known: Mapping[str, Mapping[str, object]] = {
        "schedule": visit.config.schedules,
        "person": visit.config.people,
    }
    if name not in known.get(kind, {}):
        raise HTTPException(404, "There is no such schedule or person.")
    sort: FeedKind = "schedule" if kind == "schedule" else "person"
    await visit.change(
        "calendar address made",
        f"{kind} {name}",
        lambda conn: calendar_feeds.ensure(conn, sort, name, visit.user.id, visit.now),
    )
    return RedirectResponse("/on-call/calendar?done=feed-made#feeds", 303)


async def _remove_feed(visit: Visit) -> Response:
    number = visit.number("id")
    feed = await visit.find(lambda conn: calendar_feeds.get(conn, number), "calendar address")
    if feed.user != visit.user.name and not auth.may(visit.user, "admin"):
        raise HTTPException(403, f"This address is {feed.user}'s: they or an admin take it back.")
    await visit.change(
        "calendar address taken back",
        f"{feed.kind} {feed.name}",
        lambda conn: calendar_feeds.remove(conn, number),
        f"made by {feed.user}",
    )
    return RedirectResponse("/on-call/calendar?done=feed-removed#feeds", 303)


def _address(visit: Visit, feed: CalendarFeed) -> str:
    return address_of(visit.services.signer, visit.config.public_url, feed)


def _of_others(conn: sqlite3.Connection, user: User) -> list[CalendarFeed]:
    if not auth.may(user, "admin"):
        return []
    return [one for one in calendar_feeds.listing(conn) if one.user != user.name]


async def _begun(visit: Visit) -> Draft:
    """As an override that was set before, or with what the link names."""
    number = number_in(visit.query("like"))
    if number is None:
        return Draft(schedule=visit.query("schedule"), person=visit.query("person"))
    like = await visit.find(lambda conn: overrides.get(conn, number), "override")
    zone = _zone(visit)
    person, second = (*like.people, "", "")[:2]
    return Draft(
        schedule=like.schedule,
        person=person,
        second=second,
        starts=_minute(max(like.starts, visit.now), zone),
        ends=_minute(like.ends, zone),
        reason=like.reason,
    )


def _minute(at: float, zone: ZoneInfo) -> str:
    """As a field for a date and a time has it."""
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%dT%H:%M}"


def _zone(visit: Visit) -> ZoneInfo:
    """The one that was chosen, or the schedules' own where they share one."""
    zones = _zones(visit.config)
    given = visit.form.get("zone") or visit.query("zone")
    if given in zones:
        return ZoneInfo(given)
    own = {one.schedule.zone.key for one in visit.config.schedules.values()}
    return ZoneInfo(own.pop()) if len(own) == 1 else visit.config.timezone


def _zones(config: Config) -> list[str]:
    own = [one.schedule.zone.key for one in config.schedules.values()]
    theirs = [one.quiet.zone.key for one in config.people.values() if one.quiet]
    return list(dict.fromkeys((config.timezone.key, *own, *theirs, "UTC")))


def _first(visit: Visit, zone: ZoneInfo) -> date:
    """The Monday of the week that is asked for; of this one where that is no date."""
    given = visit.form.get("week") or visit.query("week")
    try:
        day = date.fromisoformat(given)
    except ValueError:
        day = datetime.fromtimestamp(visit.now, zone).date()
    return monday_of(min(max(day, _FIRST), _LAST))


def _link(first: date, zone: ZoneInfo) -> str:
    return f"/on-call/calendar?{urlencode({'week': first.isoformat(), 'zone': zone.key})}"


routes = [
    Route("/on-call/calendar", signed_in(_show)),
    Route("/on-call/overrides", signed_in(_set, "responder"), methods=["POST"]),
    # An open page asks for its own address again to stay up to date, and a reader may reload it.
    Route("/on-call/overrides", signed_in(_show), methods=["GET"]),
    Route("/on-call/overrides/{id:number}/end", signed_in(_end, "responder"), methods=["POST"]),
    Route("/on-call/feeds", signed_in(_make_feed), methods=["POST"]),
    Route("/on-call/feeds/{id:number}/remove", signed_in(_remove_feed), methods=["POST"]),
]
