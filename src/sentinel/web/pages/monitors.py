"""Monitors: jobs, how their runs went and when the next ones are expected."""

from starlette.responses import Response
from starlette.routing import Route

from sentinel.monitors import overview
from sentinel.web.visit import Visit, signed_in


async def _list(visit: Visit) -> Response:
    url = visit.config.public_url
    found = await visit.read(lambda conn: overview.listing(conn, url))
    return await visit.render("monitors.html", monitors=found, now=visit.now)


async def _show(visit: Visit) -> Response:
    number, url = visit.number("id"), visit.config.public_url
    found = await visit.find(lambda conn: overview.get(conn, number, url), "monitor")
    return await visit.render("monitor.html", monitor=found, now=visit.now)


routes = [
    Route("/monitors", signed_in(_list)),
    Route("/monitors/{id:number}", signed_in(_show)),
]
