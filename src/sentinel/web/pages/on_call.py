"""On call: who hears now and who is next, how each person is reached and when left alone, what is
in maintenance, and whom each step reaches."""

import asyncio
import sqlite3
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.engine.schedules import Shift
from sentinel.errors import Invalid
from sentinel.model.override import Override
from sentinel.on_call import Duty, Roster, roster_of
from sentinel.on_call.people import PersonNow, people_of
from sentinel.store import overrides
from sentinel.web.on_call import leave_alone
from sentinel.web.visit import Visit, signed_in

SPANS = ("1h", "2h", "4h", "8h", "1d", "3d", "1w")


class Turn(Struct, frozen=True):
    """A shift by the clock of its schedule: `09:00`, or `Thu 09:00` where it ends on another day;
    empty where it begins before, or ends after, what is shown."""

    begins: str
    ends: str
    people: tuple[str, ...]


class Day(Struct, frozen=True):
    """The turns that begin on one day; the one that is under way is under today."""

    name: str
    turns: list[Turn]


def days_of(duty: Duty, now: float) -> list[Day]:
    zone = ZoneInfo(duty.timezone)

    def day_of(shift: Shift) -> str:
        return _day(max(shift.start, now), zone)

    return [
        Day(name, [_turn(shift, duty, zone) for shift in shifts])
        for name, shifts in groupby(duty.shifts, day_of)
    ]


def _turn(shift: Shift, duty: Duty, zone: ZoneInfo) -> Turn:
    first, last = duty.shifts[0], duty.shifts[-1]
    ends = _clock(shift.end, zone)
    if _day(shift.end, zone) != _day(shift.start, zone):
        ends = f"{_day(shift.end, zone)[:3]} {ends}"
    return Turn(
        "" if shift is first else _clock(shift.start, zone),
        "" if shift is last else ends,
        shift.people,
    )


def _day(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%a %-d %b}"


def _clock(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%H:%M}"


async def _show(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, *, refusal: str = "", status: int = 200) -> Response:
    def read(conn: sqlite3.Connection) -> tuple[list[Override], list[PersonNow]]:
        lasting = overrides.lasting(conn, visit.now)
        return lasting, people_of(conn, visit.config, visit.now)

    lasting, people = await visit.read(read)
    # Looking for the end of an interval can mean to walk through two years of days.
    roster: Roster = await asyncio.to_thread(roster_of, visit.config, visit.now, lasting)
    return await visit.render(
        "on_call.html",
        status=status,
        roster=roster,
        people_now=people,
        holding={one.schedule: one for one in lasting if one.state_at(visit.now) == "active"},
        days={duty.schedule: days_of(duty, visit.now) for duty in roster.schedules},
        zone=visit.config.timezone,
        spans=SPANS,
        refusal=refusal,
    )


async def _leave_alone(visit: Visit) -> Response:
    form = visit.form
    try:
        until = await leave_alone(
            visit.services, form.get("person", ""), form.get("for", ""), visit.user.name
        )
    except Invalid as error:
        return await _page(visit, refusal=str(error), status=422)
    done = "left-alone" if until > visit.now else "disturbed"
    return RedirectResponse(f"/on-call?done={done}#people", 303)


routes = [
    Route("/on-call", signed_in(_show), methods=["GET"]),
    Route("/on-call/do-not-disturb", signed_in(_leave_alone, "responder"), methods=["POST"]),
    # An open page asks for its own address again to stay up to date.
    Route("/on-call/do-not-disturb", signed_in(_show), methods=["GET"]),
]
