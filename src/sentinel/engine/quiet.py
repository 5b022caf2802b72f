"""A person's quiet hours: every night, by the clock where the person lives."""

from zoneinfo import ZoneInfo

from msgspec import Struct

from sentinel.engine.intervals import TimeInterval, covered_until, covers

_MIDNIGHT = 24 * 60


class Quiet(Struct, frozen=True, kw_only=True):
    """[start, end), in minutes of the day; over midnight where `end` is before `start`.

    `exempt`: the severities that are let through. Hours of the wall clock: 01:00-02:00 is quiet
    both times when the clocks go back over it. Raises ValueError for hours without a start and
    an end that differ: they would be quiet for ever, or never.
    """

    start: int
    end: int
    zone: ZoneInfo
    exempt: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if (self.end - self.start) % _MIDNIGHT == 0:
            start, end = (f"{at // 60:02}:{at % 60:02}" for at in (self.start, self.end))
            raise ValueError(f"expected quiet hours that end within a day, found {start}-{end}")


def quiet_until(quiet: Quiet, at: float, severity: str) -> float | None:
    """The instant at which the quiet ends. None: not quiet at `at`, or not for this severity."""
    if severity in quiet.exempt:
        return None
    hours = (_hours(quiet),)
    return covered_until(hours, at) if covers(hours, at) else None


def _hours(quiet: Quiet) -> TimeInterval:
    if quiet.start < quiet.end:
        return TimeInterval(times=((quiet.start, quiet.end),), zone=quiet.zone)
    return TimeInterval(times=((0, quiet.end), (quiet.start, _MIDNIGHT)), zone=quiet.zone)
