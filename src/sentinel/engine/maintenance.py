"""Maintenance windows: work that was announced, once or recurring. While one is on, the alerts
that it matches are told to nobody, and their escalations wait."""

from msgspec import Struct

from sentinel.engine.broadcast_rules import Announcement
from sentinel.engine.intervals import Interval
from sentinel.engine.matchers import Matchers


class Maintenance(Struct, frozen=True):
    name: str
    matchers: Matchers
    during: tuple[Interval, ...]
    announce: Announcement | None = None
