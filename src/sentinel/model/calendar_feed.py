"""Calendar feeds: addresses under which a calendar program finds who is on call."""

from typing import Literal

from msgspec import Struct

FeedKind = Literal["schedule", "person"]


class CalendarFeed(Struct, frozen=True, kw_only=True):
    """Of the shifts of one schedule, or of one person in all schedules. `user` is who made it: its
    address opens it to whoever knows that, until it is taken back or the user is removed."""

    id: int
    kind: FeedKind
    name: str
    user: str
    created: float
