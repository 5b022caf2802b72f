"""Monitors: jobs, how their runs went and when the next ones are expected."""

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.monitors import ledger, overview
from sentinel.web.visit import Visit, signed_in


async def _list(visit: Visit) -> Response:
    url = visit.config.public_url
    found = await visit.read(lambda conn: overview.listing(conn, url))
    return await visit.render("monitors.html", monitors=found, now=visit.now)


async def _show(visit: Visit) -> Response:
    number, url = visit.number("id"), visit.config.public_url
    found = await visit.find(lambda conn: overview.get(conn, number, url), "monitor")
    return await visit.render("monitor.html", monitor=found, now=visit.now)


async def _forget(visit: Visit) -> Response:
    number, url = visit.number("id"), visit.config.public_url
    found = await visit.find(lambda conn: overview.get(conn, number, url), "monitor")
    if found.source == "config":
        return RedirectResponse(f"/monitors/{number}?done=monitor-configured", 303)
    await visit.change(
        "monitor forgotten",
        f"monitor {found.name}",
        lambda conn: ledger.forget(conn, number),
    )
    return RedirectResponse("/monitors?done=monitor-forgotten", 303)


routes = [
    Route("/monitors", signed_in(_list)),
    Route("/monitors/{id:number}", signed_in(_show)),
    Route("/monitors/{id:number}/forget", signed_in(_forget, "responder"), methods=["POST"]),
]
