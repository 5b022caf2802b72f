"""One call of the API, and the table's entry that it is described and served by."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sentinel.config.model import Config
from sentinel.store import audit
from sentinel.store.accounts import Role, User
from sentinel.web.numbers import number_in
from sentinel.web.services import Services

_T = TypeVar("_T")
Method = Literal["GET", "POST", "PUT", "DELETE"]


class Listing(Struct, Generic[_T], frozen=True):
    """`next` is the `cursor` of the next page; null on the last one."""

    items: list[_T]
    next: str | None = None


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Call(Struct):
    """`query` and `body` have been checked against the endpoint's records."""

    request: Request
    services: Services
    user: User
    query: Any
    body: Any

    @property
    def config(self) -> Config:
        return self.services.setup.config

    @property
    def now(self) -> float:
        return self.services.clock.now()

    @property
    def number(self) -> int:
        """The `id` in the path."""
        found: int = self.request.path_params["id"]
        return found

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self.services.database.read(query)

    async def find(self, query: Callable[[sqlite3.Connection], _T | None], what: str) -> _T:
        """Answers with 404 where the query finds nothing."""
        found = await self.read(query)
        if found is None:
            raise HTTPException(404, f"there is no such {what}")
        return found

    async def change(
        self, action: str, object: str, change: Callable[[sqlite3.Connection], _T]
    ) -> _T:
        """Change something, and note in the audit trail who did it, in one transaction."""
        now = self.now

        def audited(conn: sqlite3.Connection) -> _T:
            result = change(conn)
            audit.note(conn, now, self.user.name, action, object, "by the API")
            return result

        return await self.services.database.write(audited)


class Endpoint(Struct, frozen=True, kw_only=True):
    """`reply` is the type of the answer; a `Response` is sent as it is. `path` is below /api/v1.

    `raw` names the media types of such a Response. `largest` is the longest body, in bytes.
    """

    method: Method
    path: str
    summary: str
    handler: Callable[[Call], Awaitable[Any]]
    reply: Any
    query: type[Struct] = NoQuery
    body: type[Struct] | None = None
    role: Role = "viewer"
    status: int = 200
    raw: tuple[str, ...] = ()
    largest: int = 65_536


def number_after(cursor: str | None) -> int | None:
    """A cursor that is a number. Answers with 400 where it is none."""
    if cursor is None:
        return None
    number = number_in(cursor)
    if number is None:
        raise HTTPException(400, "cursor: expected the `next` of the page before")
    return number


def page_of(found: list[_T], limit: int, cursor_of: Callable[[_T], str]) -> Listing[_T]:
    """A page of what was asked for with one more than the limit."""
    more = len(found) > limit
    items = found[:limit]
    return Listing(items, cursor_of(items[-1]) if more else None)


def convert_query(request: Request, kind: type[Struct]) -> Any:
    """Answers with 400 and the field at fault."""
    given = request.query_params
    if len(given) != len(given.multi_items()):
        raise HTTPException(400, "found a query parameter twice, expected each once")
    try:
        return msgspec.convert(dict(given), kind, strict=False)
    except msgspec.ValidationError as error:
        raise HTTPException(400, f"query: {error}") from error
