"""What the clocks of a zone show, and when they show it.

An *instant* is a float, in seconds since 1970 UTC. *Wall seconds* are what a clock in the zone
shows, counted the same way from its own 1970-01-01 00:00; a *day number* counts its days from
there. Zone rules are those of the IANA database, which `zoneinfo` reads.
"""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

MINUTE = 60
HOUR = 3_600
DAY = 86_400

_FIRST_DAY = date(1970, 1, 1).toordinal()

# Far enough to be quick, and short enough to meet every change of the clocks: since 1970 no zone
# has changed its offset twice within six days.
_STEP = 5 * DAY


def utc_offset(zone: ZoneInfo, at: float) -> float:
    """Seconds by which the zone's clocks are ahead of UTC at an instant."""
    offset = datetime.fromtimestamp(math.floor(at), zone).utcoffset()
    assert offset is not None
    return offset.total_seconds()


def instant(zone: ZoneInfo, wall: float) -> float:
    """The instant at which the zone's clocks show these wall seconds.

    A time that the clocks show twice, in autumn, is its first occurrence. One that they skip, in
    spring, is later by as much as they skip: where they go from 01:00 to 02:00, 01:30 is the
    instant at which they show 02:30.
    """
    return datetime.fromtimestamp(wall, UTC).replace(tzinfo=zone).timestamp()


def day_number(day: date) -> int:
    return day.toordinal() - _FIRST_DAY


def day_of(number: int) -> date:
    return date.fromordinal(number + _FIRST_DAY)


def weekday_of(number: int) -> int:
    """The day of the week of a day number: 0 is Sunday, as in cron and in Alertmanager."""
    return (number + 4) % 7


def steady(zone: ZoneInfo, start: float, end: float) -> Iterator[tuple[float, float, float]]:
    """Cut [start, end) into pieces of a few days in which the clocks do not change.

    Yields, in order, (start, end, offset from UTC in seconds).
    """
    while start < end:
        offset = utc_offset(zone, start)
        stop = min(start + _STEP, end)
        if utc_offset(zone, stop) != offset:
            stop = _change(zone, start, stop)
        yield start, stop, offset
        start = stop


def _change(zone: ZoneInfo, start: float, end: float) -> float:
    """The instant, a whole second, at which the offset stops being what it is at `start`."""
    before, after = math.floor(start), math.floor(end)
    offset = utc_offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if utc_offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return float(after)
