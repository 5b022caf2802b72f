"""Calls an address: to purge a cache, to restart a worker, to start a job."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import aiohttp
from msgspec import Meta

from sentinel.api import Action, ActionResult, Params, Secret, hook, redacted

_SHOWN = 2_000
_MOST_READ = 16_384


class HttpParams(Params, frozen=True):
    url: Annotated[
        Secret, Meta(description="Address; shown without its path and query, which may be secret.")
    ]
    method: Annotated[
        Literal["GET", "POST", "PUT", "PATCH", "DELETE"], Meta(description="Method of the request.")
    ] = "POST"
    headers: Annotated[dict[str, Secret], Meta(description="Headers, such as Authorization.")] = {}  # noqa: RUF012 - a msgspec record copies its defaults
    body: Annotated[str, Meta(max_length=100_000, description="Body, sent as it is.")] = ""
    content_type: Annotated[str, Meta(description="What the body is.")] = "application/json"
    expect: Annotated[
        list[int], Meta(description="Statuses that mean success; any from 200 to 299 if not given.")
    ] = []  # noqa: RUF012 - a msgspec record copies its defaults

    def __post_init__(self) -> None:
        parts = urlsplit(self.url.reveal())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url: expected an address that begins with http:// or https://")


class Http(Action[HttpParams]):
    type = "http"
    summary = "Sends one HTTP request"
    Params = HttpParams
    timeout = 30.0
    changes = True

    def describe(self) -> str:
        params = self.params
        whole = [f"{params.method} {self._host()}"]
        if params.headers:
            whole.append(f"with the headers {', '.join(params.headers)}")
        if params.body:
            whole.append(f"and the body {params.body[:_SHOWN]}")
        return f"Send {' '.join(whole)}."

    async def run(self) -> ActionResult:
        params = self.params
        headers = {name: value.reveal() for name, value in params.headers.items()}
        if params.body:
            headers.setdefault("Content-Type", params.content_type)
        try:
            async with self.context.http.request(
                params.method,
                params.url.reveal(),
                headers=headers,
                data=params.body.encode() or None,
                # Elsewhere than asked for, a request that changes something must not go.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None),
            ) as answer:
                body = await _read(answer.content)
        except aiohttp.InvalidURL as error:
            return ActionResult(ok=False, text=redacted(f"Refused: {error}.", params))
        except aiohttp.ClientError as error:
            return ActionResult(ok=False, text=f"{self._host()}: {type(error).__name__}.")
        expected = params.expect or range(200, 300)
        shown = _beginning_of(redacted(body.decode("utf-8", "replace"), params))
        return ActionResult(
            ok=answer.status in expected,
            text=f"{self._host()} answered {answer.status}.",
            facts={"answer": shown} if shown else {},
        )

    def _host(self) -> str:
        parts = urlsplit(self.params.url.reveal())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


async def _read(content: aiohttp.StreamReader) -> bytes:
    """More than is shown, so that a secret is found whole and not cut in two."""
    body = b""
    async for chunk in content.iter_any():
        body += chunk
        if len(body) >= _MOST_READ:
            break
    return body[:_MOST_READ]


def _beginning_of(text: str) -> str:
    """Of a word that is cut in two, half of a secret would be left."""
    if len(text) <= _SHOWN:
        return text
    start = text[:_SHOWN]
    return start.rpartition("\n" if "\n" in start else " ")[0] or start


@hook
def register_actions(register: Callable[[type[Action[Any]]], None]) -> None:
    register(Http)
