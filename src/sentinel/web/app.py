"""The web interface and the HTTP API, as one Starlette application."""

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from sentinel.web import (
    calendar_feed,
    home_screen,
    hooks,
    links,
    manage,
    ops,
    ping,
    refusals,
    status,
    stream,
    subscribe,
)
from sentinel.web.api.routes import api_routes
from sentinel.web.attempts import Attempts
from sentinel.web.pages import (
    actions,
    alerts,
    broadcasts,
    calendar,
    changes,
    client_files,
    clients,
    deliveries,
    devices,
    error,
    errors,
    escalations,
    handling,
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
    status_links,
    templates,
)
from sentinel.web.passwords import Passwords
from sentinel.web.public import PublicPages
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
    handling,
    alerts,
    silences,
    broadcasts,
    health,
    monitors,
    on_call,
    calendar,
    escalations,
    changes,
    actions,
    deliveries,
    client_files,
    clients,
    status_links,
    inbox,
    settings,
    templates,
    devices,
    signin,
)


def create_app(services: Services) -> Starlette:
    """Everything but the receivers, which `IntakeApp` serves in front of this."""
    pages = [route for module in _PAGES for route in module.routes]
    public = PublicPages()
    status_pages = status.StatusPages(services, public)
    app = Starlette(
        routes=[
            *ops.routes,
            *stream.routes(services),
            *ping.routes(services.clock),
            *calendar_feed.routes,
            *home_screen.routes,
            *hooks.routes(services),
            *links.routes(services, public),
            *subscribe.routes,
            *manage.routes,
            *api_routes(),
            *status.routes(status_pages),
            *pages,
            Mount("/static", _Static(directory=STATIC, check_dir=False)),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers=refusals.HANDLERS,
    )
    app.state.public = public
    app.state.status = status_pages
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
