"""`/status` and below: served from copies in memory, to everybody or by a tenant's link."""

import re
from collections.abc import Container, Mapping

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sentinel.config.model_status import StatusPageConfig
from sentinel.errors import StoreError, Unauthorized
from sentinel.status import links
from sentinel.status.facts import Facts
from sentinel.status.gathering import gather
from sentinel.web.public import PATH, Look, PublicPages, logo_name, subscribe_path, theme
from sentinel.web.services import Services
from sentinel.web.status_copies import Copies, Packed, packed
from sentinel.web.status_site import Document, Links, Site, Surroundings

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_OPEN = "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400"
_ONE = "private, max-age=15"
_FOR_LONG = "public, max-age=31536000, immutable"
_SOON = "5"
_ZERO = re.compile(r"q\s*=\s*0(\.0*)?")


class StatusPages:
    def __init__(self, services: Services, pages: PublicPages) -> None:
        self._services = services
        self._pages = pages
        self._copies = Copies(self._read, self._late, services.clock)

    async def public(self, request: Request) -> Response:
        page = self._page()
        path: str = request.path_params.get("path", "")
        if page is None:
            text = "Whoever runs this service shows no status page here."
            return self._plain("There is no status page", text, 404)
        if request.url.path == f"{PATH}/":
            return RedirectResponse(PATH, 308)
        if (own := _own(page, path)) is not None:
            return _sent(request, packed(own), {"cache-control": _FOR_LONG, **_picture(own)})
        if page.audience != "public":
            text = "This status page opens by a link of your own. Ask whoever runs the service."
            return self._plain("This page needs a link", text, 403)
        return await self._serve(request, "", path)

    async def tenant(self, request: Request) -> Response:
        """By a link, which holds until it runs out or is taken back."""
        token: str = request.path_params["token"]
        path: str = request.path_params.get("path", "")
        services = self._services
        if self._page() is None:
            return await self.public(request)
        try:
            _, generation = links.open_token(services.signer, token, services.clock.now())
            copy = await self._copies.copy(token)
            if copy.site.facts.generation != generation:
                raise Unauthorized("this link was taken back")
        except Unauthorized as error:
            text = f"{str(error).capitalize()}. Ask whoever runs the service for a new one."
            return self._plain("The link opens nothing", text, 403)
        except StoreError as error:
            return self._unavailable(error)
        if request.url.path.endswith(f"{token}/"):
            return RedirectResponse(f"{PATH}/t/{token}", 308)
        return await self._serve(request, token, path)

    def forget(self) -> None:
        """What tenants may see has changed: no copy from before is served any more."""
        self._copies.forget()

    async def _serve(self, request: Request, token: str, path: str) -> Response:
        try:
            copy = await self._copies.copy(token)
        except StoreError as error:
            return self._unavailable(error)
        found = await copy.document(path)
        if found is None and (moved := copy.site.moved(path)) is not None:
            return RedirectResponse(f"{_root(token)}/{moved}", 302)
        if found is None:
            text = "There is nothing at this address, or it is too long ago."
            return self._plain("Nothing here", text, 404)
        return _sent(request, found, _headers(found.document, secret=bool(token)))

    async def _read(self, token: str) -> Site:
        """Raises StoreError."""
        config, page, now = self._services.setup.config, self._page(), self._services.clock.now()
        if page is None:
            raise StoreError("there is no status page any more")
        tenant = links.open_token(self._services.signer, token, now)[0] if token else None
        facts = await self._services.database.read(
            lambda conn: gather(conn, config, page, now, tenant)
        )
        return self._site(page, token, facts)

    def _late(self, token: str, site: Site) -> Site:
        page = self._page()
        return site if page is None else self._site(page, token, site.facts, late=True)

    def _site(
        self, page: StatusPageConfig, token: str, facts: Facts, *, late: bool = False
    ) -> Site:
        config = self._services.setup.config
        root = _root(token)
        look = self._pages.look(config)
        around = Surroundings(
            page=page,
            pages=self._pages,
            look=lambda links: _at_home(look, links),
            root=root,
            address=f"{config.public_url}{root}",
            subscribe=subscribe_path(config, token),
            secret=bool(token),
            late=late,
        )
        return Site(facts, around)

    def _page(self) -> StatusPageConfig | None:
        return self._services.setup.config.status_page

    def _unavailable(self, error: StoreError) -> Response:
        text = f"{str(error).capitalize()}. Please try again in a moment."
        response = self._plain("The status is not known", text, 503)
        response.headers["retry-after"] = _SOON
        return response

    def _plain(self, heading: str, text: str, status: int) -> Response:
        look = self._pages.look(self._services.setup.config)
        html = self._pages.render("public/plain.html", look, heading=heading, text=text)
        return HTMLResponse(html, status, {"content-security-policy": _POLICY})


def _root(token: str) -> str:
    return f"{PATH}/t/{token}" if token else PATH


def _at_home(look: Look, links: Links) -> Look:
    return replace(look, home=links.page(""))


def _own(page: StatusPageConfig, path: str) -> Document | None:
    """The files that come from the configuration, and tell nothing."""
    if path == "theme.css" and page.accent:
        return Document("text/css; charset=utf-8", theme(page))
    if page.logo and path == logo_name(page):
        return Document(page.logo.content_type, page.logo.data)
    return None


def _picture(document: Document) -> Mapping[str, str]:
    is_picture = document.content_type.startswith("image/")
    return {"content-security-policy": _PICTURE} if is_picture else {}


def _headers(document: Document, *, secret: bool) -> dict[str, str]:
    headers = {"cache-control": _ONE if secret else _OPEN}
    if secret:
        # The address itself opens the page.
        headers |= {"referrer-policy": "no-referrer", "x-robots-tag": "noindex"}
    if document.is_page:
        return {**headers, "content-security-policy": _POLICY}
    # Badges, feeds and data are for other people's pages too.
    headers |= {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
    return {**headers, **_picture(document)}


def _sent(request: Request, found: Packed, headers: Mapping[str, str]) -> Response:
    encoding = chosen(request.headers.get("accept-encoding", ""), found.bodies)
    mark = f'"{found.mark}-{encoding}"'
    headers = {**headers, "etag": mark, "vary": "accept-encoding"}
    if _has(request.headers.get("if-none-match", ""), mark):
        return Response(status_code=304, headers=headers)
    if encoding != "identity":
        headers["content-encoding"] = encoding
    headers["content-type"] = found.document.content_type
    return Response(found.bodies[encoding], headers=headers)


def chosen(accepted: str, offered: Container[str]) -> str:
    """The best of the content encodings that are offered, by a request's Accept-Encoding."""
    taken: dict[str, bool] = {}
    for item in accepted.lower().split(","):
        name, _, quality = item.partition(";")
        taken[name.strip()] = not _ZERO.fullmatch(quality.strip())
    best = (name for name in ("br", "gzip") if name in offered and taken.get(name, False))
    return next(best, "identity")


def _has(given: str, mark: str) -> bool:
    marks = {one.strip().removeprefix("W/") for one in given.split(",")}
    return mark in marks or "*" in marks


def routes(found: StatusPages) -> list[Route]:
    return [
        Route(f"{PATH}/t/{{token}}", found.tenant),
        Route(f"{PATH}/t/{{token}}/{{path:path}}", found.tenant),
        Route(PATH, found.public),
        Route(f"{PATH}/{{path:path}}", found.public),
    ]
