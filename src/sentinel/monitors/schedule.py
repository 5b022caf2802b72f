"""When a job is expected to run.

Cron expressions are read by croniter, on the wall: what the clocks of the zone show. Which instants
that are when the clocks change follows cron itself (Vixie's, as Debian ships it; cron(8), "Daylight
Saving Time"): a job whose minute or hour begins with `*` runs as time passes; one at fixed hours
runs once, at the change if the clocks skip its time, and the first time if they show it twice.
"""

import math
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from sentinel.engine.wallclock import DAY, instant, steady, utc_offset
from sentinel.model.monitor import Cron, Every, Schedule

_EXPECTED = "five fields of cron such as 30 2 * * *, or @hourly, @daily, @weekly, @monthly, @yearly"
_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LETTERS = frozenset("0123456789*/,-#?abcdefghijklmnopqrstuvwxyz")
_LONGEST = 200
# croniter's own extensions, whose meaning depends on a seed or on chance.
_SEEDED = ("h", "r")


def parse_cron(text: str, zone: str) -> Cron:
    """Raises ValueError: `expected …, found …; hint`. `zone` is one that exists."""
    fields = _ALIASES.get(text.strip().lower(), text).lower().split()
    hint = "six fields, with seconds, are not cron's" if len(fields) == 6 else ""
    if len(fields) != 5 or len(text) > _LONGEST or not _LETTERS.issuperset("".join(fields)):
        raise _wrong(text, hint)
    if any(part.startswith(_SEEDED) for field in fields for part in field.split(",")):
        raise _wrong(text, "write the minute or hour out")
    expression = " ".join(fields)
    try:
        _next_on_wall(expression, 0)
    except CroniterError as error:
        raise _wrong(text, str(error).removeprefix(f"[{expression}] ")) from error
    return Cron(expression, zone)


def after(schedule: Schedule, at: float) -> float:
    """The first time after `at` at which a run is expected; of an interval, counted from `at`."""
    if isinstance(schedule, Every):
        return at + schedule.seconds
    return _after(schedule, math.floor(at))


# Many monitors share a schedule, and each asks again for what it was told before.
@lru_cache(maxsize=4096)
def _after(cron: Cron, at: int) -> float:
    zone = ZoneInfo(cron.zone)
    minute, hour, *_ = cron.expression.split()
    if minute.startswith("*") or hour.startswith("*"):
        return _as_time_passes(cron.expression, zone, at)
    return _at_fixed_hours(cron.expression, zone, at)


def _as_time_passes(expression: str, zone: ZoneInfo, at: float) -> float:
    while True:
        offset = utc_offset(zone, at)
        found = _next_on_wall(expression, at + offset) - offset
        pieces = steady(zone, at, found + 1)
        turn = next((start for start, _, other in pieces if other != offset), None)
        if turn is None:
            return found
        # The clocks change before that: look again from there, and the change itself counts.
        at = turn - 1
        offset = utc_offset(zone, turn)
        found = _next_on_wall(expression, at + offset) - offset
        if utc_offset(zone, found) == offset:
            return found
        at = turn


def _at_fixed_hours(expression: str, zone: ZoneInfo, at: float) -> float:
    wall = at + utc_offset(zone, at)
    while True:
        wall = _next_on_wall(expression, wall)
        found = instant(zone, wall)
        if found + utc_offset(zone, found) != wall:
            # The clocks skip it: the change is the latest one before what they show instead.
            found = max(start for start, _, _ in steady(zone, found - DAY, found + 1))
        if found > at:
            return found


def _next_on_wall(expression: str, wall: float) -> float:
    """In wall seconds. The zone of the clock on the wall is of no interest here: UTC has none of
    its changes."""
    found: datetime = croniter(expression, datetime.fromtimestamp(wall, UTC)).get_next(datetime)
    return found.timestamp()


def _wrong(text: str, hint: str) -> ValueError:
    return ValueError(f"expected {_EXPECTED}, found {text!r}" + (f"; {hint}" if hint else ""))
