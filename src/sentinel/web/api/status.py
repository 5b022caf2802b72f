"""Links that open the status page of one tenant."""

import sqlite3
from typing import Annotated

from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from sentinel.status import links
from sentinel.store import status
from sentinel.web.api.call import Call, Endpoint
from sentinel.web.status import StatusPages


class NewStatusLink(Struct, frozen=True, forbid_unknown_fields=True):
    """`lasts` is in seconds; without it the link holds until it is taken back."""

    lasts: Annotated[float, Meta(gt=0, le=10 * 365 * 86_400.0)] | None = None


class StatusLink(Struct, frozen=True):
    tenant: str
    url: str
    expires: float | None


class TakenBack(Struct, frozen=True):
    tenant: str


async def _make(call: Call) -> StatusLink:
    tenant, lasts = call.request.path_params["tenant"], call.body.lasts
    if call.config.status_page is None:
        raise HTTPException(400, "found no status page, expected `status_page:` in the main file")
    expires = None if lasts is None else float(int(call.now + lasts) + 1)

    def made(conn: sqlite3.Connection) -> str:
        _require(conn, tenant)
        generation = status.generation(conn, tenant)
        return links.token(call.services.signer, tenant, generation, expires or 0.0)

    token = await call.change("status link made", f"tenant {tenant}", made)
    return StatusLink(tenant, links.address(call.config.public_url, token), expires)


async def _take_back(call: Call) -> TakenBack:
    tenant = call.request.path_params["tenant"]

    def taken_back(conn: sqlite3.Connection) -> None:
        _require(conn, tenant)
        status.take_back(conn, tenant)

    await call.change("status links taken back", f"tenant {tenant}", taken_back)
    pages: StatusPages = call.request.app.state.status
    pages.forget()
    return TakenBack(tenant)


def _require(conn: sqlite3.Connection, tenant: str) -> None:
    """Answers with 404 where nobody has heard of it."""
    if not status.knows_tenant(conn, tenant):
        raise HTTPException(404, "there is no such tenant")


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/tenants/{tenant}/status-link",
        summary="Make a link that opens the status page of a tenant",
        handler=_make,
        body=NewStatusLink,
        reply=StatusLink,
        role="responder",
        status=201,
    ),
    Endpoint(
        method="DELETE",
        path="/tenants/{tenant}/status-link",
        summary="Take back every link to the status page of a tenant",
        handler=_take_back,
        reply=TakenBack,
        role="responder",
    ),
)
