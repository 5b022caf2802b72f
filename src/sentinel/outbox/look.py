"""What a lane sees when it looks into the store, and what of it may start now."""

import sqlite3

import structlog
from msgspec import Struct
from msgspec.structs import replace

from sentinel.errors import StoreError
from sentinel.model.delivery import Delivery, Message
from sentinel.outbox.channel import Channel
from sentinel.outbox.crowd import Crowd, thin_out
from sentinel.outbox.plain import plain_message
from sentinel.outbox.tools import Tools
from sentinel.store import deliveries, sending

_log = structlog.get_logger("sentinel.outbox")
_MOST = 100


class Room(Struct, frozen=True):
    """How many may start now, and how many of them may be other than critical pages.

    `untried_only` is for a paused channel: only a page that has not been tried at all.
    """

    total: int
    bulk: int
    untried_only: bool = False


class Ready(Struct, frozen=True):
    """A delivery with what to send; `packed` is that as it is yet to be stored."""

    delivery: Delivery
    message: Message
    packed: bytes | None = None


class View(Struct, frozen=True):
    """`waiting` says that more is due than there is room for. `divert` are the pages that need
    another channel too, `crowd` is what is not to be sent as it stands. Times are seconds since
    1970 UTC."""

    ready: list[Ready]
    crowd: Crowd
    waiting: bool
    divert: list[Delivery]
    next_due: float | None
    next_divert: float | None


def look(
    conn: sqlite3.Connection, channel: Channel, room: Room, failing_for: float, tools: Tools
) -> View:
    """Runs on a reader thread, where new messages are rendered too."""
    now = tools.clock.now()
    found = sending.due(conn, channel.name, now, _MOST)
    chosen = admitted(found, room)
    crowd = thin_out(conn, channel, chosen, now, tools.policy, works=failing_for == 0.0)
    chosen = [one for one in chosen if one.id not in crowd.ids]
    divert, next_divert = _pages_in_need(conn, channel, failing_for, now, tools)
    return View(
        [_ready(conn, delivery, tools) for delivery in chosen],
        crowd,
        len(found) > len(chosen),
        divert,
        sending.next_due(conn, channel.name, now),
        next_divert,
    )


def admitted(found: list[Delivery], room: Room) -> list[Delivery]:
    """The first of these for which there is room."""
    chosen: list[Delivery] = []
    bulk = 0
    for delivery in found:
        if len(chosen) >= room.total:
            break
        page = delivery.is_page
        if room.untried_only and not (page and delivery.attempts == 0):
            continue
        if not page:
            if bulk >= room.bulk:
                continue
            bulk += 1
        chosen.append(delivery)
    return chosen


def _pages_in_need(
    conn: sqlite3.Connection, channel: Channel, failing_for: float, now: float, tools: Tools
) -> tuple[list[Delivery], float | None]:
    if channel.fallback is None:
        return [], None
    patience = tools.policy.divert_after
    pages = sending.pages_to_divert(
        conn, channel.name, now - patience, untried=failing_for >= patience
    )
    reachable = [page for page in pages if tools.has_taker(page)][:_MOST]
    since = sending.next_divert(conn, channel.name, now - patience)
    moments = [] if since is None else [since + patience]
    if 0 < failing_for < patience:
        moments.append(now + patience - failing_for)
    return reachable, min(moments, default=None)


def _ready(conn: sqlite3.Connection, delivery: Delivery, tools: Tools) -> Ready:
    ready = _composed(conn, delivery, tools)
    # Never stored: what was put together before the first one was out must find it, too.
    previous = deliveries.first_reference(conn, delivery)
    return replace(ready, message=replace(ready.message, previous=previous)) if previous else ready


def _composed(conn: sqlite3.Connection, delivery: Delivery, tools: Tools) -> Ready:
    try:
        stored = deliveries.message(conn, delivery.id)
        if stored is not None:
            return Ready(delivery, stored)
        fresh = tools.compose(conn, delivery)
        return Ready(delivery, fresh, deliveries.pack(fresh))
    except (StoreError, sqlite3.OperationalError):
        raise
    except Exception:  # noqa: BLE001 - a bare page is worth more than a fine one that never comes
        _log.exception("compose_failed", delivery=delivery.id)
        plain = plain_message(delivery)
        return Ready(delivery, plain, deliveries.pack(plain))
