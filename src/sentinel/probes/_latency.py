"""How long a look at a service took, held against two bounds."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

from msgspec import Meta

from sentinel.api import Clock, Duration, Params, Status, duration

T = TypeVar("T")


class Failed(Exception):
    """The target is down; the text says why, for a person. `latency` is in seconds."""

    latency: float | None = None


class LatencyParams(Params, frozen=True, kw_only=True):
    degraded_above: Annotated[Duration, Meta(description="Degraded when slower.")] = duration("1s")
    down_above: Annotated[
        Duration,
        Meta(
            description="Down when slower. If only a shorter `timeout` is given, nine tenths of it."
        ),
    ] = duration("5s")

    def __post_init__(self) -> None:
        if self.degraded_above > self.down_above:
            raise ValueError("expected degraded_above to be at most down_above")


async def timed(
    clock: Clock, params: LatencyParams, look: Callable[[], Awaitable[T]]
) -> tuple[T, float]:
    """What the look found, and the seconds that it took; Failed once they are too many."""
    begun = clock.monotonic()
    try:
        async with asyncio.timeout(params.down_above):
            found = await look()
    except TimeoutError as error:
        failed = Failed(f"no answer within {params.down_above}")
        failed.latency = clock.monotonic() - begun
        raise failed from error
    latency = clock.monotonic() - begun
    if latency > params.down_above:
        failed = Failed(f"it took {seconds(latency)}, more than {params.down_above}")
        failed.latency = latency
        raise failed
    return found, latency


def down(failed: Failed) -> Status:
    return Status(status="down", message=str(failed), latency=failed.latency)


def answered(
    said: str, latency: float, params: LatencyParams, warnings: Sequence[str] = ()
) -> Status:
    """Up, or degraded with the warnings and the slowness as its message."""
    found = list(warnings)
    if latency > params.degraded_above:
        found.insert(0, f"it took {seconds(latency)}, more than {params.degraded_above}")
    return Status(
        status="degraded" if found else "up",
        message=", ".join(found) or f"{said} in {seconds(latency)}",
        latency=latency,
    )


def seconds(latency: float) -> str:
    return f"{latency * 1000:.0f} ms" if latency < 1 else f"{latency:.1f} s"
