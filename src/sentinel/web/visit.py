"""One request for a page, by somebody who is signed in."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sentinel.config.model import Config
from sentinel.intelligence.catalog import Catalog
from sentinel.store import audit, inbox
from sentinel.store.accounts import Role, Session, User
from sentinel.store.inbox import Bell
from sentinel.web import auth
from sentinel.web.attempts import Attempts
from sentinel.web.numbers import number_in
from sentinel.web.passwords import Passwords
from sentinel.web.render import Pages
from sentinel.web.services import Services

_T = TypeVar("_T")
_LARGEST_FORM = 65_536
_MOST_FIELDS = 50


class Web(Struct):
    """What the pages share. Lives in the application's state."""

    services: Services
    pages: Pages
    attempts: Attempts
    passwords: Passwords


class Visit:
    """`form` holds the fields of a POST, and is empty otherwise."""

    def __init__(self, request: Request, session: Session, form: dict[str, str]) -> None:
        web: Web = request.app.state.web
        self.web = web
        self.services = web.services
        self.request = request
        self.session = session
        self.form = form
        self.now = web.services.clock.now()

    @property
    def user(self) -> User:
        return self.session.user

    @property
    def config(self) -> Config:
        return self.services.setup.config

    @property
    def catalog(self) -> Catalog:
        return self.services.setup.catalog

    def number(self, name: str) -> int:
        """A number in the path. The router has seen to it that it is one."""
        found: int = self.request.path_params[name]
        return found

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()[:300]

    def page_before(self) -> int | None:
        """The number after which a list goes on."""
        return number_in(self.query("before"))

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self.services.database.read(query)

    async def find(self, query: Callable[[sqlite3.Connection], _T | None], what: str) -> _T:
        """Answers with 404 where the query finds nothing."""
        found = await self.read(query)
        if found is None:
            raise HTTPException(404, f"There is no such {what}, or it has been forgotten.")
        return found

    async def change(
        self,
        action: str,
        object: str,
        change: Callable[[sqlite3.Connection], _T],
        detail: str = "",
    ) -> _T:
        """Change something, and note in the audit trail who did it, in one transaction."""

        def audited(conn: sqlite3.Connection) -> _T:
            result = change(conn)
            audit.note(conn, self.now, self.user.name, action, object, detail)
            return result

        return await self.services.database.write(audited)

    async def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        bell = await self._bell()
        html = self.web.pages.render(
            template,
            me=self.user,
            may_respond=auth.may(self.user, "responder"),
            is_admin=auth.may(self.user, "admin"),
            csrf=self.session.csrf,
            path=self.request.url.path,
            done=self.query("done"),
            bell=bell,
            **values,
        )
        return HTMLResponse(html, status)

    async def _bell(self) -> Bell:
        channels = inbox_channels(self.config)
        seen = self.seen()
        return await self.read(lambda conn: inbox.bell(conn, channels, seen))

    def seen(self) -> int:
        """The newest message that this browser has shown."""
        given = self.request.cookies.get(auth.cookie(self.services, "sentinel_seen"), "")
        return number_in(given) or 0


Handler = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def inbox_channels(config: Config) -> list[str]:
    return [channel.name for channel in config.channels.values() if channel.type == "inapp"]


def signed_in(handler: Handler, role: Role = "viewer") -> Endpoint:
    """Only for users with this role. Every POST must come from one of our own forms."""

    async def endpoint(request: Request) -> Response:
        services: Services = request.app.state.web.services
        session = await auth.session_of(request, services)
        if session is None:
            return RedirectResponse(f"/sign-in?next={quote(_path_of(request), safe='')}", 303)
        if not auth.may(session.user, role):
            raise HTTPException(403, f"This takes the role {role}; you have {session.user.role}.")
        form: dict[str, str] = {}
        if request.method == "POST":
            form = await read_form(request)
            require_own_form(request, services, session.csrf, form)
        return await handler(Visit(request, session, form))

    return endpoint


def require_own_form(
    request: Request, services: Services, token: str, form: dict[str, str]
) -> None:
    """Answers with 403 where somebody else's page may have made the browser send this."""
    given = form.get("csrf") or request.headers.get("x-csrf-token", "")
    if not auth.is_same_origin(request, services) or not auth.is_same(given, token):
        raise HTTPException(403, "This form is too old, or not from here: go back and reload.")


async def read_body(request: Request, most: int = _LARGEST_FORM) -> bytes:
    """Answers with 413 where it is larger."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"The body is larger than {most} bytes.")
    return body


async def read_form(request: Request) -> dict[str, str]:
    body = await read_body(request)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise HTTPException(400, "The form could not be read.") from error


def local_path(given: str) -> str:
    """Where to go after signing in: a path of ours, or home. Browsers read a backslash as a
    slash, and `//host` as another host."""
    is_path = given.startswith("/") and not given.startswith("//")
    return given if is_path and given.isprintable() and "\\" not in given else "/"


def _path_of(request: Request) -> str:
    if request.method != "GET":
        return "/"
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
