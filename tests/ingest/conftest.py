import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
import structlog

from sentinel.api import AnySignal, Credentials, RawItem, Receiver, Unauthorized
from sentinel.ingest.errors import ErrorsReceiver
from sentinel.ingest.sentry import SentryReceiver, SentryStoreReceiver
from sentinel.web.intake import IntakeApp, Limits

KEY = "0123456789abcdef0123456789abcdef"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


class Pipeline:
    """Stands behind the receivers' two protocols: knows one key, keeps what it accepts."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, AnySignal | RawItem]] = []
        self.counted: list[tuple[str, str]] = []
        self.error: Exception | None = None
        self.asked: list[Credentials] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def authenticate(self, credentials: Credentials) -> str:
        self.asked.append(credentials)
        if credentials.key != KEY or credentials.project not in (None, "1", "shop"):
            raise Unauthorized("this key opens no project of this name")
        return "shop"

    async def accept(self, project: str, items: Sequence[AnySignal | RawItem], size: int) -> None:
        await self.gate.wait()
        if self.error:
            raise self.error
        self.accepted += [(project, item) for item in items]

    def count(self, receiver: str, outcome: str) -> None:
        self.counted.append((receiver, outcome))

    def app(self, *receivers: Receiver, limits: Limits | None = None) -> IntakeApp:
        built_in = (SentryReceiver(), SentryStoreReceiver(), ErrorsReceiver())
        return IntakeApp(
            receivers or built_in,
            authenticate=self.authenticate,
            accept=self.accept,
            count=self.count,
            log=structlog.get_logger(),
            limits=limits or Limits(),
        )


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def key() -> str:
    return KEY


async def _request(
    app: IntakeApp,
    path: str,
    body: bytes = b"",
    *,
    headers: Mapping[str, str] | None = None,
    query: str = "",
    method: str = "POST",
    chunks: list[dict[str, Any]] | None = None,
) -> Reply:
    sent: list[Any] = []
    given = {"content-length": str(len(body)), **(headers or {})} if chunks is None else headers
    messages = iter(chunks or [{"type": "http.request", "body": body}])

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in (given or {}).items()],
    }
    await app(scope, receive, send)
    if not sent:
        return Reply(0, {}, None)
    reply = b"".join(message.get("body", b"") for message in sent[1:])
    reply_headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return Reply(sent[0]["status"], reply_headers, json.loads(reply) if reply else None)


@pytest.fixture
def request_to() -> Callable[..., Awaitable[Reply]]:
    return _request


def _envelope(*items: tuple[dict[str, Any], bytes], headers: dict[str, Any] | None = None) -> bytes:
    lines = [json.dumps(headers or {}).encode()]
    for item_headers, payload in items:
        lines += [json.dumps({"length": len(payload), **item_headers}).encode(), payload]
    return b"\n".join(lines) + b"\n"


@pytest.fixture
def envelope() -> Callable[..., bytes]:
    return _envelope
