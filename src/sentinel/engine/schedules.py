"""On-call schedules: who is on call at an instant, and until when.

Instants are float seconds since 1970 UTC. "Nobody" is an empty tuple of people.
"""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from msgspec import Struct

from sentinel.engine.intervals import Interval, covers, spans
from sentinel.engine.wallclock import DAY, MINUTE, day_number, instant, utc_offset, weekday_of

People = tuple[str, ...]

YEAR = 366.0 * DAY
"""How far ahead `next_change` looks."""

EPOCH = date(1970, 1, 5)
"""The Monday from which the turns of a layer without `start` are counted."""

_BLOCK = 28.0 * DAY


class Handoff(Struct, frozen=True):
    """A time on the wall clock, `minute` of the day; on one `weekday` (0 is Sunday) or any."""

    minute: int
    weekday: int | None = None


class Layer(Struct, frozen=True, kw_only=True):
    """People who take turns, of `every` seconds each: whole hours, days or weeks.

    Turn 0, of `people[0]`, begins at the first `handoff` on or after the local date `start`;
    before that the layer has nobody. Without `start` it begins at the first one on or after
    Monday 1970-01-05 and the turns go on without beginning or end, so who is on call never
    depends on when the daemon was started.

    Turns of whole days, or of hours that divide a day, change at the same time on the wall
    clock all year: one is an hour shorter or longer when the clocks change. A hand-off at a time
    that the clocks show twice is at the first; at one that they skip, it is later by as much as
    they skip. Turns of other lengths, such as 36h, are counted in hours that have passed since
    turn 0.

    `during` restricts the layer to these intervals, without moving a turn; empty: always.
    """

    people: tuple[People, ...]
    every: int
    handoff: Handoff
    start: date | None = None
    during: tuple[Interval, ...] = ()


class Override(Struct, frozen=True):
    """These people, and nobody else, in [start, end)."""

    start: float
    end: float
    people: People


class Schedule(Struct, frozen=True, kw_only=True):
    """A later layer takes precedence over an earlier one wherever it applies, an override over
    all layers, a later override over an earlier one."""

    name: str
    zone: ZoneInfo
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()


class Shift(Struct, frozen=True):
    """The same people in [start, end)."""

    start: float
    end: float
    people: People


def on_call(schedule: Schedule, at: float) -> People:
    """Who is on call at an instant."""
    for override in reversed(schedule.overrides):
        if override.start <= at < override.end:
            return override.people
    for layer in reversed(schedule.layers):
        if not layer.during or covers(layer.during, at):
            turn = _turn(layer, schedule.zone, at)
            if turn >= 0 or layer.start is None:
                return layer.people[turn % len(layer.people)]
    return ()


def next_change(schedule: Schedule, at: float) -> float | None:
    """The first instant after `at` at which others, or nobody, are on call.

    None: nothing changes within a YEAR.
    """
    end = next(shifts(schedule, at, at + YEAR)).end
    return end if end < at + YEAR else None


def shifts(schedule: Schedule, start: float, end: float) -> Iterator[Shift]:
    """[start, end) cut into shifts, each as long as can be; one of nobody is a gap."""
    if start >= end:
        return
    begin, people = start, on_call(schedule, start)
    for at in _boundaries(schedule, start, end):
        following = on_call(schedule, at)
        if following != people:
            yield Shift(begin, at, people)
            begin, people = at, following
    yield Shift(begin, end, people)


def _boundaries(schedule: Schedule, start: float, end: float) -> Iterator[float]:
    """Every instant within (start, end) at which something may change, in order."""
    fixed = {at for one in schedule.overrides for at in (one.start, one.end)}
    while start < end:
        stop = min(start + _BLOCK, end)
        found = set(fixed)
        for layer in schedule.layers:
            found.update(_handoffs(layer, schedule.zone, start, stop))
            found.update(at for span in spans(layer.during, start, stop) for at in span)
        # A span that begins right here is cut off by this block and has begun in the next.
        found.add(stop)
        yield from sorted(at for at in found if start < at <= stop and at < end)
        start = stop


def _handoffs(layer: Layer, zone: ZoneInfo, start: float, end: float) -> Iterator[float]:
    """All hand-offs within [start, end], and some around it."""
    # Offsets of one zone have differed by up to 25 hours (Samoa), which is below two days.
    first = _turn(layer, zone, start - 2 * DAY)
    last = _turn(layer, zone, end + 2 * DAY)
    return (_begins(layer, zone, turn) for turn in range(first, last + 1))


def _turn(layer: Layer, zone: ZoneInfo, at: float) -> int:
    """The last turn that has begun at an instant; negative before turn 0."""
    turn = int((at + utc_offset(zone, at) - _anchor(layer)) // layer.every)
    # A guess, right but for the hours that the clocks showed twice or skipped.
    while _begins(layer, zone, turn + 1) <= at:
        turn += 1
    while _begins(layer, zone, turn) > at:
        turn -= 1
    return turn


def _begins(layer: Layer, zone: ZoneInfo, turn: int) -> float:
    """The instant of the hand-off to a turn."""
    if layer.every % DAY == 0 or DAY % layer.every == 0:
        return instant(zone, _anchor(layer) + turn * layer.every)
    return instant(zone, _anchor(layer)) + turn * layer.every


def _anchor(layer: Layer) -> int:
    """When turn 0 begins, in wall seconds of the schedule's zone."""
    day = day_number(layer.start or EPOCH)
    if layer.handoff.weekday is not None:
        day += (layer.handoff.weekday - weekday_of(day)) % 7
    return day * DAY + layer.handoff.minute * MINUTE
