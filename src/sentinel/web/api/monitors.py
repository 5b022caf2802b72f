"""Monitors and their runs."""

from msgspec import Struct
from starlette.exceptions import HTTPException

from sentinel.model.monitor import Run
from sentinel.monitors import ledger, overview
from sentinel.monitors.overview import Overview
from sentinel.store import monitors as store
from sentinel.web.api.call import Call, Endpoint, Listing
from sentinel.web.api.errors import Limit


class RunQuery(Struct, frozen=True, forbid_unknown_fields=True):
    limit: Limit = 50


async def _list(call: Call) -> Listing[Overview]:
    url = call.config.public_url
    return Listing(await call.read(lambda conn: overview.listing(conn, url)))


async def _get(call: Call) -> Overview:
    number, url = call.number, call.config.public_url
    return await call.find(lambda conn: overview.get(conn, number, url), "monitor")


async def _runs(call: Call) -> Listing[Run]:
    number, limit = call.number, call.query.limit
    await call.find(lambda conn: store.get(conn, number), "monitor")
    found = await call.read(lambda conn: store.runs(conn, number, limit))
    return Listing(found[::-1])


async def _forget(call: Call) -> Overview:
    found = await _get(call)
    if found.source == "config":
        raise HTTPException(
            400, f"monitor {found.id}: found one of the configuration; take it out there"
        )
    await call.change(
        "monitor forgotten",
        f"monitor {found.name}",
        lambda conn: ledger.forget(conn, found.id),
    )
    return found


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/monitors",
        summary="Jobs that check in: state, next expected run, latest runs, ping address",
        handler=_list,
        reply=Listing[Overview],
    ),
    Endpoint(
        method="GET",
        path="/monitors/{id:number}",
        summary="One monitor",
        handler=_get,
        reply=Overview,
    ),
    Endpoint(
        method="DELETE",
        path="/monitors/{id:number}",
        summary="Forget a monitor that check-ins made, until its job checks in again",
        handler=_forget,
        reply=Overview,
        role="responder",
    ),
    Endpoint(
        method="GET",
        path="/monitors/{id:number}/runs",
        summary="Its latest runs, newest first",
        handler=_runs,
        query=RunQuery,
        reply=Listing[Run],
    ),
)
