"""ASGI and WSGI middleware under real servers."""

import asyncio
import io
import logging
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import uvicorn

from sentinel.client import (
    Client,
    SentinelASGIMiddleware,
    SentinelHandler,
    SentinelWSGIMiddleware,
    tenant_scope,
)


class Broken(Exception):
    pass


async def broken_asgi(scope: Any, receive: Any, send: Any) -> None:
    logging.getLogger("shop").info("about to break")
    raise Broken("asgi")


def scope_of(path: str = "/orders/7", query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"shop.example"), (b"x-tenant", b"acme")],
    }


async def nothing(*_: Any) -> Any:
    return {}


async def test_asgi_reports_an_exception_once_and_raises_it_unchanged(
    collector: Any, client: Client
) -> None:
    problem = Broken("x")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise problem

    inner = SentinelASGIMiddleware(app, client)
    with pytest.raises(Broken) as raised:
        await SentinelASGIMiddleware(inner, client)(scope_of(), nothing, nothing)
    assert raised.value is problem
    assert await asyncio.to_thread(client.flush, 5)
    [error] = collector.accepted
    assert error["type"] == "Broken"
    assert error["handled"] is False
    assert error["exception"]["values"][0]["mechanism"]["type"] == "asgi"


async def test_asgi_tells_path_tenant_and_query_names_but_no_values(
    collector: Any, client: Client
) -> None:
    app = SentinelASGIMiddleware(
        broken_asgi,
        client,
        tenant_from=lambda scope: dict(scope["headers"])[b"x-tenant"].decode(),
    )
    with pytest.raises(Broken):
        await app(scope_of(query=b"token=s3cret&page=2&flag"), nothing, nothing)
    assert await asyncio.to_thread(client.flush, 5)
    [error] = collector.accepted
    assert error["url"] == "https://shop.example/orders/7?token=&page=&flag="
    assert error["transaction"] == "POST /orders/7"
    assert error["tenant"] == "acme"


async def test_asgi_leaves_requests_that_succeed_and_other_scopes_alone(
    collector: Any, client: Client
) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    wrapped = SentinelASGIMiddleware(app, client)
    await wrapped(scope_of(), nothing, nothing)
    await wrapped({"type": "lifespan"}, nothing, nothing)
    assert seen == ["http", "lifespan"]
    assert collector.requests == []


async def test_a_tenant_callable_that_fails_does_not_break_the_request(
    collector: Any, client: Client
) -> None:
    app = SentinelASGIMiddleware(broken_asgi, client, tenant_from=lambda scope: scope["nope"])
    with tenant_scope("globex"), pytest.raises(Broken):
        await app(scope_of(), nothing, nothing)
    assert await asyncio.to_thread(client.flush, 5)
    assert collector.accepted[0]["tenant"] == "globex"


async def test_requests_do_not_see_each_others_breadcrumbs(collector: Any, client: Client) -> None:
    logger = logging.getLogger("shop")
    handler = SentinelHandler(client)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        logger.info("in %s", scope["path"])
        await asyncio.sleep(0)
        raise Broken(scope["path"])

    wrapped = SentinelASGIMiddleware(app, client)
    try:
        await asyncio.gather(
            *(wrapped(scope_of(path), nothing, nothing) for path in ("/a", "/b")),
            return_exceptions=True,
        )
    finally:
        logger.removeHandler(handler)
    assert await asyncio.to_thread(client.flush, 5)
    assert sorted(
        (error["message"], [crumb["message"] for crumb in error["breadcrumbs"]["values"]])
        for error in collector.accepted
    ) == [("/a", ["in /a"]), ("/b", ["in /b"])]


def test_asgi_and_the_servers_own_log_report_one_error(collector: Any, client: Client) -> None:
    """uvicorn logs the exception that the middleware raised again."""
    handler = SentinelHandler(client)
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(handler)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(SentinelASGIMiddleware(broken_asgi, client), log_config=None, lifespan="off")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/orders?page=2"
        with pytest.raises(urllib.error.HTTPError, match="500"):
            urllib.request.urlopen(url, timeout=10)
    finally:
        server.should_exit = True
        thread.join(10)
        logger.removeHandler(handler)
    assert client.flush(5)
    [error] = collector.accepted
    assert error["url"] == f"{url.partition('?')[0]}?page="


class Quiet(WSGIRequestHandler):
    def get_stderr(self) -> Any:
        return io.StringIO()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def test_wsgi_reports_under_a_real_server(collector: Any, client: Client) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        raise Broken("wsgi")

    wrapped = SentinelWSGIMiddleware(app, client, tenant_from=lambda e: e["HTTP_X_TENANT"])
    with make_server("127.0.0.1", 0, wrapped, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/orders?token=s3cret"
        request = urllib.request.Request(url, headers={"X-Tenant": "acme"})
        with pytest.raises(urllib.error.HTTPError, match="500"):
            urllib.request.urlopen(request, timeout=10)
        thread.join()
    assert client.flush(5)
    [error] = collector.accepted
    assert error["url"] == f"{url.partition('?')[0]}?token="
    assert (error["transaction"], error["tenant"]) == ("GET /orders", "acme")
    assert error["exception"]["values"][0]["mechanism"]["type"] == "wsgi"


def environ_of(path: str = "/") -> dict[str, Any]:
    return {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "shop.example"}


def test_wsgi_reports_what_breaks_while_the_answer_is_read(collector: Any, client: Client) -> None:
    closed: list[bool] = []
    problem = Broken("half way")

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        try:
            yield b"half"
            raise problem
        finally:
            closed.append(True)

    answer = iter(SentinelWSGIMiddleware(app, client)(environ_of("/big"), None))
    assert next(answer) == b"half"
    with pytest.raises(Broken) as raised:
        next(answer)
    assert raised.value is problem
    assert closed == [True]
    assert client.flush(5)
    [error] = collector.accepted
    assert error["transaction"] == "GET /big"


def test_wsgi_passes_a_streamed_answer_and_its_close_through(client: Client) -> None:
    class Answer:
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            return iter([b"a", b"b"])

        def close(self) -> None:
            self.closed = True

    answer = Answer()
    wrapped: Any = SentinelWSGIMiddleware(lambda e, s: answer, client)(environ_of(), None)
    assert list(wrapped) == [b"a", b"b"]
    wrapped.close()
    assert answer.closed


def test_wsgi_hands_a_finished_answer_on_untouched(client: Client) -> None:
    answer = [b"whole"]
    assert SentinelWSGIMiddleware(lambda e, s: answer, client)(environ_of(), None) is answer
