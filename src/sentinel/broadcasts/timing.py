"""When a client hears of something: at once, after quiet hours, or with the day's digest."""

from zoneinfo import ZoneInfo

from sentinel.engine.quiet import Digest, Quiet, digest_at, quiet_until
from sentinel.model.alert import AlertSeverity
from sentinel.model.client import Contact


def due_for(contact: Contact, severity: AlertSeverity, now: float) -> float:
    """The time from which it may be sent. What is critical never waits."""
    if severity == "critical":
        return now
    zone = _zone_of(contact)
    due = now
    if contact.digest is not None:
        digest = Digest(times=(contact.digest,), zone=zone, severities=frozenset({severity}))
        due = digest_at(digest, now, severity) or now
    quiet = contact.quiet
    # Hours without a length are none.
    if quiet is not None and quiet.start != quiet.end:
        hours = Quiet(start=quiet.start, end=quiet.end, zone=zone)
        due = quiet_until(hours, due, severity) or due
    return due


def _zone_of(contact: Contact) -> ZoneInfo:
    try:
        return ZoneInfo(contact.timezone)
    except (KeyError, ValueError, OSError):
        # The system may have forgotten a zone that it knew when it was chosen.
        return ZoneInfo("UTC")
