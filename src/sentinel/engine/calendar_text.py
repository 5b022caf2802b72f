"""How times, intervals and turns are written in YAML.

Every parser takes the plain value (text, number or mapping) and raises ValueError with what was
expected and what was found.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sentinel.engine.intervals import Range
from sentinel.engine.schedules import Handoff
from sentinel.engine.wallclock import DAY, HOUR
from sentinel.model.values import Duration

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
MAX_EVERY = 52 * 7 * DAY

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_DATE = r"(?:19[7-9][0-9]|2[0-9]{3})-[0-9]{2}-[0-9]{2}"
_INSTANT = re.compile(_DATE + r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_NUMBER = re.compile(r"-?[0-9]{1,4}")


def parse_clock(value: object) -> int:
    """`22:00` to minutes of the day; `24:00`, the end of a day, is 1440."""
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise _wrong("a time from 00:00 to 24:00, with two digits each", value)
    return int(match[1] or 24) * 60 + int(match[2] or 0)


def parse_times(value: object) -> Range:
    """`09:00-17:00`, or Alertmanager's `{start_time: "09:00", end_time: "17:00"}`, to minutes of
    the day. The end is no part of it. A range over midnight is refused, as in Alertmanager."""
    start, end = (parse_clock(text) for text in _ends_of_times(value))
    if start == end:
        raise _wrong("an end after the start", value)
    if start > end:
        first, last = _ends_of_times(value)
        rest = "" if last == "00:00" else f" and 00:00-{last}"
        raise _wrong("an end after the start", value, f"for a night, write {first}-24:00{rest}")
    return start, end


def parse_weekdays(value: object) -> Range:
    """`saturday` or `monday:friday` to days of the week, 0 is Sunday; both ends are part of it.
    A week begins on Sunday, as in Alertmanager, so `saturday:sunday` is refused."""
    return _named_range(value, WEEKDAYS, 0, "a weekday such as saturday, or monday:friday")


def parse_months(value: object) -> Range:
    """`may`, `5`, `january:march` or `1:3` to months, 1 is January; both ends are part of it."""
    return _named_range(value, MONTHS, 1, "a month such as january or 1, or january:march")


def parse_days_of_month(value: object) -> Range:
    """`1`, `1:5` or `-3:-1` to days; -1 is the last of the month; both ends are part of it.

    Refused where it would be back to front in a month of 28 days, or go from a negative day to a
    positive one.
    """
    expected = "a day of the month from 1 to 31 or from -31 to -1, or two such as 1:5 or -3:-1"
    first, last = (_number(part, -31, 31) for part in _ends(value, expected))
    if not first or not last:
        raise _wrong(expected, value)
    if first < 0 < last or _in_february(first) > _in_february(last):
        raise _wrong("a first day that is before the last in every month", value)
    return first, last


def parse_years(value: object) -> Range:
    """`2026` or `2026:2027` to years; both ends are part of it."""
    expected = "a year such as 2026, or 2026:2027"
    first, last = (_number(part, 1, 9999) for part in _ends(value, expected))
    if first is None or last is None:
        raise _wrong(expected, value)
    if first > last:
        raise _wrong("a first year before the last", value)
    return first, last


def parse_every(value: object) -> int:
    """`1w`, `2d` or `12h` to seconds: whole hours, from 1h to 52w."""
    expected = "whole weeks, days or hours from 1h to 52w, such as 1w or 12h"
    try:
        seconds = Duration.parse(value)
    except ValueError:
        raise _wrong(expected, value) from None
    if not HOUR <= seconds <= MAX_EVERY or seconds % HOUR:
        raise _wrong(expected, value)
    return int(seconds)


def parse_handoff(value: object) -> Handoff:
    """`Mon 09:00`, `monday 09:00` or `09:00`."""
    expected = "a hand-off such as Mon 09:00, or 09:00"
    words = value.lower().split() if isinstance(value, str) else []
    weekday = _weekday(words[0]) if len(words) == 2 else None
    if len(words) == 1 and _weekday(words[0]) is not None:
        raise _wrong(expected, value, f"add the time of day: {value} 09:00")
    if len(words) not in (1, 2) or (len(words) == 2 and weekday is None):
        raise _wrong(expected, value)
    try:
        minute = parse_clock(words[-1])
    except ValueError:
        raise _wrong(expected, value, "write the time with two digits each") from None
    if minute == 24 * 60:
        raise _wrong("a hand-off from 00:00 to 23:59", value, "write 00:00 of the next day")
    return Handoff(minute, weekday)


def parse_date(value: object) -> date:
    """`2026-01-05`, of the years 1970 to 2999."""
    expected = "a date such as 2026-01-05"
    if not isinstance(value, str) or not re.fullmatch(_DATE, value):
        raise _wrong(expected, value)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise _wrong(expected, value, str(error)) from None


def parse_instant(value: object, zone: ZoneInfo) -> float:
    """`2026-12-24T09:00`, with seconds or without, on the zone's clocks; or with an offset of its
    own, `Z` or `+02:00`. Seconds since 1970 UTC.

    A time that the clocks show twice is its first occurrence; one that they skip is later by as
    much as they skip.
    """
    expected = "a date and a time such as 2026-12-24T09:00, or 2026-12-24T09:00+01:00"
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _wrong(expected, value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise _wrong(expected, value, str(error)) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _ends_of_times(value: object) -> tuple[str, str]:
    match value:
        case {"start_time": str(start), "end_time": str(end), **others} if not others:
            return start, end
        case str() if value.count("-") == 1:
            start, end = value.split("-")
            return start.strip(), end.strip()
    raise _wrong("times such as 09:00-17:00, or {start_time: 09:00, end_time: 17:00}", value)


def _named_range(value: object, names: Sequence[str], base: int, expected: str) -> Range:
    parts = _ends(value, expected)
    numbers = range(base, base + len(names)) if base else ()
    known = {name: base + index for index, name in enumerate(names)}
    known |= {str(number): number for number in numbers}
    first, last = (known.get(part) for part in parts)
    if first is None or last is None:
        raise _wrong(expected, value)
    if first > last:
        split = (_range(parts[0], names[-1]), _range(names[0], parts[1]))
        raise _wrong(
            f"a range within {names[0]} to {names[-1]}",
            value,
            f"write two: {split[0]} and {split[1]}",
        )
    return first, last


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}:{last}"


def _ends(value: object, expected: str) -> tuple[str, str]:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _wrong(expected, value)
    first, colon, last = str(value).lower().partition(":")
    return first.strip(), last.strip() if colon else first.strip()


def _number(text: str, low: int, high: int) -> int | None:
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and low <= number <= high else None


def _in_february(day: int) -> int:
    return day if day > 0 else 29 + day


def _weekday(text: str) -> int | None:
    names = (index for index, name in enumerate(WEEKDAYS) if text in (name, name[:3]))
    return next(names, None)


def _wrong(expected: str, found: object, hint: str = "") -> ValueError:
    shown = dict(found) if isinstance(found, Mapping) else found
    return ValueError(f"expected {expected}, found {shown!r}" + (f"; {hint}" if hint else ""))
