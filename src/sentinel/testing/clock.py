"""A clock that stands still until it is told to move."""

import asyncio
import heapq
from itertools import count

START = 1_760_000_000.0


class FakeClock:
    """`now` and `monotonic` move only by `advance`; `sleep` returns once they have moved enough.

    `advance` wakes the sleepers and returns at once: give the loop a turn to see what they do.
    """

    def __init__(self, now: float = START) -> None:
        self._start = now
        self._passed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> float:
        return self._start + self._passed

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, next(self._order), woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Move both clocks on; sleepers wake in the order of their times."""
        self._passed += seconds
        while self._sleepers and self._sleepers[0][0] <= self._passed:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)

    def sleepers(self) -> int:
        """How many wait for the clock to move."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def step(self, seconds: float) -> None:
        """Set the wall clock on or back, as NTP or an operator does; nobody wakes by it."""
        self._start += seconds
