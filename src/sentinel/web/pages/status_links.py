"""The links that open the status page of a tenant, as its page in the interface shows them."""

import sqlite3
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.status import links
from sentinel.store import status
from sentinel.web.client_data import may_see
from sentinel.web.status import StatusPages
from sentinel.web.visit import Visit, signed_in


async def status_link(visit: Visit, tenant: str) -> str:
    """Empty where there is no page, or the reader may not pass the link on."""
    if visit.config.status_page is None or not may_see(visit.user):
        return ""
    generation = await visit.read(lambda conn: status.generation(conn, tenant))
    token = links.token(visit.services.signer, tenant, generation)
    return links.address(visit.config.public_url, token)


async def _take_back(visit: Visit) -> Response:
    tenant = visit.form.get("tenant", "")

    def taken_back(conn: sqlite3.Connection) -> None:
        if not status.knows_tenant(conn, tenant):
            raise HTTPException(404, "There is no such tenant.")
        status.take_back(conn, tenant)

    await visit.change("status links taken back", f"tenant {tenant}", taken_back)
    pages: StatusPages = visit.request.app.state.status
    pages.forget()
    query = urlencode({"tenant": tenant, "done": "links-taken-back"})
    return RedirectResponse(f"/clients?{query}", 303)


routes = [
    Route("/clients/links/take-back", signed_in(_take_back, "responder"), methods=["POST"]),
]
