import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from sentinel.engine.calendar_text import (
    parse_clock,
    parse_date,
    parse_days_of_month,
    parse_every,
    parse_handoff,
    parse_instant,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from sentinel.engine.schedules import Handoff
from tests.engine.wall import LONDON, utc


@pytest.mark.parametrize(
    ("parse", "value", "expected"),
    [
        (parse_clock, "00:00", 0),
        (parse_clock, "22:30", 1350),
        (parse_clock, "24:00", 1440),
        (parse_times, "09:00-17:00", (540, 1020)),
        (parse_times, "22:00 - 24:00", (1320, 1440)),
        (parse_times, {"start_time": "00:00", "end_time": "06:00"}, (0, 360)),
        (parse_weekdays, "saturday", (6, 6)),
        (parse_weekdays, "Monday:Friday", (1, 5)),
        (parse_weekdays, "sunday:tuesday", (0, 2)),
        (parse_days_of_month, "1:5", (1, 5)),
        (parse_days_of_month, "-3:-1", (-3, -1)),
        (parse_days_of_month, "5:-5", (5, -5)),
        (parse_days_of_month, "28:-1", (28, -1)),
        (parse_days_of_month, -1, (-1, -1)),
        (parse_days_of_month, 31, (31, 31)),
        (parse_months, "january:march", (1, 3)),
        (parse_months, "May", (5, 5)),
        (parse_months, "1:3", (1, 3)),
        (parse_months, 12, (12, 12)),
        (parse_years, "2026:2027", (2026, 2027)),
        (parse_years, 2026, (2026, 2026)),
        (parse_every, "1w", 604_800),
        (parse_every, "1d12h", 129_600),
        (parse_every, "12h", 43_200),
        (parse_handoff, "Mon 09:00", Handoff(540, 1)),
        (parse_handoff, "sunday 00:00", Handoff(0, 0)),
        (parse_handoff, "23:59", Handoff(1439)),
        (parse_date, "2026-01-05", date(2026, 1, 5)),
    ],
)
def test_what_is_written_is_understood(
    parse: Callable[[object], Any], value: object, expected: Any
) -> None:
    assert parse(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-24T09:00", "2026-12-24T09:00"),
        ("2026-07-01T09:00", "2026-07-01T08:00"),
        ("2026-07-01 09:00:30", "2026-07-01T08:00:30"),
        ("2026-07-01T09:00Z", "2026-07-01T09:00"),
        ("2026-07-01T09:00-05:00", "2026-07-01T14:00"),
        # The clocks of London skip 01:30 in March, and show it twice in October.
        ("2026-03-29T01:30", "2026-03-29T01:30"),
        ("2026-10-25T01:30", "2026-10-25T00:30"),
    ],
)
def test_a_date_and_time_is_read_on_the_clocks_of_the_zone(text: str, expected: str) -> None:
    assert parse_instant(text, LONDON) == utc(expected)


@pytest.mark.parametrize(
    ("parse", "value", "words"),
    [
        (parse_clock, "9:00", "expected a time from 00:00 to 24:00"),
        (parse_clock, "24:01", "found '24:01'"),
        (parse_clock, 1320, "found 1320"),
        (parse_times, "09:00", "expected times such as 09:00-17:00"),
        (parse_times, {"start_time": "09:00"}, "expected times such as 09:00-17:00"),
        (parse_times, {"start_time": "09:00", "end_time": "17:00", "days": 1}, "expected times"),
        (parse_times, "09:00-09:00", "expected an end after the start, found '09:00-09:00'"),
        (parse_times, "22:00-06:00", "for a night, write 22:00-24:00 and 00:00-06:00"),
        (parse_times, "22:00-00:00", "for a night, write 22:00-24:00"),
        (parse_weekdays, "mon:fri", "expected a weekday such as saturday, or monday:friday"),
        (parse_weekdays, 1, "found 1"),
        (parse_weekdays, "monday:", "found 'monday:'"),
        (parse_weekdays, "monday:friday:sunday", "found 'monday:friday:sunday'"),
        (parse_weekdays, "saturday:sunday", "write two: saturday and sunday"),
        (parse_weekdays, "friday:monday", "write two: friday:saturday and sunday:monday"),
        (parse_days_of_month, "0", "expected a day of the month"),
        (parse_days_of_month, "1:32", "expected a day of the month"),
        (parse_days_of_month, True, "found True"),
        (parse_days_of_month, "-3:5", "expected a first day that is before the last"),
        (parse_days_of_month, "29:-1", "in every month, found '29:-1'"),
        (parse_days_of_month, "5:1", "in every month, found '5:1'"),
        (parse_months, "13", "expected a month such as january or 1"),
        (parse_months, "november:february", "november:december and january:february"),
        (parse_years, "26:x", "expected a year such as 2026"),
        (parse_years, "2027:2026", "expected a first year before the last"),
        (parse_every, "90m", "expected whole weeks, days or hours"),
        (parse_every, "0h", "found '0h'"),
        (parse_every, "53w", "from 1h to 52w"),
        (parse_every, 7, "found 7"),
        (parse_handoff, "Mon", "expected a hand-off such as Mon 09:00, or 09:00, found 'Mon'"),
        (parse_handoff, "Monday", "add the time of day: Monday 09:00"),
        (parse_handoff, "Mon 9:00", "expected a hand-off such as Mon 09:00"),
        (parse_handoff, "Mo 09:00", "expected a hand-off such as Mon 09:00"),
        (parse_handoff, "", "found ''"),
        (parse_handoff, "Mon 24:00", "write 00:00 of the next day"),
        (parse_date, "2026-02-30", "day is out of range for month"),
        (parse_date, "05.01.2026", "expected a date such as 2026-01-05"),
        (parse_date, "1066-10-14", "found '1066-10-14'"),
    ],
)
def test_what_is_not_understood_is_named_with_what_was_expected(
    parse: Callable[[object], Any], value: object, words: str
) -> None:
    with pytest.raises(ValueError, match=r"^expected .*, found ") as caught:
        parse(value)
    assert re.search(re.escape(words), str(caught.value))


@pytest.mark.parametrize("value", ["2026-12-24", "2026-12-24T25:00", "2026-13-01T09:00", 5, "soon"])
def test_a_date_and_time_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a date and a time such as 2026-12-24T09:00"):
        parse_instant(value, LONDON)
