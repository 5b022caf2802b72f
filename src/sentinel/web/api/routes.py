"""The API under /api/v1: served, and described, from one table."""

from itertools import groupby
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sentinel.store.accounts import User
from sentinel.web import auth
from sentinel.web.api import (
    actions,
    broadcasts,
    changes,
    clients,
    deliveries,
    errors,
    explanations,
    handling,
    health,
    incidents,
    installation,
    monitors,
    on_call,
    silences,
    snapshots,
    status,
    templates,
)
from sentinel.web.api.call import Call, Endpoint, convert_query
from sentinel.web.api.openapi import BASE, describe
from sentinel.web.services import Services
from sentinel.web.visit import read_body

ENDPOINTS: tuple[Endpoint, ...] = (
    *errors.ENDPOINTS,
    *incidents.ENDPOINTS,
    *handling.ENDPOINTS,
    *explanations.ENDPOINTS,
    *silences.ENDPOINTS,
    *broadcasts.ENDPOINTS,
    *health.ENDPOINTS,
    *snapshots.ENDPOINTS,
    *on_call.ENDPOINTS,
    *actions.ENDPOINTS,
    *deliveries.ENDPOINTS,
    *clients.ENDPOINTS,
    *changes.ENDPOINTS,
    *monitors.ENDPOINTS,
    *status.ENDPOINTS,
    *templates.ENDPOINTS,
    *installation.ENDPOINTS,
)
_JSON = {"content-type": "application/json"}


def api_routes() -> list[Route]:
    by_path = sorted(ENDPOINTS, key=lambda endpoint: endpoint.path)
    return [
        Route(f"{BASE}/openapi.json", _description),
        *(
            _route(path, {endpoint.method: endpoint for endpoint in found})
            for path, found in groupby(by_path, lambda endpoint: endpoint.path)
        ),
    ]


def _route(path: str, endpoints: dict[Any, Endpoint]) -> Route:
    async def serve(request: Request) -> Response:
        # Starlette answers HEAD wherever it answers GET.
        method = "GET" if request.method == "HEAD" else request.method
        return await _serve(endpoints[method], request)

    return Route(f"{BASE}{path}", serve, methods=list(endpoints))


async def _serve(endpoint: Endpoint, request: Request) -> Response:
    services: Services = request.app.state.web.services
    user = await _user(request, services, is_write=endpoint.method != "GET")
    if not auth.may(user, endpoint.role):
        raise HTTPException(403, f"this takes the role {endpoint.role}, you have {user.role}")
    query = convert_query(request, endpoint.query)
    body = await _body(endpoint, request)
    reply = await endpoint.handler(Call(request, services, user, query, body))
    if isinstance(reply, Response):
        return reply
    return Response(msgspec.json.encode(reply), endpoint.status, _JSON)


async def _user(request: Request, services: Services, *, is_write: bool) -> User:
    """By API token, or by the session of the web interface; that one proves for each change that
    it comes from there. Answers with 401 or 403."""
    if "authorization" in request.headers:
        user = await auth.user_of_bearer(request, services)
        if user is None:
            raise _unauthorized("the API token is not known: make one under Settings, API tokens")
        return user
    session = await auth.session_of(request, services)
    if session is None:
        raise _unauthorized("no API token found, expected one in Authorization: Bearer")
    if is_write:
        given = request.headers.get("x-csrf-token", "")
        if not auth.is_same_origin(request, services) or not auth.is_same(given, session.csrf):
            raise HTTPException(403, "with a session, X-CSRF-Token must hold the session's token")
    return session.user


def _unauthorized(text: str) -> HTTPException:
    return HTTPException(401, text, {"www-authenticate": "Bearer"})


async def _body(endpoint: Endpoint, request: Request) -> Any:
    if endpoint.body is None:
        return None
    # Where every key may be left out, so may the whole.
    given = await read_body(request, endpoint.largest) or b"{}"
    try:
        return msgspec.json.decode(given, type=endpoint.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(400, f"body: {error}") from error


async def _description(request: Request) -> Response:
    """Open to all: it says nothing of this installation but its address."""
    url = request.app.state.web.services.setup.config.public_url
    return Response(msgspec.json.encode(describe(ENDPOINTS, url)), headers=_JSON)
