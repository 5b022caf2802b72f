"""Health: the components with their state, uptime and error budgets, the map of what needs what,
and Sentinel's own health."""

import sqlite3
from collections.abc import Iterable

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from sentinel.config.model import Config
from sentinel.health.bars import bars, percent
from sentinel.health.layout import HEIGHT, WIDTH, layout
from sentinel.health.overview import (
    ComponentHealth,
    Health,
    needs_of,
    overview,
)
from sentinel.health.planned import Announced, apart
from sentinel.health.spans import combined
from sentinel.health.sparkline import Sparkline, sparkline
from sentinel.model.alert import Alert
from sentinel.model.uptime import Span
from sentinel.own_health.overview import own_health
from sentinel.store import alerts, latencies, uptime
from sentinel.web.visit import Visit, signed_in

_DAY = 86_400.0
_MOST_SPANS, _MOST_ALERTS, _ALERTS_SEARCHED, _MOST_POINTS = 30, 10, 500, 120


class Detail(Struct, frozen=True, kw_only=True):
    """One component. `spans`, each with whether it was announced maintenance, and `alerts` newest
    first; `beside` are all components."""

    health: ComponentHealth
    beside: dict[str, ComponentHealth]
    spans: list[tuple[Span, bool]]
    alerts: list[Alert]
    latency: Sparkline | None
    probes: list[str]


async def _list(visit: Visit) -> Response:
    found = await _overview(visit)
    return await visit.render(
        "health.html",
        health=found,
        groups=_grouped(found.components),
        titles={one.name: one.title for one in found.components},
        bars=lambda one: bars(one.days, found.at),
        percent=percent,
    )


async def _map(visit: Visit) -> Response:
    found = await _overview(visit)
    by_name = {one.name: one for one in found.components}
    joined = {name: needed for name, needed in needs_of(found.components).items() if needed}
    return await visit.render(
        "health_map.html",
        health=found,
        by_name=by_name,
        titles={one.name: one.title for one in found.components},
        layout=layout(joined),
        width=WIDTH,
        height=HEIGHT,
        alone=[one for one in found.components if not one.depends_on and not one.needed_by],
    )


async def _show(visit: Visit) -> Response:
    name = visit.request.path_params["name"]
    config, now = visit.config, visit.now
    found = await visit.read(lambda conn: load(conn, config, name, now))
    if found is None:
        raise HTTPException(404, f"There is no component {name}, or it has been forgotten.")
    return await visit.render(
        "component.html",
        found=found,
        bars=bars(found.health.days, now),
        percent=percent,
        now=now,
    )


async def _own(visit: Visit) -> Response:
    config, now = visit.config, visit.now
    health = visit.services.outbox.health()
    found = await visit.read(lambda conn: own_health(conn, config, health, now))
    return await visit.render("own_health.html", own=found, channels=health)


async def _overview(visit: Visit) -> Health:
    config, now = visit.config, visit.now
    return await visit.read(lambda conn: overview(conn, config.components, now, config.maintenance))


def load(conn: sqlite3.Connection, config: Config, name: str, now: float) -> Detail | None:
    whole = overview(conn, config.components, now, config.maintenance)
    found = {one.name: one for one in whole.components}
    own = found.get(name)
    if own is None:
        return None
    since = now - 90 * _DAY
    spans = combined(uptime.spans(conn, since, now, name).get(name, []))
    kept, planned = apart(spans, Announced(config.maintenance, since, now).of(name))
    told = [*((span, False) for span in kept), *((span, True) for span in planned)]
    return Detail(
        health=own,
        beside=found,
        spans=sorted(told, key=lambda one: -one[0].began)[:_MOST_SPANS],
        alerts=_alerts_of(conn, name),
        latency=sparkline(latencies.medians(conn, name, now - _DAY, _MOST_POINTS)),
        probes=[probe.name for probe in config.probes if probe.component == name],
    )


def _alerts_of(conn: sqlite3.Connection, name: str) -> list[Alert]:
    recent = alerts.search(conn, limit=_ALERTS_SEARCHED)
    own = [one for one in recent if name in (one.key.get("component"), one.about.get("component"))]
    return own[:_MOST_ALERTS]


def _grouped(found: Iterable[ComponentHealth]) -> list[tuple[str, list[ComponentHealth]]]:
    """The groups in the order of their first components."""
    groups: dict[str, list[ComponentHealth]] = {}
    for one in found:
        groups.setdefault(one.group, []).append(one)
    return list(groups.items())


routes = [
    Route("/health", signed_in(_list)),
    Route("/health/map", signed_in(_map)),
    Route("/health/sentinel", signed_in(_own)),
    Route("/health/components/{name:path}", signed_in(_show)),
]
