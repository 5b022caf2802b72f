"""Middleware for ASGI applications: Starlette, FastAPI, Django, Litestar, …"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sentinel.client.client import Client
from sentinel.client.default import current
from sentinel.client.request import address, tenant_of
from sentinel.client.scope import Scope, current_scope, enter_scope, leave_scope

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
TenantFrom = Callable[[Message], str | None]


class SentinelASGIMiddleware:
    """Reports what the application raises, once, and raises it again unchanged.

    `tenant_from` is given the ASGI scope and says whose request it is. It is called when an
    error is reported, so it sees what inner middleware has put into the scope.
    """

    def __init__(
        self, app: App, client: Client | None = None, tenant_from: TenantFrom | None = None
    ) -> None:
        self.app = app
        self._client = client
        self._tenant_from = tenant_from

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        client = self._client or current()
        if client is None or scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        outer = current_scope()
        request = _Request(scope, self._tenant_from, outer.tenant)
        token = enter_scope(Scope(None, outer.user, outer.tags, request, client.new_crumbs()))
        try:
            await self.app(scope, receive, send)
        except Exception as problem:
            # Whatever it was, it is reported and goes its way.
            client.take(dict, problem, mechanism="asgi", handled=False)
            raise
        finally:
            leave_scope(token)


class _Request:
    __slots__ = ("_outer_tenant", "_scope", "_tenant_from")

    def __init__(
        self, scope: Message, tenant_from: TenantFrom | None, outer_tenant: str | None
    ) -> None:
        self._scope = scope
        self._tenant_from = tenant_from
        self._outer_tenant = outer_tenant

    def tenant(self) -> str | None:
        return tenant_of(self._tenant_from, self._scope) or self._outer_tenant

    def url(self) -> str:
        scope = self._scope
        query = (scope.get("query_string") or b"").decode("latin-1")
        return address(scope.get("scheme", "http"), self._host(), self._path(), query)

    def transaction(self) -> str:
        return f"{self._scope.get('method', 'WEBSOCKET')} {self._path()}"

    def _path(self) -> str:
        """Newer servers have the root path in `path` already, older ones do not."""
        root, path = self._scope.get("root_path") or "", self._scope["path"]
        return str(path if root and path.startswith(root) else root + path)

    def _host(self) -> str:
        for name, value in self._scope.get("headers", ()):
            if name == b"host":
                return str(value.decode("latin-1"))
        server = self._scope.get("server")
        return f"{server[0]}:{server[1]}" if server else ""
