"""What is answered when something can't be: a page for people, JSON for programs."""

import math
from typing import Any

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sentinel.errors import Invalid, Overloaded, SentinelError, StoreError, TooLarge, Unauthorized
from sentinel.web.visit import Web

log = structlog.get_logger("sentinel.web")

_OF_STATUS = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "wrong-method",
    413: "too-large",
    422: "invalid",
    429: "overloaded",
    500: "failed",
    503: "store-unavailable",
}
_STATUS_OF: tuple[tuple[type[SentinelError], int], ...] = (
    (TooLarge, 413),
    (Invalid, 400),
    (Unauthorized, 401),
    (Overloaded, 429),
    (StoreError, 503),
)
_TITLES = {
    403: "Not for you",
    404: "Nothing here",
    413: "Too large",
    429: "Too busy",
    503: "The store does not answer",
}
_RETRY_STORE = 5


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    default = error.detail == "Not Found"
    text = "There is nothing at this address." if default else error.detail
    return _answer(request, error.status_code, text, dict(error.headers or {}))


async def _on_own(request: Request, error: Exception) -> Response:
    status = next((status for kind, status in _STATUS_OF if isinstance(error, kind)), 500)
    headers = {}
    if isinstance(error, Overloaded):
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    elif isinstance(error, StoreError):
        headers["retry-after"] = str(_RETRY_STORE)
    return _answer(request, status, str(error), headers)


async def _on_any(request: Request, error: Exception) -> Response:
    log.error("request failed", path=request.url.path, exc_info=error)
    return _answer(request, 500, "Something failed on our side; the log of Sentinel says what.", {})


def error_body(id: str, text: str) -> bytes:
    return msgspec.json.encode({"error": {"id": id, "text": text}})


def _answer(request: Request, status: int, text: str, headers: dict[str, str]) -> Response:
    if request.url.path.startswith("/api/"):
        body = error_body(_OF_STATUS.get(status, "invalid"), text)
        return Response(body, status, {**headers, "content-type": "application/json"})
    web: Web = request.app.state.web
    title = _TITLES.get(status, "That did not work")
    html = web.pages.render("refusal.html", title=title, text=text, status=status)
    return HTMLResponse(html, status, headers)


HANDLERS: dict[Any, Any] = {
    HTTPException: _on_http,
    SentinelError: _on_own,
    Exception: _on_any,
}
