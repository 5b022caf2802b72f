from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine.quiet import Quiet, quiet_until
from tests.effort import examples
from tests.engine.wall import CHANGES, DAY, LONDON, at, clock, minutes, utc

NIGHT = Quiet(start=22 * 60, end=7 * 60, zone=LONDON, exempt=frozenset({"critical"}))
SIESTA = Quiet(start=13 * 60, end=15 * 60, zone=LONDON)
EVENING = Quiet(start=22 * 60, end=24 * 60, zone=LONDON)


@pytest.mark.parametrize(
    ("quiet", "moment", "until"),
    [
        (NIGHT, "2026-07-01T21:59", None),
        (NIGHT, "2026-07-01T22:00", "2026-07-02T07:00"),
        (NIGHT, "2026-07-01T03:00", "2026-07-01T07:00"),
        (NIGHT, "2026-07-01T07:00", None),
        (SIESTA, "2026-07-01T12:59", None),
        (SIESTA, "2026-07-01T14:00", "2026-07-01T15:00"),
        (SIESTA, "2026-07-01T15:00", None),
        (EVENING, "2026-07-01T23:59", "2026-07-02T00:00"),
        (EVENING, "2026-07-02T00:00", None),
        # The clocks change in the night: it ends at seven all the same.
        (NIGHT, "2026-03-28T23:00", "2026-03-29T07:00"),
        (NIGHT, "2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_quiet_ends_when_the_hours_do(quiet: Quiet, moment: str, until: str | None) -> None:
    expected = until and at(until, LONDON)
    assert quiet_until(quiet, at(moment, LONDON), "warning") == expected


def test_an_exempt_severity_is_let_through() -> None:
    assert quiet_until(NIGHT, at("2026-07-01T23:00", LONDON), "critical") is None


def test_an_end_that_the_clocks_skip_is_when_they_skip_it() -> None:
    quiet = Quiet(start=22 * 60, end=90, zone=LONDON)
    assert quiet_until(quiet, at("2026-03-28T23:00", LONDON), "info") == utc("2026-03-29T01:00")


@pytest.mark.parametrize(("start", "end"), [(600, 600), (0, 1440), (1440, 0)])
def test_hours_that_never_end_are_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="expected quiet hours that end within a day, found"):
        Quiet(start=start, end=end, zone=LONDON)


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from(CHANGES), st.integers(0, 1439), st.integers(0, 1440))
def test_each_minute_is_quiet_as_the_clock_on_the_wall_says(
    change: tuple[ZoneInfo, str], start: int, end: int
) -> None:
    zone, moment = change
    if (end - start) % 1440 == 0:
        return
    quiet = Quiet(start=start, end=end, zone=zone)
    first, last = utc(moment) - DAY, utc(moment) + DAY
    # Backwards, so that the end of the quiet is known before the quiet is.
    over: float | None = None
    for now in sorted(minutes(first, last), reverse=True):
        wall = clock(zone, now)
        of_day = wall.hour * 60 + wall.minute
        expected = start <= of_day < end if start < end else of_day >= start or of_day < end
        if not expected:
            over = now
            assert quiet_until(quiet, now, "info") is None
        elif over is not None:
            assert quiet_until(quiet, now, "info") == over
