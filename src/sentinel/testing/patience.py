"""Waits for what should end, without waiting in real time for what should not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sentinel.isolation import GRACE, Faulted, Guard
from sentinel.testing.clock import FakeClock
from sentinel.testing.provider import FakeProvider

LIMIT = 30.0
# Real seconds, reached only by a plugin that does not let go.
_LONGEST = 5.0


async def given_up(make: Callable[[], Awaitable[Any]], provider: FakeProvider) -> Any:
    """The outcome of a call that the core gives up once the provider has been asked."""
    clock = FakeClock()
    call = asyncio.create_task(Guard("under test", clock).call(make, LIMIT))
    asked = asyncio.create_task(provider.asked())
    await asyncio.wait((call, asked), timeout=_LONGEST, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    clock.advance(LIMIT)
    if not await ends(call):
        clock.advance(GRACE)
    return await call


async def ends(task: asyncio.Task[Any]) -> bool:
    """Whether it ends within a few seconds."""
    done, _ = await asyncio.wait((task,), timeout=_LONGEST)
    return bool(done)


def obeyed(outcome: Any) -> bool:
    """Whether a call that was given up let itself be cancelled."""
    return not (isinstance(outcome, Faulted) and "can't be cancelled" in outcome.reason)
