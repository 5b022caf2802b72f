"""Components, and Sentinel's own health."""

from msgspec import Struct
from starlette.exceptions import HTTPException

from sentinel.health.overview import ComponentHealth, Health, component, overview
from sentinel.model.signal import State
from sentinel.model.snapshot import Overall
from sentinel.own_health.overview import OwnHealth, deliverable, own_health
from sentinel.store import drills
from sentinel.store.drills import Drill
from sentinel.store.proven import Proven
from sentinel.web.api.call import Call, Endpoint, Listing
from sentinel.web.api.errors import Limit


class ComponentLine(Struct, frozen=True, kw_only=True):
    name: str
    state: State
    since: float | None
    message: str


class HealthSummary(Struct, frozen=True, kw_only=True):
    at: float
    overall: Overall
    components: list[ComponentLine]


class DrillQuery(Struct, frozen=True, forbid_unknown_fields=True):
    name: str | None = None
    limit: Limit = 50


class Asked(Struct, frozen=True):
    asked: str


async def _health(call: Call) -> HealthSummary:
    found = await _overview(call)
    return HealthSummary(
        at=found.at,
        overall=found.overall,
        components=[
            ComponentLine(name=one.name, state=one.state, since=one.since, message=one.message)
            for one in found.components
        ],
    )


async def _components(call: Call) -> Listing[ComponentHealth]:
    found = await _overview(call)
    return Listing(found.components)


async def _overview(call: Call) -> Health:
    config, now = call.config, call.now
    return await call.read(lambda conn: overview(conn, config.components, now, config.maintenance))


async def _component(call: Call) -> ComponentHealth:
    config, now = call.config, call.now
    name = call.request.path_params["component"]
    return await call.find(
        lambda conn: component(conn, config.components, name, now, config.maintenance), "component"
    )


async def _own(call: Call) -> OwnHealth:
    config, now, channels = call.config, call.now, call.services.outbox.health()
    return await call.read(lambda conn: own_health(conn, config, channels, now))


async def _proven(call: Call) -> Listing[Proven]:
    config = call.config
    return Listing(await call.read(lambda conn: deliverable(conn, config)))


async def _drills(call: Call) -> Listing[Drill]:
    query: DrillQuery = call.query
    return Listing(await call.read(lambda conn: drills.listing(conn, query.limit, query.name)))


async def _drill(call: Call) -> Asked:
    name, now, actor = call.request.path_params["name"], call.now, call.user.name
    if name not in call.config.fire_drills:
        raise HTTPException(404, f"there is no fire drill {name}")
    await call.change("fire drill asked for", name, lambda conn: drills.ask(conn, name, actor, now))
    return Asked(name)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/health",
        summary="Overall, and the state of each component",
        handler=_health,
        reply=HealthSummary,
    ),
    Endpoint(
        method="GET",
        path="/health/sentinel",
        summary="Sentinel's own health: heartbeat, channels, proven deliveries, fire drills",
        handler=_own,
        reply=OwnHealth,
    ),
    Endpoint(
        method="GET",
        path="/components",
        summary="Components with uptime, error budget, dependencies and 90 days",
        handler=_components,
        reply=Listing[ComponentHealth],
    ),
    Endpoint(
        method="GET",
        path="/components/{component:path}",
        summary="One component",
        handler=_component,
        reply=ComponentHealth,
    ),
    Endpoint(
        method="GET",
        path="/deliveries/proven",
        summary="When something last got through, over each channel and to each person",
        handler=_proven,
        reply=Listing[Proven],
    ),
    Endpoint(
        method="GET",
        path="/drills",
        summary="Fire drills that were held, newest first",
        handler=_drills,
        query=DrillQuery,
        reply=Listing[Drill],
    ),
    Endpoint(
        method="POST",
        path="/drills/{name}",
        summary="Hold a fire drill of the configuration now",
        handler=_drill,
        reply=Asked,
        role="responder",
        status=202,
    ),
)
