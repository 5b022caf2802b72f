"""An ElevenLabs subscription: whether the key works, and how many characters are left.

probes:
  - name: voices
    type: elevenlabs
    api_key: ${ELEVENLABS_API_KEY}
    degraded_below: 20

The key needs the permission to read the user (`user_read`) alone; no speech is made. The metrics
are elevenlabs.characters.left, elevenlabs.characters.used and elevenlabs.characters.left.percent.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import aiohttp
import msgspec
from msgspec import Meta, Struct

from sentinel.api import (
    Duration,
    Metric,
    Params,
    Probe,
    Secret,
    Signal,
    Status,
    duration,
    hook,
    redacted,
)

PAYING = frozenset({"active", "free", "free_disabled", "trialing"})
"""States of a subscription under which speech is made, unless the characters are used up."""


class ElevenLabsParams(Params, frozen=True, kw_only=True):
    api_key: Annotated[Secret, Meta(description="The key, with the permission user_read.")]
    degraded_below: Annotated[
        float, Meta(ge=0, le=100, description="Degraded with a smaller share of characters, in %.")
    ] = 10.0
    down_below: Annotated[
        int, Meta(ge=0, description="Down with fewer characters, unless more can be bought.")
    ] = 1
    down_above: Annotated[
        Duration, Meta(description="Down when an answer takes longer; below `timeout`.")
    ] = duration("10s")
    base_url: Annotated[
        str, Meta(pattern="^https?://[^@]+$", description="Where the API is, or a proxy of it.")
    ] = "https://api.elevenlabs.io"


class Subscription(Struct, frozen=True, kw_only=True):
    """Of the answer what is read here. An account that may extend its limit pays for what it uses
    beyond it."""

    status: str
    character_count: int
    character_limit: int
    can_extend_character_limit: bool = False
    allowed_to_extend_character_limit: bool = False

    @property
    def left(self) -> int:
        return max(0, self.character_limit - self.character_count)

    @property
    def left_percent(self) -> float:
        return round(100 * self.left / self.character_limit, 1) if self.character_limit else 0.0

    @property
    def extends(self) -> bool:
        return self.can_extend_character_limit and self.allowed_to_extend_character_limit


class Detail(Struct, frozen=True):
    status: str = ""
    message: str = ""


class Refusal(Struct, frozen=True):
    detail: Detail | str = ""


class Down(Exception):
    """ElevenLabs can't be used; the text says why, for a person."""


class ElevenLabsProbe(Probe[ElevenLabsParams]):
    type = "elevenlabs"
    summary = "An ElevenLabs subscription: key, state, characters left"
    Params = ElevenLabsParams
    bound = "down_above"
    interval = 300.0
    timeout = 25.0

    async def probe(self) -> Sequence[Signal]:
        begun = self.context.clock.monotonic()
        try:
            async with asyncio.timeout(self.params.down_above):
                found = await self._subscription()
        except TimeoutError:
            return [Status(status="down", message=f"no answer within {self.params.down_above}")]
        except Down as error:
            return [Status(status="down", message=redacted(str(error), self.params))]
        used, left = float(found.character_count), float(found.left)
        return [
            self._judge(found, self.context.clock.monotonic() - begun),
            Metric(name="elevenlabs.characters.used", value=used),
            Metric(name="elevenlabs.characters.left", value=left),
            Metric(name="elevenlabs.characters.left.percent", value=found.left_percent, unit="%"),
        ]

    def _judge(self, found: Subscription, latency: float) -> Status:
        said = f"{found.left} of {found.character_limit} characters are left"
        if found.status not in PAYING:
            text = f"the subscription is {found.status.replace('_', ' ')}"
            return Status(status="down", message=text, latency=latency)
        if found.extends:
            return Status(status="up", message=f"{said}, and more are sold", latency=latency)
        if found.left < self.params.down_below:
            return Status(status="down", message=said, latency=latency)
        if found.left_percent < self.params.degraded_below:
            text = f"{said}, expected {self.params.degraded_below:g} %"
            return Status(status="degraded", message=text, latency=latency)
        return Status(status="up", message=said, latency=latency)

    async def _subscription(self) -> Subscription:
        """Raises Down."""
        try:
            async with self.context.http.get(
                f"{self.params.base_url.rstrip('/')}/v1/user/subscription",
                headers={"xi-api-key": self.params.api_key.reveal()},
                # A redirect would take the key along.
                allow_redirects=False,
            ) as response:
                body = await response.read()
        except aiohttp.ClientError as error:
            raise Down(f"ElevenLabs can't be reached: {error}") from error
        if response.status != 200:
            raise Down(_refused(response.status, body))
        try:
            return msgspec.json.decode(body, type=Subscription)
        except msgspec.DecodeError as error:
            raise Down(f"ElevenLabs' answer makes no sense: {error}") from error


def _refused(status: int, body: bytes) -> str:
    try:
        detail = msgspec.json.decode(body, type=Refusal).detail
    except msgspec.DecodeError:
        detail = ""
    kind = detail.status if isinstance(detail, Detail) else ""
    said = detail.message if isinstance(detail, Detail) else detail
    if kind == "missing_permissions":
        return f"the key may not read the subscription: {said}"
    if status == 401:
        return f"ElevenLabs refuses the key: {said or 'HTTP 401'}"
    return f"ElevenLabs does not serve: {said or f'HTTP {status}'}"


@hook
def register_probes(register: Callable[[type[Probe[Any]]], None]) -> None:
    register(ElevenLabsProbe)
