"""The web interface and the HTTP API, as one Starlette application."""

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from sentinel.web import hooks, ops, ping, refusals, stream
from sentinel.web.api.routes import api_routes
from sentinel.web.attempts import Attempts
from sentinel.web.pages import (
    actions,
    alerts,
    changes,
    deliveries,
    error,
    errors,
    health,
    home,
    inbox,
    incidents,
    monitors,
    on_call,
    settings,
    signin,
    silences,
    snapshots,
)
from sentinel.web.passwords import Passwords
from sentinel.web.render import STATIC, Pages
from sentinel.web.security import SecurityHeaders
from sentinel.web.services import Services
from sentinel.web.visit import Web

_PAGES = (
    home,
    snapshots,
    errors,
    error,
    incidents,
    alerts,
    silences,
    health,
    monitors,
    on_call,
    changes,
    actions,
    deliveries,
    inbox,
    settings,
    signin,
)


def create_app(services: Services) -> Starlette:
    """Everything but the receivers, which `IntakeApp` serves in front of this."""
    pages = [route for module in _PAGES for route in module.routes]
    app = Starlette(
        routes=[
            *ops.routes,
            *stream.routes(services),
            *ping.routes(services.clock),
            *hooks.routes(services),
            *api_routes(),
            *pages,
            Mount("/static", _Static(directory=STATIC, check_dir=False)),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers=refusals.HANDLERS,
    )
    app.state.web = Web(
        services=services,
        pages=Pages(services.clock),
        attempts=Attempts(services.clock),
        passwords=Passwords(),
    )
    return app


class _Static(StaticFiles):
    """Built files carry a hash of their contents in their names: they never change."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                headers = MutableHeaders(scope=message)
                headers["cache-control"] = "public, max-age=31536000, immutable"
            await send(message)

        await super().__call__(scope, receive, kept)
