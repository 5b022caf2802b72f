"""Home: what is broken now."""

import asyncio
import sqlite3
from typing import Literal

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from sentinel.intelligence.catalog import Catalog, Entry
from sentinel.intelligence.impact import impact_of
from sentinel.model.alert import SEVERITY_RANK, Alert, Incident
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.delivery import Delivery
from sentinel.model.group import Group
from sentinel.model.reach import Reach
from sentinel.model.signal import Status
from sentinel.on_call import duties_of
from sentinel.store import (
    alerts,
    broadcasts,
    components,
    deliveries,
    groups,
    overrides,
    projects,
)
from sentinel.store.reach import reach_of
from sentinel.web.visit import Visit, signed_in

Overall = Literal["healthy", "degraded", "critical"]
FIRST_PROJECT = "default"
_MOST_INCIDENTS = 20
_MOST_ERRORS = 8
_MOST_DELIVERIES = 5
_DAY = 86_400.0


class Open(Struct, frozen=True, kw_only=True):
    """An open incident with what its reader asks: whom it hurts, what it caused, what to do."""

    incident: Incident
    group: Group | None
    hurts: str
    next_step: str
    cascades: list[str]


class Held(Struct, frozen=True, kw_only=True):
    """What clients hear unless somebody stops it."""

    update: Update
    broadcast: Broadcast


class Home(Struct, frozen=True, kw_only=True):
    """`held` is what goes out next first; `drafts` is how many wait for somebody to let them go."""

    overall: Overall
    open: list[Open]
    hidden: int
    errors: list[Group]
    failed: list[Delivery]
    components: list[Status]
    empty: bool
    held: list[Held]
    drafts: int


def load(conn: sqlite3.Connection, catalog: Catalog, now: float) -> Home:
    incidents = _worst_first(alerts.unresolved_incidents(conn))
    found = groups.search(conn, limit=_MOST_ERRORS * 4)
    health = components.latest(conn, now - _DAY)
    waiting = broadcasts.waiting(conn)
    return Home(
        overall=_overall(incidents, health),
        open=[open_incident(conn, one, catalog) for one in incidents[:_MOST_INCIDENTS]],
        hidden=max(0, len(incidents) - _MOST_INCIDENTS),
        errors=[g for g in found if g.status in ("open", "regressed")][:_MOST_ERRORS],
        failed=_failing(conn, now),
        components=health,
        empty=not found,
        held=_held(conn, waiting),
        drafts=sum(one.state == "draft" for one in waiting),
    )


def _held(conn: sqlite3.Connection, waiting: list[Update]) -> list[Held]:
    held = (one for one in waiting if one.state == "held")
    found = ((one, broadcasts.get(conn, one.broadcast)) for one in held)
    return [Held(update=one, broadcast=told) for one, told in found if told is not None]


def open_incident(conn: sqlite3.Connection, incident: Incident, catalog: Catalog) -> Open:
    own = alerts.of_incident(conn, incident.id)
    group = groups.get(conn, incident.group) if incident.group else None
    entry = catalog.get(incident.code)
    return Open(
        incident=incident,
        group=group,
        hurts=_hurts(incident, group, entry, reach_of(conn, incident, own)),
        next_step=_next_step(entry, group),
        cascades=_cascades(incident, own),
    )


def _cascades(incident: Incident, own: list[Alert]) -> list[str]:
    names = (alert.code or alert.rule for alert in own if alert.id != incident.root)
    return [name for name in dict.fromkeys(names) if name != incident.code]


def _hurts(
    incident: Incident, group: Group | None, entry: Entry | None, reach: Reach | None
) -> str:
    if group is not None:
        return impact_of(group, entry, reach=reach).sentence
    return f"{incident.tenant} is affected" if incident.tenant else "No user or tenant is named"


def _next_step(entry: Entry | None, group: Group | None) -> str:
    if entry is not None:
        return entry.fix[0]
    if group is not None:
        return "Open the error and read where in the code it was raised."
    return "Open the incident and see which rule fired, and why."


def _worst_first(incidents: list[Incident]) -> list[Incident]:
    """Those that nobody has yet come before those that somebody has."""
    return sorted(
        incidents, key=lambda one: (one.state != "open", -SEVERITY_RANK[one.severity], -one.opened)
    )


def _overall(incidents: list[Incident], health: list[Status]) -> Overall:
    if any(one.severity == "critical" for one in incidents):
        return "critical"
    troubled = any(status.status in ("degraded", "down") for status in health)
    return "degraded" if troubled or any(i.severity == "warning" for i in incidents) else "healthy"


def _failing(conn: sqlite3.Connection, now: float) -> list[Delivery]:
    """Given up within a day, or tried in vain and to be tried again."""
    failed = deliveries.listing(conn, state="failed", limit=_MOST_DELIVERIES)
    waiting = deliveries.listing(conn, state="pending", limit=50)
    troubled = [one for one in waiting if one.attempts and one.error]
    recent = [one for one in failed if one.created > now - _DAY]
    return sorted([*recent, *troubled], key=lambda one: -one.id)[:_MOST_DELIVERIES]


async def _home(visit: Visit) -> Response:
    now, catalog = visit.now, visit.catalog
    found = await visit.read(lambda conn: load(conn, catalog, now))
    dsn = None
    if found.empty:
        project = await visit.services.database.write(
            lambda conn: projects.ensure(conn, FIRST_PROJECT, now)
        )
        dsn = projects.dsn_of(project, visit.config.public_url)
    lasting = await visit.read(lambda conn: overrides.lasting(conn, now))
    # Looking for the next change can mean to walk through a year of shifts.
    duties = await asyncio.to_thread(duties_of, visit.config, now, lasting)
    return await visit.render(
        "home.html",
        home=found,
        dsn=dsn,
        name_of=components.name_of,
        duties=duties,
        now=now,
        zone=visit.config.timezone.key,
    )


routes = [Route("/", signed_in(_home))]
