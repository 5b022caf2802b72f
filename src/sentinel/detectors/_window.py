"""Times within a window, kept so that a state is small and cheap to append to.

A window is open at its old end: what came at t counts in [t, t + span). Every comparison is
written as `time + span > now`, so that a recheck at `time + span` finds it gone.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

_NUMBER = struct.Struct("d")
MOST_TIMES = 256
CELLS = 128


def pack(number: float) -> bytes:
    return _NUMBER.pack(number)


def unpack(numbers: bytes) -> Sequence[float]:
    """A view of packed numbers; nothing is copied."""
    return memoryview(numbers).cast("d")


def latest(numbers: bytes, most: int) -> bytes:
    return numbers[-_NUMBER.size * most :]


def without_oldest(numbers: bytes, count: int) -> bytes:
    return numbers[_NUMBER.size * count :]


def gone(times: Sequence[float], span: float, now: float) -> int:
    """How many of these times, oldest first, are out of the window."""
    if not len(times) or times[0] + span > now:
        return 0
    return bisect_right(times, now, key=lambda time: time + span)


class Tally(Struct, frozen=True, array_like=True):
    """How many signals came when, oldest first.

    Up to 256 different times are kept as they are. A busier window is thinned out: what came
    within the same 128th of the span then counts as having come at the latest of these times.
    No signal is ever left out of the count.
    """

    times: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    total: int = 0

    def add(self, now: float, span: float) -> "Tally":
        total = self.total + 1
        if self.times and self.times[-1] == now:
            return Tally(self.times, (*self.counts[:-1], self.counts[-1] + 1), total)
        longer = Tally((*self.times, now), (*self.counts, 1), total)
        return longer if len(longer.times) <= MOST_TIMES else longer._thinned(span / CELLS)

    def within(self, span: float, now: float) -> "Tally":
        count = gone(self.times, span, now)
        if not count:
            return self
        total = self.total - sum(self.counts[:count])
        return Tally(self.times[count:], self.counts[count:], total)

    def next_end(self, span: float) -> Iterator[float]:
        """When the oldest leaves the window; nothing if there is none."""
        if self.times:
            yield self.times[0] + span

    def last_end(self, span: float) -> Iterator[float]:
        """When the youngest leaves it, after which it is empty; nothing if there is none."""
        if self.times:
            yield self.times[-1] + span

    def _thinned(self, cell: float) -> "Tally":
        times: list[float] = []
        counts: list[int] = []
        for time, count in zip(self.times, self.counts, strict=True):
            if times and times[-1] // cell == time // cell:
                times[-1], counts[-1] = time, counts[-1] + count
            else:
                times.append(time)
                counts.append(count)
        return Tally(tuple(times), tuple(counts), self.total)
