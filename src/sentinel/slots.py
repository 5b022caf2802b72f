"""How many probes look at once, and why those that hang keep only each other waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SHARE_OF_SLOW = 4


class Slots:
    """Places for `at_once` looks, of which those known to be slow get a quarter at most.

    Without that share, a network that swallows packets would fill all places with looks that wait
    for their time-out, and whatever still answers would be looked at late.
    """

    def __init__(self, at_once: int) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._slow = asyncio.Semaphore(max(1, at_once // SHARE_OF_SLOW))

    @asynccontextmanager
    async def taken(self, *, slow: bool) -> AsyncIterator[None]:
        """Waits for a place, which is free again at the end."""
        if slow:
            async with self._slow, self._all:
                yield
        else:
            async with self._all:
                yield
