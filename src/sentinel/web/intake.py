"""From an HTTP request to the pipeline, for every registered receiver: a raw ASGI application.

A request is answered with 200 only after everything that it held is stored. Refusals carry
`{"error": {"id": ..., "text": ...}}`, where `id` is one of the stable words of `_REFUSALS` and
`text` says what was found and what was expected; those worth another try have `Retry-After`.
A receiver that fails otherwise is answered with 500 and the id `failed`.
"""

import asyncio
import contextlib
import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

import msgspec
import structlog

from sentinel.api import (
    AnySignal,
    Credentials,
    Intake,
    Invalid,
    Overloaded,
    RawItem,
    Receiver,
    Request,
    SentinelError,
    TooLarge,
    Unauthorized,
)
from sentinel.errors import ConfigError, StoreError
from sentinel.ingest.decompress import decompress

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Authenticate(Protocol):
    async def __call__(self, credentials: Credentials) -> str:
        """The name of the project that the key opens. Raises Unauthorized."""
        ...


class Accept(Protocol):
    async def __call__(self, project: str, items: list[AnySignal | RawItem], size: int) -> None:
        """Return once all items, decoded from so many bytes, are committed. May empty the list.

        Raises Overloaded or StoreError if none is.
        """
        ...


class Count(Protocol):
    def __call__(self, receiver: str, outcome: str) -> None:
        """One request more; `outcome` is an id of `_REFUSALS`, or `accepted`, `failed`,
        `disconnected`."""
        ...


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes, times in seconds.

    `body` bounds what one request sends, `unpacked` what that may decompress to, `requests` and
    `held` how many requests are under way at once and how much they hold. `anonymous` bounds
    both sizes of a request whose key is expected within the body, since anyone can send those.
    """

    body: int = 20_000_000
    unpacked: int = 50_000_000
    anonymous: int = 1_000_000
    requests: int = 500
    held: int = 100_000_000
    read_timeout: float = 30.0


class _Forbidden(Unauthorized):
    """A key was given, but it does not open the project."""


class _Slow(SentinelError):
    """The body did not arrive in time."""


class _Disconnected(Exception):
    """The client went away before its body was complete: there is nobody to answer."""


_DEFAULT_LIMITS = Limits()


class _Route(NamedTuple):
    pattern: re.Pattern[str]
    receiver: Receiver


_RETRY_STORE = 5
_RETRY_ROOM = 2.0
# Decoding a larger body elsewhere keeps the loop free for the small ones.
_LARGE = 65_536
_REFUSALS: tuple[tuple[type[SentinelError], int, str], ...] = (
    (TooLarge, 413, "too-large"),
    (Invalid, 400, "invalid"),
    (_Forbidden, 403, "forbidden"),
    (Unauthorized, 401, "unauthorized"),
    (Overloaded, 429, "overloaded"),
    (StoreError, 503, "store-unavailable"),
    (_Slow, 408, "too-slow"),
)
_ANY_ORIGIN: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-sentry-error, x-sentry-rate-limits, retry-after"),
]
_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, "
        b"content-type, content-encoding, authentication, authorization, transfer-encoding, "
        b"x-sentinel-key, baggage, sentry-trace",
    ),
    (b"access-control-max-age", b"3600"),
]


class IntakeApp:
    """Serves what is posted to the receivers' paths, with or without a trailing slash, and passes
    on the rest."""

    def __init__(
        self,
        receivers: Sequence[Receiver],
        *,
        authenticate: Authenticate,
        accept: Accept,
        count: Count,
        log: structlog.stdlib.BoundLogger,
        otherwise: App | None = None,
        limits: Limits = _DEFAULT_LIMITS,
    ) -> None:
        """Raises ConfigError where two receivers claim the same path."""
        self._routes = _compile(receivers)
        self._authenticate = authenticate
        self._accept = accept
        self._count = count
        self._log = log
        self._otherwise = otherwise
        self._limits = limits
        self._requests = 0
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"].rstrip("/") if scope["type"] == "http" else ""
        for pattern, receiver in self._routes if path else ():
            if (match := pattern.fullmatch(path)) and self._is_ours(scope, receiver):
                await self._serve(receiver, match.groupdict(), scope, receive, send)
                return
        if self._otherwise is not None:
            await self._otherwise(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(send, 404, _error("not-found", "there is nothing at this path"))

    def _is_ours(self, scope: Scope, receiver: Receiver) -> bool:
        """Receivers only take what is posted; what else can be asked of the same path is for
        whoever stands behind."""
        if self._otherwise is None or scope["method"] == "POST":
            return True
        return receiver.cors and scope["method"] == "OPTIONS"

    async def _serve(
        self, receiver: Receiver, path: dict[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        shared = _ANY_ORIGIN if receiver.cors else []
        if scope["method"] != "POST":
            await _refuse_method(scope["method"], receiver.cors, shared, send)
            return
        try:
            reply = await self._take(receiver, path, scope, receive)
        except _Disconnected:
            self._count(receiver.name, "disconnected")
        except Exception as error:  # noqa: BLE001
            # A receiver decodes hostile bytes and may be a plugin: whatever it raises, the sender
            # must hear that its data was not kept, and the daemon must go on.
            await self._refuse(receiver, error, shared, send)
        else:
            self._count(receiver.name, "accepted")
            await _answer(send, 200, msgspec.json.encode(reply), shared)

    async def _take(
        self, receiver: Receiver, path: dict[str, str], scope: Scope, receive: Receive
    ) -> Mapping[str, Any]:
        request = Request(path=path, query=_query(scope), headers=_headers(scope))
        credentials = receiver.credentials(request)
        project = await self._open(credentials) if credentials.key else None
        most = self._limits.body if project else min(self._limits.body, self._limits.anonymous)
        with self._room() as hold:
            body = await self._read(request.headers, receive, most, hold)
            work = (receiver, request, body, project)
            if len(body) > _LARGE:
                intake, size = await asyncio.to_thread(self._decode, *work)
            else:
                intake, size = self._decode(*work)
            hold(len(body) + size)
            if intake.credentials:
                project = await self._open(intake.credentials)
            if project is None:
                raise Unauthorized("no key found in the request's headers, query or body")
            reply, items = intake.reply, list(intake.items)
            # Many requests wait for their commit at the same time: none holds on to its body.
            del body, work, intake
            if items:
                await self._accept(project, items, size)
        return reply

    async def _open(self, credentials: Credentials) -> str:
        try:
            return await self._authenticate(credentials)
        except Unauthorized as error:
            raise _Forbidden(str(error)) from error

    @contextlib.contextmanager
    def _room(self) -> Iterator[Callable[[int], None]]:
        """Gives a function that books that many bytes in all for this request."""
        if self._requests >= self._limits.requests:
            raise Overloaded("too many requests are under way", _RETRY_ROOM)
        booked = 0

        def hold(size: int) -> None:
            nonlocal booked
            more = max(size - booked, 0)
            if self._held + more > self._limits.held:
                raise Overloaded("the requests under way hold too much data", _RETRY_ROOM)
            self._held += more
            booked += more

        self._requests += 1
        try:
            yield hold
        finally:
            self._requests -= 1
            self._held -= booked

    async def _read(
        self,
        headers: Mapping[str, str],
        receive: Receive,
        most: int,
        hold: Callable[[int], None],
    ) -> bytes:
        declared = headers.get("content-length", "0")
        if not declared.isdecimal():
            raise Invalid(f"found Content-Length {declared[:40]!r}, expected a number of bytes")
        # More digits than any limit has are not worth converting.
        length = int(declared[:20])
        _require_size(length, most)
        hold(length)
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.read_timeout):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Disconnected
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    _require_size(size, most)
                    hold(size)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError as error:
            raise _Slow(f"the body took longer than {self._limits.read_timeout:g} s") from error

    def _decode(
        self, receiver: Receiver, request: Request, body: bytes, project: str | None
    ) -> tuple[Intake, int]:
        """What was decoded, and how many bytes it was."""
        most = self._limits.unpacked
        if project is None:
            most = min(most, self._limits.anonymous)
        plain = decompress(body, request.headers.get("content-encoding", ""), most)
        return receiver.decode(msgspec.structs.replace(request, body=plain)), len(plain)

    async def _refuse(
        self, receiver: Receiver, error: Exception, shared: Headers, send: Send
    ) -> None:
        refusal = next((entry for entry in _REFUSALS if isinstance(error, entry[0])), None)
        if refusal is None or not isinstance(error, SentinelError):
            self._count(receiver.name, "failed")
            self._log.error("intake failed", receiver=receiver.name, exc_info=error)
            text = f"the receiver {receiver.name} failed on this request; its log says why"
            await _answer(send, 500, _error("failed", text), shared)
            return
        _, status, id = refusal
        self._count(receiver.name, id)
        headers = [*shared, *_lines(receiver.refusal_headers(error))]
        if (seconds := _retry_after(error)) is not None:
            headers.append((b"retry-after", b"%d" % seconds))
        if isinstance(error, _Slow):
            headers.append((b"connection", b"close"))
        await _answer(send, status, _error(id, str(error)), headers)


def _compile(receivers: Sequence[Receiver]) -> list[_Route]:
    routes: list[_Route] = []
    owners: dict[str, str] = {}
    for receiver in receivers:
        for path in receiver.paths:
            escaped = re.escape(path.rstrip("/"))
            owner = owners.setdefault(re.sub(r"\\{\w+\\}", "{}", escaped), receiver.name)
            if owner != receiver.name:
                raise ConfigError(f"the receivers {owner} and {receiver.name} both claim {path}")
            named = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]{1,200})", escaped)
            routes.append(_Route(re.compile(named), receiver))
    return routes


def _headers(scope: Scope) -> dict[str, str]:
    """Lower case, as ASGI gives them; a repeated header's values joined as RFC 9110 says."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _query(scope: Scope) -> dict[str, str]:
    raw = scope["query_string"]
    if not raw:
        return {}
    try:
        return dict(parse_qsl(raw.decode("latin-1"), max_num_fields=100))
    except ValueError as error:
        raise Invalid("the query has more than 100 fields") from error


