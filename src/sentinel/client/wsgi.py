"""Middleware for WSGI applications: Flask, Django, Pyramid, …"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sentinel.client.client import Client
from sentinel.client.default import current
from sentinel.client.request import address, tenant_of
from sentinel.client.scope import Scope, current_scope, enter_scope, leave_scope

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]
TenantFrom = Callable[[Environ], str | None]


class SentinelWSGIMiddleware:
    """Reports what the application raises, also while its answer is read, and raises it again.

    `tenant_from` is given the WSGI environ and says whose request it is. It is called when an
    error is reported, so it sees what inner middleware has put into the environ.
    """

    def __init__(
        self, app: App, client: Client | None = None, tenant_from: TenantFrom | None = None
    ) -> None:
        self.app = app
        self._client = client
        self._tenant_from = tenant_from

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        client = self._client or current()
        if client is None:
            return self.app(environ, start_response)
        outer = current_scope()
        request = _Request(environ, self._tenant_from, outer.tenant)
        scope = Scope(None, outer.user, outer.tags, request, client.new_crumbs())
        answer: Iterable[bytes] = _run(client, scope, self.app, environ, start_response)
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(answer, list | tuple) or (
            isinstance(wrapper, type) and isinstance(answer, wrapper)
        ):
            return answer  # No code of the application is left to run; the server may sendfile.
        return _Answer(client, scope, answer)


def _run(client: Client, scope: Scope, step: Callable[..., Any], *args: Any) -> Any:
    """One step of a request in its scope: the server may do other work between two of them."""
    token = enter_scope(scope)
    try:
        return step(*args)
    except StopIteration:
        raise
    except Exception as problem:
        client.take(dict, problem, mechanism="wsgi", handled=False)
        raise
    finally:
        leave_scope(token)


class _Answer:
    def __init__(self, client: Client, scope: Scope, answer: Iterable[bytes]) -> None:
        self._client = client
        self._scope = scope
        self._answer = answer
        self._chunks: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        self._chunks = _run(self._client, self._scope, iter, self._answer)
        return self

    def __next__(self) -> bytes:
        if self._chunks is None:
            iter(self)
        chunk: bytes = _run(self._client, self._scope, next, self._chunks)
        return chunk

    def close(self) -> None:
        close = getattr(self._answer, "close", None)
        if close is not None:
            _run(self._client, self._scope, close)


class _Request:
    __slots__ = ("_environ", "_outer_tenant", "_tenant_from")

    def __init__(
        self, environ: Environ, tenant_from: TenantFrom | None, outer_tenant: str | None
    ) -> None:
        self._environ = environ
        self._tenant_from = tenant_from
        self._outer_tenant = outer_tenant

    def tenant(self) -> str | None:
        return tenant_of(self._tenant_from, self._environ) or self._outer_tenant

    def url(self) -> str:
        environ = self._environ
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        scheme = environ.get("wsgi.url_scheme", "http")
        return address(scheme, host, self._path(), environ.get("QUERY_STRING", ""))

    def transaction(self) -> str:
        return f"{self._environ.get('REQUEST_METHOD', '')} {self._path()}"

    def _path(self) -> str:
        """WSGI hands over the bytes of the path as latin-1 (PEP 3333)."""
        path = self._environ.get("SCRIPT_NAME", "") + self._environ.get("PATH_INFO", "")
        return str(path.encode("latin-1", "replace").decode("utf-8", "replace"))
