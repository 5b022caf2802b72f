"""The server's own receiver takes what the client sends."""

import json
import logging
from typing import Any

from sentinel.api import Error, Request
from sentinel.client import Client, SentinelASGIMiddleware, SentinelHandler, tenant_scope
from sentinel.ingest.errors import ErrorsReceiver


def received(collector: Any) -> list[Error]:
    body = json.dumps({"errors": collector.accepted}).encode()
    intake = ErrorsReceiver().decode(Request(path={}, query={}, headers={}, body=body))
    return [item for item in intake.items if isinstance(item, Error)]


async def nothing(*_: Any) -> Any:
    return {}


async def test_every_way_to_report_is_understood(collector: Any, make_client: Any) -> None:
    client: Client = make_client(
        environment="production", release="shop@1.4.2", service="web", queue_size=6, linger=5.0
    )
    logger = logging.Logger("shop")
    logger.addHandler(SentinelHandler(client))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        logger.info("step")
        try:
            raise KeyError("phone")
        except KeyError as problem:
            raise RuntimeError("order failed") from problem

    with tenant_scope("acme", user="alice", tags={"plan": "gold"}):
        client.report("message", code="SMS_DELIVERY_FAILURE", extra={"order": 7})
        logger.critical("to %s", "Alice", extra={"code": "DISK_FULL"})
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        try:
            await SentinelASGIMiddleware(app, client)(scope, nothing, nothing)
        except RuntimeError:
            client.report(ExceptionGroup("both", [ValueError("a"), ValueError("b")]))
    for _ in range(5):
        client.report("too many")
    assert client.flush(10)
    client.report("after the storm")
    assert client.flush(10)
    errors = received(collector)
    assert [error.id for error in errors] == [error["id"] for error in collector.accepted]
    found = {error.code or error.message: error for error in errors}
    told = found["SMS_DELIVERY_FAILURE"]
    assert (told.tenant, told.user, told.tags) == ("acme", "alice", {"plan": "gold"})
    assert (told.release, told.service) == ("shop@1.4.2", "web")
    assert told.at > 1.7e9
    logged = found["DISK_FULL"]
    assert (logged.level, logged.message) == ("fatal", "to Alice")
    assert logged.payload["logentry"]["message"] == "to %s"
    raised = found["order failed"]
    assert (raised.type, raised.handled) == ("RuntimeError", False)
    assert raised.transaction == "GET /"
    assert raised.file is not None
    assert raised.file.endswith("test_receiver.py")
    assert raised.payload["breadcrumbs"]["values"][0]["message"] == "step"
    assert "SENTINEL_CLIENT_DROPPED" in found
    assert not any("_trimmed" in error.payload for error in errors)
