"""Short words for times, spans and counts."""

from datetime import UTC, datetime, tzinfo

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def clock_time(at: float, now: float, zone: tzinfo = UTC) -> str:
    """`14:02 UTC` on the same day, `20 Nov 14:02 UTC` on another."""
    then, today = (datetime.fromtimestamp(moment, zone) for moment in (at, now))
    if then.date() == today.date():
        return f"{then:%H:%M %Z}"
    if then.year == today.year:
        return f"{then:%-d %b %H:%M %Z}"
    return f"{then:%-d %b %Y %H:%M %Z}"


def span(seconds: float) -> str:
    """`40 s`, `12 min`, `4 h 5 min`, `2 d 3 h`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return _two(whole // _DAY, "d", whole % _DAY // _HOUR, "h")


def long_ago(seconds: float) -> str:
    """How long ago something was, in words: `40 min`, `3 days`, `3 weeks`, `5 months`."""
    days = seconds / _DAY
    if days < 2:
        return span(seconds)
    if days < 14:
        return f"{days:.0f} days"
    return f"{days / 7:.0f} weeks" if days < 60 else f"{days / 30.4:.0f} months"


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def iso(at: float | None) -> str | None:
    """RFC 3339 in UTC, to the second."""
    return None if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"
