"""Zones whose clocks change in different ways, and a naive look at them, minute by minute."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KOLKATA = ZoneInfo("Asia/Kolkata")
APIA = ZoneInfo("Pacific/Apia")
ZONES = [LONDON, NEW_YORK, LORD_HOWE, KOLKATA, APIA]

# When the clocks of a zone change, forth and back. Samoa left out
# 30 December 2011 altogether; in India the clocks never change.
CHANGES = [
    (LONDON, "2026-03-29T01:00"),
    (LONDON, "2026-10-25T01:00"),
    (NEW_YORK, "2026-03-08T07:00"),
    (NEW_YORK, "2026-11-01T06:00"),
    (LORD_HOWE, "2026-04-04T15:00"),
    (LORD_HOWE, "2026-10-03T15:30"),
    (APIA, "2011-12-30T10:00"),
    (APIA, "2012-03-31T14:00"),
    (KOLKATA, "2026-03-29T01:00"),
]


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def at(text: str, zone: ZoneInfo, fold: int = 0) -> float:
    """The instant of a time on the clocks of a zone: "2026-03-29T09:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def clock(zone: ZoneInfo, instant: float) -> datetime:
    """What the clocks of the zone show."""
    return datetime.fromtimestamp(instant, zone).replace(tzinfo=None)


def minutes(start: float, end: float) -> Iterator[float]:
    while start < end:
        yield start
        start += MINUTE
