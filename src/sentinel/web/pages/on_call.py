"""On call: who hears now and who is next, what is in maintenance, and whom each step reaches."""

import asyncio
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from sentinel.engine.schedules import Shift
from sentinel.on_call import Duty, Roster, roster_of
from sentinel.web.visit import Visit, signed_in


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
    # Looking for the end of an interval can mean to walk through two years of days.
    roster: Roster = await asyncio.to_thread(roster_of, visit.config, visit.now)
    return await visit.render(
        "on_call.html",
        roster=roster,
        days={duty.schedule: days_of(duty, visit.now) for duty in roster.schedules},
        zone=visit.config.timezone,
    )


routes = [Route("/on-call", signed_in(_show))]
