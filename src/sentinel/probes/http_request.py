"""One request, its redirects followed, its answer read up to a limit; and why there was none."""

import ssl
from collections.abc import Mapping

import aiohttp
from msgspec import Struct
from yarl import URL

from sentinel.api import Secret, SentinelError

LONGEST_BODY = 1_000_000
MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)


class Answer(Struct, frozen=True, kw_only=True):
    status: int
    body: bytes
    whole: bool
    encoding: str
    location: str | None
    server: str


class Failed(Exception):
    """No answer; the text says why, for a person."""


async def fetch(
    session: aiohttp.ClientSession,
    method: str,
    start: URL,
    *,
    headers: Mapping[str, Secret],
    tls: ssl.SSLContext | bool,
    follow: bool,
) -> Answer:
    """`headers` go to the site of `start` alone. Raises Failed, and SentinelError where we may
    not ask."""
    url = start
    for _ in range(MOST_REDIRECTS + 1):
        own = headers if url.origin() == start.origin() else {}
        answer = await _ask(session, method, url, own, tls)
        if not follow or answer.location is None:
            return answer
        url = _redirected(url, answer.location)
        # What every browser does, and RFC 9110 allows.
        if method == "POST" and answer.status in (301, 302, 303):
            method = "GET"
    raise Failed(f"more than {MOST_REDIRECTS} redirects")


async def _ask(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    own: Mapping[str, Secret],
    tls: ssl.SSLContext | bool,
) -> Answer:
    headers = {"Accept-Encoding": "identity", "Connection": "close"}
    headers |= {name: value.reveal() for name, value in own.items()}
    try:
        async with session.request(
            method,
            url,
            headers=headers,
            allow_redirects=False,
            auto_decompress=False,
            ssl=tls,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as response:
            body, whole = await _read(response.content)
    except SentinelError:  # a refusal of our own, such as of a private address
        raise
    except (aiohttp.ClientError, OSError) as error:
        raise Failed(_reason(error, url)) from error
    return Answer(
        status=response.status,
        body=body,
        whole=whole,
        encoding=response.headers.get("Content-Encoding", "").lower(),
        location=response.headers.get("Location") if response.status in _REDIRECTS else None,
        server=url.host or "",
    )


async def _read(content: aiohttp.StreamReader) -> tuple[bytes, bool]:
    """At most LONGEST_BODY bytes, and whether that was all."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > LONGEST_BODY:
            return bytes(body[:LONGEST_BODY]), False
    return bytes(body), True


def _redirected(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError as error:
        raise Failed("it redirects to something that is no address") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise Failed(f"it redirects to {target.scheme[:20] or 'no'}: address, expected http(s)")
    if url.scheme == "https" and target.scheme == "http":
        raise Failed("it redirects from https to http")
    return target.with_user(None)


def _reason(error: Exception, url: URL) -> str:
    """Without the path and query, which may hold a token."""
    server = f"{url.host}:{url.port}"
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=cause):
            return f"the certificate of {server} is refused: {_certificate_problem(cause)}"
        case aiohttp.ClientConnectorDNSError():
            return f"the name {url.host} does not resolve"
        case aiohttp.ClientSSLError():
            return f"no TLS connection to {server}: {error.strerror or error.os_error}"
        case aiohttp.ClientConnectorError():
            why = error.strerror or str(error.os_error) or "it was broken off"
            return f"no connection to {server}: {why}"
        case aiohttp.ServerDisconnectedError():
            return f"{server} closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return f"{server} broke its answer off"
        case aiohttp.ClientResponseError():
            return f"{server} does not answer in HTTP"
        case _:
            return f"the request to {server} failed: {type(error).__name__}"


def _certificate_problem(cause: Exception) -> str:
    return str(getattr(cause, "verify_message", "") or type(cause).__name__)
