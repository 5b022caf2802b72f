"""A week of all schedules, as a picture and as a list. Pure.

Places in the picture are shares of the whole week in percent, by the time that passes: in a week
in which the clocks change, one day is an hour wider or narrower than the others.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from sentinel.config.model import Config
from sentinel.engine.schedules import Schedule, Shift, shifts
from sentinel.engine.stand_ins import overlaid, stand_ins_of
from sentinel.model.override import Override

COLOURS = 8
"""How many there are to tell people apart; the name always stands beside."""

_NOON = time(12)


class Piece(Struct, frozen=True, kw_only=True):
    """The same people in [start, end), as far as that is shown: `begins` and `ends` say whether it
    does so within the week. `override` is the number of the one by which they are on call, and
    `configured` says that one of the configuration is; without people it is a gap."""

    start: float
    end: float
    people: tuple[str, ...]
    begins: bool
    ends: bool
    override: int | None
    configured: bool
    colour: int
    x: float
    width: float


class Day(Struct, frozen=True, kw_only=True):
    """`noon` is where its twelve o'clock is in the picture."""

    date: date
    start: float
    end: float
    today: bool
    x: float
    width: float
    noon: float


class Row(Struct, frozen=True, kw_only=True):
    """A schedule. `gaps` are the hours of the week in which nobody is on call, in seconds."""

    schedule: str
    timezone: str
    pieces: list[Piece]
    gaps: float


class Week(Struct, frozen=True, kw_only=True):
    """By the clocks of `zone`, from Monday on. `now` is its place in the picture, None in another
    week; `overrides` are those that hold at some time of it."""

    zone: str
    first: date
    start: float
    end: float
    days: list[Day]
    rows: list[Row]
    now: float | None
    overrides: list[Override]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def bounds_of(first: date, zone: ZoneInfo) -> tuple[float, float]:
    """The week that begins on this day."""
    return _midnight(first, zone), _midnight(first + timedelta(days=7), zone)


def week_of(
    config: Config, first: date, zone: ZoneInfo, now: float, overrides: Sequence[Override]
) -> Week:
    """`overrides` are all that hold at some time of the week."""
    start, end = bounds_of(first, zone)
    stand_ins = stand_ins_of(overrides, config.people)
    colours = {name: number % COLOURS for number, name in enumerate(config.people)}

    def place(at: float) -> float:
        return round(100 * (at - start) / (end - start), 3)

    def row(configured: Schedule) -> Row:
        whole = overlaid(configured, stand_ins)
        own = [one for one in overrides if one.schedule == configured.name]
        edges = [at for one in whole.overrides for at in (one.start, one.end)]
        found = [
            _piece(shift, start, end, own, configured, colours.get(next(iter(shift.people), ""), 0))
            for shift in _cut(shifts(whole, start, end), edges)
        ]
        return Row(
            schedule=configured.name,
            timezone=configured.zone.key,
            pieces=found,
            gaps=sum(one.end - one.start for one in found if not one.people),
        )

    def day(number: int) -> Day:
        date = first + timedelta(days=number)
        begins, ends = _midnight(date, zone), _midnight(date + timedelta(days=1), zone)
        return Day(
            date=date,
            start=begins,
            end=ends,
            today=begins <= now < ends,
            x=place(begins),
            width=round(place(ends) - place(begins), 3),
            noon=place(datetime.combine(date, _NOON, zone).timestamp()),
        )

    return Week(
        zone=zone.key,
        first=first,
        start=start,
        end=end,
        days=[day(number) for number in range(7)],
        rows=[row(one.schedule) for one in config.schedules.values()],
        now=place(now) if start <= now < end else None,
        overrides=list(overrides),
    )


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def _cut(found: Iterable[Shift], edges: Iterable[float]) -> Iterator[Shift]:
    """At the ends of overrides, too: they are shown as such even where they change nobody."""
    inner = sorted(set(edges))
    for shift in found:
        begin = shift.start
        for at in inner:
            if begin < at < shift.end:
                yield Shift(begin, at, shift.people)
                begin = at
        yield Shift(begin, shift.end, shift.people)


def _piece(
    shift: Shift,
    start: float,
    end: float,
    own: Sequence[Override],
    configured: Schedule,
    colour: int,
) -> Piece:
    """`own` are the overrides that people have set for this schedule."""
    set_by = [one.id for one in own if one.starts <= shift.start < one.until]
    length = end - start
    return Piece(
        start=shift.start,
        end=shift.end,
        people=shift.people,
        begins=shift.start > start,
        ends=shift.end < end,
        override=set_by[-1] if set_by else None,
        configured=not set_by
        and any(one.start <= shift.start < one.end for one in configured.overrides),
        colour=colour,
        x=round(100 * (shift.start - start) / length, 3),
        width=round(100 * (shift.end - shift.start) / length, 3),
    )
