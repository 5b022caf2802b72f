"""One request of a client: no account, no session, no script. Who it is, its signed link says."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sentinel.clients.links import Links
from sentinel.clients.words import Words
from sentinel.config.model import ClientsConfig, Config
from sentinel.errors import Overloaded, Unauthorized
from sentinel.signing import Grant, Purpose
from sentinel.web import auth
from sentinel.web.public import answer
from sentinel.web.services import Services
from sentinel.web.visit import read_body

_T = TypeVar("_T")
_MOST_FIELDS = 300
_LONGEST_HEADER = 200


class LinkRefused(Exception):
    """`key` is the text that tells the reader why."""

    def __init__(self, key: str, status: int) -> None:
        super().__init__(key)
        self.key = key
        self.status = status


class ClientVisit:
    """`fields` are those of a POST, in their order; a name may come several times."""

    def __init__(self, request: Request, fields: list[tuple[str, str]]) -> None:
        services: Services = request.app.state.web.services
        self.request = request
        self.services = services
        self.fields = fields
        self.now = services.clock.now()
        self.words = Words(self.settings.languages)
        self.language = self._preferred()

    @property
    def config(self) -> Config:
        return self.services.setup.config

    @property
    def settings(self) -> ClientsConfig:
        return self.config.clients

    @property
    def origin(self) -> str:
        return auth.address_of(self.request)

    @property
    def links(self) -> Links:
        return Links(self.services.signer, self.config.public_url)

    @property
    def token(self) -> str:
        found: str = self.request.path_params["token"]
        return found

    def field(self, name: str) -> str:
        return next((value.strip() for key, value in self.fields if key == name), "")

    def grant(self, purpose: Purpose, kind: str) -> Grant:
        """What the link in the path allows. Raises LinkRefused."""
        try:
            grant = self.services.signer.open(self.token, self.now)
        except Unauthorized as error:
            expired = "expired" in str(error)
            raise LinkRefused(
                "link_expired" if expired else "link_forged", 410 if expired else 404
            ) from None
        if grant.purpose != purpose or not grant.object.startswith(f"{kind}:"):
            raise LinkRefused("link_forged", 404)
        return grant

    def say(self, key: str, **values: object) -> str:
        return self.words.say(self.language, key, **{"title": self.settings.title, **values})

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self.services.database.read(query)

    async def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self.services.database.write(change)

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        return answer(
            self.request,
            f"public/{template}",
            status,
            **{"lang": self.language, "say": self.say, **values},
        )

    def tell(self, heading: str, text: str, status: int = 200, **values: object) -> Response:
        """A page that only says something. `heading` and `text` are keys."""
        return self.render(
            "plain.html", status, heading=self.say(heading), text=self.say(text, **values)
        )

    def _preferred(self) -> str:
        """The first language of the browser's that there are texts in (RFC 9110, 12.5.4; the
        weights are left aside, as browsers send them in order)."""
        given = self.request.headers.get("accept-language", "")[:_LONGEST_HEADER]
        known = self.words.languages
        for part in given.split(","):
            tag = part.partition(";")[0].strip()
            for one in (tag, tag.partition("-")[0]):
                if one in known:
                    return one
        return self.settings.language


Handler = Callable[[ClientVisit], Awaitable[Response]]


def for_clients(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Answers for the handler where the link can't be used, or too much is asked."""

    async def endpoint(request: Request) -> Response:
        fields = await _fields(request) if request.method == "POST" else []
        visit = ClientVisit(request, fields)
        try:
            return await handler(visit)
        except LinkRefused as refused:
            return visit.tell("link_title", refused.key, refused.status)
        except Overloaded as error:
            response = visit.tell("link_title", "too_many", 429)
            response.headers["retry-after"] = str(int(error.retry_after))
            return response

    return endpoint


async def _fields(request: Request) -> list[tuple[str, str]]:
    """Those of a form. A one-click unsubscription may come in another form (RFC 8058), and says
    nothing that its address does not."""
    body = await read_body(request)
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return []
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "The form could not be read.") from error
