"""When runs are expected, above all where the clocks change."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.model.monitor import Cron, Every
from sentinel.monitors.schedule import after, parse_cron
from tests.effort import examples


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(times: Sequence[float]) -> list[str]:
    return [f"{datetime.fromtimestamp(one, UTC):%d %H:%M}" for one in times]


def next_runs(expression: str, zone: str, start: str, number: int) -> list[str]:
    cron, times, now = parse_cron(expression, zone), [], at(start)
    for _ in range(number):
        now = after(cron, now)
        times.append(now)
    return shown(times)


@pytest.mark.parametrize(
    ("expression", "zone", "start", "expected"),
    [
        # London, 29 March 2026: from 01:00 GMT straight to 02:00 BST.
        ("30 1 * * *", "Europe/London", "2026-03-27 12:00", ["28 01:30", "29 01:00", "30 00:30"]),
        ("0 1 * * *", "Europe/London", "2026-03-28 12:00", ["29 01:00", "30 00:00"]),
        ("15,45 1 * * *", "Europe/London", "2026-03-28 12:00", ["29 01:00", "30 00:15"]),
        ("0 9 * * *", "Europe/London", "2026-03-28 12:00", ["29 08:00", "30 08:00"]),
        ("0 * * * *", "Europe/London", "2026-03-29 00:00", ["29 01:00", "29 02:00"]),
        ("30 * * * *", "Europe/London", "2026-03-29 00:00", ["29 00:30", "29 01:30"]),
        ("0 */2 * * *", "Europe/London", "2026-03-29 00:00", ["29 01:00", "29 03:00"]),
        # London, 25 October 2026: 01:00 to 02:00 is shown twice.
        ("30 1 * * *", "Europe/London", "2026-10-24 12:00", ["25 00:30", "26 01:30"]),
        ("0 * * * *", "Europe/London", "2026-10-24 23:30", ["25 00:00", "25 01:00", "25 02:00"]),
        ("*/30 1 * * *", "Europe/London", "2026-10-24 12:00", ["25 00:00", "25 00:30", "25 01:00"]),
        ("0 */2 * * *", "Europe/London", "2026-10-24 23:30", ["25 02:00", "25 04:00"]),
        # New York, 8 March 2026: from 02:00 EST straight to 03:00 EDT.
        ("30 2 * * *", "America/New_York", "2026-03-07 12:00", ["08 07:00", "09 06:30"]),
        ("0 3 * * *", "America/New_York", "2026-03-07 12:00", ["08 07:00", "09 07:00"]),
        ("*/20 * * * *", "America/New_York", "2026-03-08 06:40", ["08 07:00", "08 07:20"]),
        # New York, 1 November 2026: 01:00 to 02:00 is shown twice.
        ("30 1 * * *", "America/New_York", "2026-10-31 12:00", ["01 05:30", "02 06:30"]),
        ("30 * * * *", "America/New_York", "2026-11-01 05:00", ["01 05:30", "01 06:30"]),
        # By a zone without changes, and over the end of a month.
        ("0 0 1 * *", "UTC", "2026-01-31 12:00", ["01 00:00", "01 00:00"]),
        ("0 6 * * 1-5", "Asia/Kolkata", "2026-01-02 12:00", ["05 00:30", "06 00:30"]),
    ],
)
def test_runs_follow_the_clocks_of_the_zone_as_cron_does(
    expression: str, zone: str, start: str, expected: list[str]
) -> None:
    assert next_runs(expression, zone, start, len(expected)) == expected


def test_an_interval_counts_from_when_it_is_asked() -> None:
    assert after(Every(3600.0), 1_000.5) == 4600.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [("@daily", "0 0 * * *"), (" 5  4 * * SUN ", "5 4 * * sun"), ("@Hourly", "0 * * * *")],
)
def test_expressions_are_read_in_their_usual_forms(text: str, expected: str) -> None:
    assert parse_cron(text, "UTC") == Cron(expected, "UTC")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("* * * *", ""),
        ("0 0 3 * * *", "six fields"),
        ("61 * * * *", "out of range"),
        ("H 3 * * *", "write the minute or hour out"),
        ("0 0,R * * *", "write the minute or hour out"),
        ("0 0 30 2 *", "failed to find next date"),
        ("@reboot", ""),
        ("", ""),
        ("0 0 * * * ; rm", ""),
    ],
)
def test_what_is_no_expression_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match="expected five fields of cron") as refused:
        parse_cron(text, "UTC")
    assert hint in str(refused.value)
    assert repr(text) in str(refused.value)


fields = st.tuples(
    st.sampled_from(["*", "*/15", "0", "30", "10,50"]),
    st.sampled_from(["*", "*/3", "1", "2", "0-3", "13"]),
).map(lambda parts: f"{parts[0]} {parts[1]} * * *")
changes = st.sampled_from(["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-06-01"])


@settings(max_examples=examples(60), deadline=None)
@given(
    fields,
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    changes,
    st.integers(-18 * 60, 18 * 60),
)
def test_no_run_is_passed_over_or_made_up(
    expression: str, zone: str, day: str, minute: int
) -> None:
    """Against looking at each minute of the wall's clock, one after the other."""
    start = at(f"{day} 00:00") + minute * 60
    cron = parse_cron(expression, zone)
    found = after(cron, start)
    minutes = [start + 60 * step for step in range(1, 50 * 60)]
    met = [one for one in minutes if _matches(expression, zone, one)]
    if expression[0] == "*" or expression.split()[1][0] == "*":
        assert found == met[0]
        return
    first_time = [one for one in met if not _is_second(zone, one)]
    # Earlier than all of them only where the clocks skip a time that it names.
    assert found <= first_time[0]
    if found < first_time[0]:
        before, then = (_on_wall(zone, one) for one in (found - 60, found))
        assert then - before > timedelta(minutes=1)


def _on_wall(zone: str, moment: float) -> datetime:
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).replace(tzinfo=None)


def _is_second(zone: str, moment: float) -> bool:
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).fold == 1


def _matches(expression: str, zone: str, moment: float) -> bool:
    wall = _on_wall(zone, moment)
    minute, hour, *_ = expression.split()
    return _holds(minute, wall.minute) and _holds(hour, wall.hour)


def _holds(field: str, value: int) -> bool:
    if field.startswith("*"):
        return value % int(field[2:] or 1) == 0
    if "-" in field:
        low, high = map(int, field.split("-"))
        return low <= value <= high
    return value in map(int, field.split(","))
