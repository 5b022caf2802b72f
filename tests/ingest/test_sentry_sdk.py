import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sentry_sdk
import uvicorn

from sentinel.api import Error, Overloaded


@pytest.fixture
async def port(pipeline: Any) -> AsyncIterator[int]:
    config = uvicorn.Config(
        pipeline.app(), host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none"
    )
    config.load()
    server = uvicorn.Server(config)
    # Not by `serve`, which takes over the signals of the test run.
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server.servers[0].sockets[0].getsockname()[1]
    await server.shutdown()


def fail(order: int) -> None:
    try:
        raise ConnectionError(f"refused for order {order}")
    except ConnectionError as error:
        raise ValueError("DB_DOWN: order not saved") from error


def send_one(dsn: str, **options: Any) -> bool:
    """Whether the transport feels healthy afterwards."""
    # No integrations: they would patch the process that the other tests share.
    client = sentry_sdk.Client(
        dsn, default_integrations=False, in_app_include=[__name__], **options
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        scope.set_user({"id": "alice"})
        scope.set_tag("tenant", "acme")
        scope.add_breadcrumb(category="query", message="SELECT * FROM orders")
        try:
            fail(1234)
        except ValueError as error:
            scope.capture_exception(error)
        client.flush(timeout=10)
    healthy = client.transport is not None and client.transport.is_healthy()
    client.close(timeout=10)
    return healthy


@pytest.mark.parametrize("compression", ["gzip", "br"])
async def test_an_exception_of_the_real_python_sdk_arrives_whole(
    pipeline: Any, port: int, key: str, compression: str
) -> None:
    assert await asyncio.to_thread(
        send_one,
        f"http://{key}@127.0.0.1:{port}/1",
        release="shop@1.2.3",
        environment="production",
        server_name="web-1",
        _experiments={"transport_compression_algo": compression},
    )
    [(project, error)] = [kept for kept in pipeline.accepted if isinstance(kept[1], Error)]
    assert project == "shop"
    assert (error.type, error.message) == ("ValueError", "DB_DOWN: order not saved")
    assert (error.code, error.tenant, error.user) == ("DB_DOWN", "acme", "alice")
    assert (error.release, error.environment, error.host) == ("shop@1.2.3", "production", "web-1")
    assert (error.function, error.query) == ("fail", "SELECT * FROM orders")
    assert error.file is not None
    assert error.file.endswith("test_sentry_sdk.py")
    assert error.at > 1_700_000_000
    chain = [found["type"] for found in error.payload["exception"]["values"]]
    assert chain == ["ConnectionError", "ValueError"]
    assert "_trimmed" not in error.payload


async def test_the_real_python_sdk_heeds_the_rate_limit(pipeline: Any, port: int, key: str) -> None:
    pipeline.error = Overloaded("the queue is full", 30)
    healthy = await asyncio.to_thread(send_one, f"http://{key}@127.0.0.1:{port}/1")
    assert not healthy
    assert ("sentry", "overloaded") in pipeline.counted
