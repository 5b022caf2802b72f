"""One JSON call of a provider whose address itself is a secret."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from sentinel.api import Context, Params, Permanent, Retryable, redacted
from sentinel.notifiers._retry_after import seconds_of

_MOST_OF_REPLY = 65_536
_SHOWN_OF_REPLY = 200
_PASSING = (408, 425, 429)


class Answer(Struct, frozen=True):
    """`wish` is the wait in seconds that `Retry-After` asks for."""

    status: int
    body: bytes
    wish: float | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def data(self) -> Mapping[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return found if isinstance(found, dict) else {}


async def call(
    context: Context, provider: str, url: str, body: Any, *, method: str = "POST", within: float
) -> Answer:
    """Whatever the provider answers. Raises Permanent for an address that can't be used, and
    Retryable where there is no answer. `within` so many seconds."""
    request = context.http.request(
        method,
        url,
        data=msgspec.json.encode(body),
        headers={"content-type": "application/json"},
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=within),
    )
    try:
        async with request as response:
            start = await response.content.read(_MOST_OF_REPLY)
            wish = seconds_of(response.headers.get("retry-after", ""), context.clock.now())
            return Answer(response.status, start, wish)
    # Without what led to it: its text may hold the whole address.
    except aiohttp.InvalidURL as error:
        raise Permanent(f"{provider} can't be called: {error.description}") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Retryable(f"{provider} can't be reached: {type(error).__name__}") from None


def refusal(
    provider: str, answer: Answer, params: Params, *, said: str = "", wish: float | None = None
) -> Permanent | Retryable:
    """What an answer that is not `ok` comes to. `said` and `wish` are the provider's own words on
    it, where its body has any."""
    # Debug pages echo what they were sent; the cut comes last, or half a secret may stay.
    reply = redacted(said or answer.body.decode(errors="replace"), params)
    text = f"{provider} answered {answer.status} {' '.join(reply.split())[:_SHOWN_OF_REPLY]}"
    if answer.status in _PASSING or answer.status >= 500:
        return Retryable(text.strip(), after=answer.wish if wish is None else wish)
    return Permanent(text.strip())
