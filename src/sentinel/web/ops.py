"""For whoever watches the daemon: is it alive, can it work, what does it count."""

import ipaddress
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sentinel.web import auth
from sentinel.web.services import Services

_OF_PROXIES = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


async def _healthz(request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _readyz(request: Request) -> Response:
    reason = request.app.state.web.services.unready()
    return PlainTextResponse(f"{reason or 'ready'}\n", 503 if reason else 200)


async def _metrics(request: Request) -> Response:
    services: Services = request.app.state.web.services
    if not _is_direct(request, services) and await auth.user_of_bearer(request, services) is None:
        text = "from elsewhere than this machine, an API token is needed (Authorization: Bearer)\n"
        return PlainTextResponse(text, 401, {"www-authenticate": "Bearer"})
    return Response(
        generate_latest(services.metrics.registry), headers={"content-type": CONTENT_TYPE_LATEST}
    )


def _is_direct(request: Request, services: Services) -> bool:
    """Whether a program on this machine asks on its own behalf. What a proxy passes on comes from
    anywhere, and so does what a browser asks for under a name that somebody made up."""
    if not auth.is_local(request) or any(name in request.headers for name in _OF_PROXIES):
        return False
    own = urlsplit(services.setup.config.public_url).hostname
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    return host in ("localhost", own) or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


routes = [
    Route("/healthz", _healthz),
    Route("/readyz", _readyz),
    Route("/metrics", _metrics),
]
