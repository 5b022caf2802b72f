"""Who and what the running code works for. Flows with contextvars, so through async code too."""

from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import NamedTuple, Protocol


class Crumb(NamedTuple):
    """One log record that led up to an error. `at` is in seconds since 1970 UTC."""

    at: float
    category: str
    level: str
    message: str


class Request(Protocol):
    """A web request in progress, asked only when an error is reported within it."""

    def tenant(self) -> str | None: ...
    def url(self) -> str: ...
    def transaction(self) -> str: ...


class Scope:
    """Never changed once entered. `crumbs` is set inside a request, so that requests do not see
    each other's records. One is made for every request: a plain class is the cheapest."""

    __slots__ = ("crumbs", "request", "tags", "tenant", "user")

    def __init__(
        self,
        tenant: str | None = None,
        user: str | None = None,
        tags: Mapping[str, str] | None = None,
        request: Request | None = None,
        crumbs: deque[Crumb] | None = None,
    ) -> None:
        self.tenant = tenant
        self.user = user
        self.tags = tags
        self.request = request
        self.crumbs = crumbs


_current: ContextVar[Scope] = ContextVar("sentinel_scope", default=Scope())  # noqa: B039
current_scope = _current.get
enter_scope = _current.set
leave_scope = _current.reset


class tenant_scope:
    """Errors reported inside `with tenant_scope("acme"):` carry this tenant, user and tags.

    What is left out is inherited from the scope around it.
    """

    __slots__ = ("_given", "_token")
    _token: Token[Scope]

    def __init__(
        self,
        tenant: str | None = None,
        *,
        user: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self._given = (tenant, user, tags)

    def __enter__(self) -> None:
        tenant, user, tags = self._given
        outer = _current.get()
        self._token = _current.set(
            Scope(
                outer.tenant if tenant is None else tenant,
                outer.user if user is None else user,
                {**outer.tags, **tags} if outer.tags and tags else tags or outer.tags,
                outer.request,
                outer.crumbs,
            )
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _current.reset(self._token)
