"""Who is asking: the session behind the cookie, the user behind an API token."""

import ipaddress
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from sentinel.store import accounts
from sentinel.store.accounts import Role, Session, User
from sentinel.web.services import Services

_RANK: dict[Role, int] = {"viewer": 0, "responder": 1, "admin": 2}
_LONGEST_TOKEN = 200
_FORM_LASTS = 3600


def may(user: User, role: Role) -> bool:
    """Whether the user's role includes this one."""
    return _RANK[user.role] >= _RANK[role]


def is_secure(services: Services) -> bool:
    return services.setup.config.public_url.startswith("https:")


def cookie(services: Services, name: str) -> str:
    """The cookie's name. With `__Host-`, no other host of the domain can set it."""
    return f"__Host-{name}" if is_secure(services) else name


def set_cookie(
    response: Response, services: Services, name: str, value: str, *, lasts: float
) -> None:
    response.set_cookie(
        cookie(services, name),
        value,
        max_age=int(lasts),
        path="/",
        secure=is_secure(services),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, services: Services, name: str) -> None:
    response.delete_cookie(
        cookie(services, name), path="/", secure=is_secure(services), httponly=True, samesite="lax"
    )


def session_token(request: Request, services: Services) -> str | None:
    token = request.cookies.get(cookie(services, "sentinel"))
    return token if token and len(token) <= _LONGEST_TOKEN else None


async def session_of(request: Request, services: Services) -> Session | None:
    """The session of the request's cookie, kept alive by its use."""
    token = session_token(request, services)
    if token is None:
        return None
    now = services.clock.now()
    found = await services.database.read(lambda conn: accounts.session(conn, token, now))
    if found is not None and accounts.should_slide(found, now):
        await services.database.write(lambda conn: accounts.slide(conn, token, now))
    return found


async def user_of_bearer(request: Request, services: Services) -> User | None:
    """The user of the API token in `Authorization: Bearer`."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    token = given.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        return None
    return await services.database.read(lambda conn: accounts.user_of_token(conn, token))


def is_same_origin(request: Request, services: Services) -> bool:
    """Whether a browser says that the request comes from one of our own pages. Programs, which
    send no Origin, pass: they have no cookies that somebody else could make use of."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    # Behind a proxy the Host header may differ from the address in the browser.
    own = {request.headers.get("host", ""), urlsplit(services.setup.config.public_url).netloc}
    return urlsplit(origin).netloc in own


def is_same(one: str, other: str) -> bool:
    """Compares secrets in the same time, whatever they are."""
    return secrets.compare_digest(one.encode(), other.encode())


def form_token(request: Request, services: Services) -> str:
    """For forms before there is a session: the value that is both in the form and in a cookie."""
    return request.cookies.get(cookie(services, "sentinel_form")) or secrets.token_urlsafe(24)


def keep_form_token(response: Response, services: Services, token: str) -> None:
    set_cookie(response, services, "sentinel_form", token, lasts=_FORM_LASTS)


def is_local(request: Request) -> bool:
    """Whether the connection comes from this machine."""
    if request.client is None:  # A Unix socket.
        return True
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def address_of(request: Request) -> str:
    """Where the request comes from. A proxy on this machine is believed, others are not."""
    forwarded = request.headers.get("x-forwarded-for")
    if forwarded and is_local(request):
        return forwarded.rpartition(",")[2].strip()[:100]
    return request.client.host if request.client else "local"
