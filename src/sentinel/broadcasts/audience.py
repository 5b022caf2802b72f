"""Whom an update concerns, a few at a time."""

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from sentinel.model.broadcast import Broadcast, Phase, Update
from sentinel.model.client import Contact, Subscription
from sentinel.store import broadcasts, clients

Addressee = tuple[Contact, Subscription]

# These are of no use to somebody who heard nothing of what went before.
_FOR_THE_TOLD: tuple[Phase, ...] = (
    "resolved",
    "completed",
    "correction",
    "retraction",
    "postmortem",
)


class Place(Struct, frozen=True):
    """How far the telling of one update has come: first those who heard of the broadcast before,
    then the rest of its audience; `after` is the number of the last subscription."""

    told_before: bool = True
    after: int = 0


def addressees(
    conn: sqlite3.Connection, broadcast: Broadcast, update: Update, place: Place, limit: int
) -> tuple[Sequence[Addressee], Place | None]:
    """The next ones, and where to go on; None at the end."""
    if place.told_before:
        found = broadcasts.told_before(conn, update, place.after, limit)
        if len(found) == limit:
            return found, Place(True, found[-1][1].id)
        if _is_for_the_told(conn, update):
            return found, None
        return found, Place(False, 0)
    found = audience(conn, broadcast, place.after, limit)
    return found, Place(False, found[-1][1].id) if len(found) == limit else None


def audience(
    conn: sqlite3.Connection, broadcast: Broadcast, after: int, limit: int
) -> list[Addressee]:
    """Whom the broadcast concerns as things stand, in the order of their numbers."""
    tenants = _tenants_of(conn, broadcast)
    if tenants == []:
        return []
    components = _components_of(broadcast)
    return clients.audience(conn, tenants, components, broadcast.severity, after, limit)


def size(conn: sqlite3.Connection, broadcast: Broadcast, update: Update) -> int:
    """How many addresses this update would go to now."""
    known = set(broadcasts.numbers_told_before(conn, update))
    tenants = _tenants_of(conn, broadcast)
    if tenants != [] and not _is_for_the_told(conn, update):
        components = _components_of(broadcast)
        known.update(clients.audience_numbers(conn, tenants, components, broadcast.severity))
    return len(known)


def _is_for_the_told(conn: sqlite3.Connection, update: Update) -> bool:
    return update.phase in _FOR_THE_TOLD and broadcasts.was_told(conn, update)


def _tenants_of(conn: sqlite3.Connection, broadcast: Broadcast) -> list[str] | None:
    """None for all of them, and the public."""
    if broadcast.audience != "affected":
        return None
    return broadcasts.tenants_of(conn, broadcast.id) or list(broadcast.tenants)


def _components_of(broadcast: Broadcast) -> Sequence[str]:
    return () if broadcast.audience == "all" else broadcast.components