def _require_size(size: int, most: int) -> None:
    if size > most:
        raise TooLarge(
            f"the body is larger than {most} bytes: send fewer items at a time, and the key in a "
            "header or in the query"
        )


def _retry_after(error: Exception) -> int | None:
    if isinstance(error, Overloaded):
        return max(1, math.ceil(error.retry_after))
    return _RETRY_STORE if isinstance(error, StoreError) else None


def _lines(headers: Mapping[str, str]) -> Headers:
    """Header values with nothing in them that could end the line."""
    return [
        (name.lower().encode("ascii"), re.sub(r"[^\x20-\x7e]", "?", value[:500]).encode("ascii"))
        for name, value in headers.items()
    ]


def _error(id: str, text: str) -> bytes:
    return msgspec.json.encode({"error": {"id": id, "text": text}})


async def _refuse_method(method: str, cors: bool, shared: Headers, send: Send) -> None:
    if method == "OPTIONS" and cors:
        await _answer(send, 204, b"", [*shared, *_PREFLIGHT])
        return
    allowed = b"POST, OPTIONS" if cors else b"POST"
    body = _error("wrong-method", f"found {method[:20]}, expected POST")
    await _answer(send, 405, body, [*shared, (b"allow", allowed)])


async def _answer(send: Send, status: int, body: bytes, headers: Headers | None = None) -> None:
    own = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send(
        {"type": "http.response.start", "status": status, "headers": [*own, *(headers or [])]}
    )
    await send({"type": "http.response.body", "body": body})
