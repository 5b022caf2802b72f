"""What makes a telephone keep the pages as an app: https://www.w3.org/TR/appmanifest/. Only for
such an app do iPhones and iPads have push messages."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sentinel.web.visit import Web

_SIZES = (192, 512)
_COLOUR = "#0f8a7d"


async def _manifest(request: Request) -> Response:
    """Browsers ask for it without signing in; it says nothing of the installation."""
    web: Web = request.app.state.web
    icons = [(size, web.pages.asset(f"icon-{size}.png")) for size in _SIZES]
    said = {
        "id": "/",
        "name": "Sentinel",
        "short_name": "Sentinel",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": _COLOUR,
        "theme_color": _COLOUR,
        "icons": [
            {"src": url, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size, url in icons
            if url
            for purpose in ("any", "maskable")
        ],
    }
    body = msgspec.json.encode(said)
    headers = {"cache-control": "no-cache"}
    return Response(body, media_type="application/manifest+json", headers=headers)


routes = [Route("/manifest.webmanifest", _manifest)]
