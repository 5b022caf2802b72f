"""What clients were told, or are to be, taken from the store to be looked at again: as somebody
reads it whom there is not, so that no real client's links and address are shown."""

import sqlite3

from msgspec import Struct

from sentinel.config.suggest import one_of
from sentinel.errors import Invalid
from sentinel.model.broadcast import Broadcast, Update
from sentinel.store import broadcasts


class StoredUpdate(Struct, frozen=True):
    broadcast: Broadcast
    update: Update


def stored_update(
    conn: sqlite3.Connection, *, broadcast: int | None, incident: int | None, phase: str
) -> StoredUpdate:
    """The latest update of this broadcast, or of the latest about this incident; with a phase, the
    latest of that. Raises Invalid for what there is not."""
    found = _broadcast(conn, broadcast, incident)
    said = broadcasts.updates_of(conn, found.id)
    if not said:
        raise Invalid(f"nothing has been written in broadcast {found.id} yet")
    fitting = [one for one in said if phase in ("", one.phase)]
    if not fitting:
        known = dict.fromkeys(one.phase for one in said)
        raise Invalid(f"found {phase!r}, expected what broadcast {found.id} has: {one_of(known)}")
    # What was stopped is shown only where there is nothing else.
    return StoredUpdate(found, max(fitting, key=lambda one: (one.state != "vetoed", one.id)))


def _broadcast(conn: sqlite3.Connection, broadcast: int | None, incident: int | None) -> Broadcast:
    if broadcast is not None:
        found = broadcasts.get(conn, broadcast)
        if found is None:
            raise Invalid(f"there is no broadcast {broadcast}, or it has been forgotten")
        return found
    about = broadcasts.of_incident(conn, incident or 0)
    if not about:
        raise Invalid(f"no broadcast is about incident {incident}: clients were told nothing of it")
    return about[-1]
