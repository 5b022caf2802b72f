"""Signing in: by name and password, or the first time by a one-time link."""

import sqlite3

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sentinel.errors import Invalid
from sentinel.store import accounts, audit
from sentinel.store.accounts import User
from sentinel.web import auth
from sentinel.web.passwords import SHORTEST, require_good
from sentinel.web.visit import (
    Visit,
    Web,
    local_path,
    read_form,
    require_own_form,
    signed_in,
)

_LONGEST_TOKEN = 200


async def _sign_in(request: Request) -> Response:
    web: Web = request.app.state.web
    target = local_path(request.query_params.get("next", "/"))
    if await auth.session_of(request, web.services) is not None:
        return RedirectResponse(target, 303)
    return _page(request, "sign_in.html", next=target, name="", refusal="")


async def _check(request: Request) -> Response:
    web: Web = request.app.state.web
    form = await _read(request)
    name, target = form.get("name", "").strip()[:100], local_path(form.get("next", "/"))
    keys = (f"name {name}", f"address {auth.address_of(request)}")
    wait = web.attempts.wait(keys)
    if wait > 0:
        text = f"There were too many attempts. Wait {wait:.0f} s, then try again."
        response = _page(request, "sign_in.html", next=target, name=name, refusal=text, status=429)
        response.headers["retry-after"] = f"{wait:.0f}"
        return response
    # Counted before the check, so that attempts made at the same time count too.
    web.attempts.failed(keys)
    found = await web.services.database.read(lambda conn: accounts.password_of(conn, name))
    hashed = found[1] if found else None
    if not await web.passwords.matches(hashed, form.get("password", "")) or found is None:
        text = "The name or the password is wrong."
        return _page(request, "sign_in.html", next=target, name=name, refusal=text, status=401)
    web.attempts.succeeded(*keys)
    return await _begin(request, found[0], target, "signed in")


async def _welcome(request: Request) -> Response:
    """Only shows the form: programs that look into mails must not use the link up."""
    user = await _user_of_link(request)
    if user is None:
        return _gone(request)
    return _page(request, "welcome.html", user=user, refusal="", shortest=SHORTEST)


async def _choose(request: Request) -> Response:
    web: Web = request.app.state.web
    form = await _read(request)
    user = await _user_of_link(request)
    if user is None:
        return _gone(request)
    password = form.get("password", "")
    try:
        require_good(password, form.get("again", ""))
    except Invalid as error:
        return _page(
            request, "welcome.html", user=user, refusal=str(error), shortest=SHORTEST, status=422
        )
    hashed = await web.passwords.hash(password)
    token, now = request.path_params["token"], web.services.clock.now()
    known = await web.services.database.write(
        lambda conn: accounts.use_link(conn, token, hashed, now)
    )
    if known is None:
        return _gone(request)
    return await _begin(request, known, "/?done=welcome", "set a password")


async def _sign_out(visit: Visit) -> Response:
    token = auth.session_token(visit.request, visit.services)
    if token is not None:
        await visit.change(
            "signed out",
            f"user {visit.user.name}",
            lambda conn: accounts.end_session(conn, token),
        )
    response = RedirectResponse("/sign-in", 303)
    auth.clear_cookie(response, visit.services, "sentinel")
    return response


async def _begin(request: Request, user: User, target: str, action: str) -> Response:
    services = request.app.state.web.services
    agent, now = request.headers.get("user-agent", ""), services.clock.now()

    def start(conn: sqlite3.Connection) -> str:
        audit.note(conn, now, user.name, action, f"user {user.name}")
        return accounts.start_session(conn, user.id, agent, now)

    token = await services.database.write(start)
    response = RedirectResponse(target, 303)
    auth.set_cookie(response, services, "sentinel", token, lasts=accounts.SESSION_LASTS)
    auth.clear_cookie(response, services, "sentinel_form")
    return response


async def _user_of_link(request: Request) -> User | None:
    services = request.app.state.web.services
    token: str = request.path_params["token"]
    if len(token) > _LONGEST_TOKEN:
        return None
    now = services.clock.now()
    found: User | None = await services.database.read(
        lambda conn: accounts.user_of_link(conn, token, now)
    )
    return found


async def _read(request: Request) -> dict[str, str]:
    services = request.app.state.web.services
    expected = request.cookies.get(auth.cookie(services, "sentinel_form"))
    if expected is None:
        raise HTTPException(403, "This form is too old, or cookies are off: go back and reload.")
    form = await read_form(request)
    require_own_form(request, services, expected, form)
    return form


def _page(request: Request, template: str, *, status: int = 200, **values: object) -> Response:
    web: Web = request.app.state.web
    token = auth.form_token(request, web.services)
    response = HTMLResponse(web.pages.render(template, csrf=token, **values), status)
    auth.keep_form_token(response, web.services, token)
    return response


def _gone(request: Request) -> Response:
    return _page(request, "link_gone.html", status=410)


routes = [
    Route("/sign-in", _sign_in, methods=["GET"]),
    Route("/sign-in", _check, methods=["POST"]),
    Route("/sign-out", signed_in(_sign_out), methods=["POST"]),
    Route("/welcome/{token}", _welcome, methods=["GET"]),
    Route("/welcome/{token}", _choose, methods=["POST"]),
]
