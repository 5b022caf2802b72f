"""When a person is left alone: every night, and until the next digest for what is not urgent. By
the clock where the person lives."""

from zoneinfo import ZoneInfo

from msgspec import Struct

from sentinel.engine.intervals import HORIZON, TimeInterval, covered_until, covers, spans

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


class Digest(Struct, frozen=True, kw_only=True):
    """What waits for fixed times of the day, in minutes after midnight, and comes all at once."""

    times: tuple[int, ...]
    zone: ZoneInfo
    severities: frozenset[str] = frozenset({"info"})


def digest_at(digest: Digest, at: float, severity: str) -> float | None:
    """The next time after `at`. None: it does not wait. On a day on which the clock skips a time
    there is no digest at it."""
    if severity not in digest.severities:
        return None
    minutes = (TimeInterval(times=((time, time + 1),), zone=digest.zone) for time in digest.times)
    found = (start for start, _ in spans(minutes, at, at + HORIZON) if start > at)
    return next(found, None)


def _hours(quiet: Quiet) -> TimeInterval:
    if quiet.start < quiet.end:
        return TimeInterval(times=((quiet.start, quiet.end),), zone=quiet.zone)
    return TimeInterval(times=((0, quiet.end), (quiet.start, _MIDNIGHT)), zone=quiet.zone)
