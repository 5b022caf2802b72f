"""Who is on call, for people's own calendars: RFC 5545, by the library icalendar.

Times are in UTC, so that no reader has to know our zones. What was fetched twice without a change
is the same byte for byte, and a shift keeps its UID for as long as it stays as it is.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from sentinel.config.model import Config
from sentinel.engine.schedules import Schedule, Shift, shifts
from sentinel.engine.stand_ins import StandIns, overlaid
from sentinel.engine.wallclock import DAY
from sentinel.model.calendar_feed import CalendarFeed

PAST = 30 * 86_400.0
AHEAD = 90 * 86_400.0
"""What a feed holds, in seconds before and after now."""

# A shift that began before is shown from a point that moves only once in four weeks.
_STEP = 28 * 86_400.0
_EVERY = timedelta(hours=1)


def calendar_of(config: Config, feed: CalendarFeed, stand_ins: StandIns, now: float) -> bytes:
    """Of a schedule or a person that there is not any more it is empty."""
    calendar = Calendar()
    calendar.add("prodid", "-//Sentinel//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"On call: {feed.name}")
    calendar.add("refresh-interval", _EVERY, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", _EVERY)
    made = datetime.fromtimestamp(feed.created, UTC)
    for one in config.schedules.values():
        if feed.kind == "schedule" and one.schedule.name != feed.name:
            continue
        for shift in _shifts(overlaid(one.schedule, stand_ins), now):
            if feed.kind == "schedule" or feed.name in shift.people:
                calendar.add_component(_event(one.schedule, shift, feed, made))
    return bytes(calendar.to_ical())


def beginning(now: float) -> float:
    """From when on shifts are looked at."""
    return (now - PAST) // _STEP * _STEP - _STEP


def _shifts(schedule: Schedule, now: float) -> Iterator[Shift]:
    end = (now + AHEAD) // DAY * DAY
    return (one for one in shifts(schedule, beginning(now), end) if one.end > now - PAST)


def _event(schedule: Schedule, shift: Shift, feed: CalendarFeed, made: datetime) -> Event:
    event = Event()
    event.add("uid", f"{_mark(schedule.name, shift)}@sentinel")
    event.add("dtstamp", made)
    event.add("dtstart", datetime.fromtimestamp(shift.start, UTC))
    event.add("dtend", datetime.fromtimestamp(shift.end, UTC))
    event.add("summary", _title(schedule.name, shift, feed))
    # Being on call does not make anybody busy.
    event.add("transp", "TRANSPARENT")
    return event


def _title(schedule: str, shift: Shift, feed: CalendarFeed) -> str:
    if feed.kind == "person":
        return f"On call: {schedule}"
    return f"{', '.join(shift.people) or 'Nobody'} on call ({schedule})"


def _mark(schedule: str, shift: Shift) -> str:
    text = "\0".join((schedule, str(int(shift.start)), *shift.people))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
