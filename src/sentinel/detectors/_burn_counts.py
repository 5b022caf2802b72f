"""Counts of bad and of other events within a long window, in buckets of a 60th of it."""

from msgspec import Struct

BUCKETS = 60


class Buckets(Struct, frozen=True, array_like=True):
    """`numbers` are times in bucket widths, oldest first; at most 60 are alive at a time.

    What came at t counts until its bucket ends to count: after between 59 and 60 widths.
    """

    numbers: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()
    others: tuple[int, ...] = ()

    def add(self, now: float, span: float, bad: int, others: int) -> "Buckets":
        number = int(now // (span / BUCKETS))
        if not self.numbers or self.numbers[-1] != number:
            return Buckets((*self.numbers, number), (*self.bad, bad), (*self.others, others))
        return Buckets(
            self.numbers,
            (*self.bad[:-1], self.bad[-1] + bad),
            (*self.others[:-1], self.others[-1] + others),
        )

    def within(self, span: float, now: float) -> "Buckets":
        gone = 0
        while gone < len(self.numbers) and _end(self.numbers[gone], span) <= now:
            gone += 1
        if not gone:
            return self
        return Buckets(self.numbers[gone:], self.bad[gone:], self.others[gone:])

    def next_end(self, span: float) -> float:
        """When the oldest bucket no longer counts; there is one."""
        return _end(self.numbers[0], span)


def _end(number: int, span: float) -> float:
    return (number + BUCKETS) * (span / BUCKETS)
