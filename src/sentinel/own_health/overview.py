"""Sentinel's own health as people look at it."""

import sqlite3
from collections.abc import Iterable, Mapping

from msgspec import Struct

from sentinel.config.model import Config
from sentinel.health.patience import OWN
from sentinel.model.signal import State
from sentinel.monitors.overview import schedule_text
from sentinel.outbox.channel import Health
from sentinel.store import components, drills
from sentinel.store.drills import Drill
from sentinel.store.proven import Proven, oldest_due, proven

_MOST_DRILLS = 20


class Beat(Struct, frozen=True, kw_only=True):
    """The heartbeat outwards. `heard` is when a signal last passed through; `took` in seconds."""

    state: State
    heard: float | None
    took: float | None
    message: str


class Planned(Struct, frozen=True, kw_only=True):
    """A fire drill, and the last that was held of it."""

    name: str
    schedule: str
    due: float
    last: Drill | None


class OwnHealth(Struct, frozen=True, kw_only=True):
    """`heartbeat` is None where nobody outside is to hear. `waiting` messages are due, the oldest
    `since` when. `drills` are planned, `held` are the latest ones, newest first."""

    heartbeat: Beat | None
    channels: list[Health]
    waiting: int
    since: float | None
    proven: list[Proven]
    drills: list[Planned]
    held: list[Drill]


def own_health(
    conn: sqlite3.Connection, config: Config, channels: Mapping[str, Health], now: float
) -> OwnHealth:
    waiting, since = oldest_due(conn, now)
    return OwnHealth(
        heartbeat=None if config.heartbeat is None else _beat(conn, now),
        channels=[channels[name] for name in sorted(channels)],
        waiting=waiting,
        since=since,
        proven=deliverable(conn, config),
        drills=planned(conn, config),
        held=drills.listing(conn, _MOST_DRILLS),
    )


def deliverable(conn: sqlite3.Connection, config: Config) -> list[Proven]:
    """Of every way to everybody that the configuration knows, when something last got through."""
    known = proven(conn)
    return [
        known.get((channel, person)) or Proven(channel=channel, person=person)
        for channel, person in _ways(config)
    ]


def planned(conn: sqlite3.Connection, config: Config) -> list[Planned]:
    plans = drills.plans(conn)
    return [
        Planned(
            name=name,
            schedule=schedule_text(drill.schedule),
            due=plans[name].due,
            last=next(iter(drills.listing(conn, 1, name)), None),
        )
        for name, drill in config.fire_drills.items()
        if name in plans
    ]


def _ways(config: Config) -> Iterable[tuple[str, str | None]]:
    for channel in config.channels.values():
        if channel.address is None:
            yield channel.name, None
            continue
        for person in config.people.values():
            if channel.address in person.addresses:
                yield channel.name, person.name


def _beat(conn: sqlite3.Connection, now: float) -> Beat:
    found = components.sources(conn, OWN)
    if not found:
        return Beat(state="unknown", heard=None, took=None, message="it has not beaten yet")
    last = found[0]
    silent = last.until < now
    return Beat(
        state="unknown" if silent else last.status.status,
        heard=last.status.received,
        took=last.status.latency,
        message=last.status.message,
    )
