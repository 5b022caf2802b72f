"""Reads what a status page says, in one look at the store."""

import sqlite3

from sentinel.config.model import Config
from sentinel.config.model_status import StatusPageConfig
from sentinel.health.planned import Announced
from sentinel.status.facts import WINDOWS, Facts
from sentinel.status.parts import DAY, beginnings, overall, part
from sentinel.status.stories import story
from sentinel.store import status

_YEARS = 2 * 365 * DAY


def gather(
    conn: sqlite3.Connection, config: Config, page: StatusPageConfig, now: float, tenant: str | None
) -> Facts:
    """What the public may read, or a tenant."""
    # In one transaction, so that an update and the state that goes with it come together.
    conn.execute("BEGIN")
    try:
        names = {name for one in page.parts for name in one.components}
        since = now - (max(WINDOWS) + 1) * DAY
        courses = status.courses(conn, names, tenant, page.environments, since, now)
        told = status.published(conn, tenant, now - _YEARS)
        moved = status.moved(conn, [broadcast.id for broadcast, _ in told])
        generation = 0 if tenant is None else status.generation(conn, tenant)
    finally:
        conn.execute("ROLLBACK")
    stories = sorted(
        (story(broadcast, updates, page.parts) for broadcast, updates in told),
        key=lambda one: (one.opened, one.id),
        reverse=True,
    )
    probed = frozenset(probe.component for probe in config.probes)
    planned = Announced(config.maintenance, since, now)
    announced = {name: planned.of(name) for name in names}
    days = beginnings(page.zone, page.days, now)
    parts = [part(one, courses, probed, stories, days, now, announced) for one in page.parts]
    return Facts(
        at=now,
        overall=overall(parts, stories, now),
        parts=tuple(parts),
        stories=tuple(stories),
        moved=moved,
        generation=generation,
    )
