"""The numbers of a window, with what an aggregate needs of them carried on from one to the next.

A sum over thousands of numbers, or the sorting of them, would be too slow to do at each signal.
What is carried on (`Running`) is no part of the state: it is made anew from the numbers wherever
it is missing, and gives exactly the same, since sums are kept as whole numbers of any size.
"""

import math
import sys
from bisect import bisect_left, insort
from typing import Protocol, TypeVar

from msgspec import Struct

from sentinel.detectors._window import gone, pack, unpack, without_oldest

MOST_SAMPLES = 10_000
_FEW = 100
_CARRIED = "_running"
_SCALE_BITS = 1074
"""Every float is a whole number of 2 to the power of minus this."""


class Running(Protocol):
    def take(self, value: float) -> None:
        """The next number."""

    def drop(self, value: float, following: float | None) -> None:
        """The oldest number goes; `following` is then the oldest."""


R = TypeVar("R", bound=Running)


class Samples(Struct, frozen=True, array_like=True, dict=True):
    """Times and values, packed, oldest first. `last` is the number that was last made of them: it
    stands while no data comes."""

    times: bytes = b""
    values: bytes = b""
    last: float | None = None

    @property
    def count(self) -> int:
        return len(unpack(self.times))

    def seconds(self) -> float:
        """Between the first and the latest."""
        times = unpack(self.times)
        return times[-1] - times[0] if len(times) else 0.0

    def latest(self) -> float:
        return unpack(self.values)[-1]

    def next_end(self, span: float) -> float:
        return unpack(self.times)[0] + span

    def last_end(self, span: float) -> float:
        return unpack(self.times)[-1] + span

    def extremes(self) -> tuple[float, float] | None:
        """The least and the greatest; None where it would take long to find them."""
        running = self.__dict__.get(_CARRIED)
        if isinstance(running, Ordered):
            return running.quantile(0), running.quantile(1)
        values = unpack(self.values)
        return (min(values), max(values)) if len(values) <= _FEW else None

    def longer(self, now: float, value: float) -> "Samples":
        running = self._handed_over()
        if running is not None:
            running.take(value)
        return _with(Samples(self.times + pack(now), self.values + pack(value), self.last), running)

    def within(self, span: float, now: float) -> "Samples":
        return self.without(gone(unpack(self.times), span, now))

    def without(self, count: int) -> "Samples":
        """All but the `count` oldest."""
        if count <= 0:
            return self
        running, values = self._handed_over(), unpack(self.values)
        if running is not None:
            for number in range(count):
                following = values[number + 1] if number + 1 < len(values) else None
                running.drop(values[number], following)
        return _with(
            Samples(
                without_oldest(self.times, count), without_oldest(self.values, count), self.last
            ),
            running,
        )

    def youngest(self) -> "Samples":
        """Those of the latest moment."""
        times = unpack(self.times)
        return self.without(bisect_left(times, times[-1]))

    def told(self, last: float | None) -> "Samples":
        if last is None or last == self.last:
            return self
        return _with(Samples(self.times, self.values, last), self._handed_over())

    def running(self, kind: type[R]) -> R:
        found = self.__dict__.get(_CARRIED)
        if type(found) is kind:
            return found
        made = kind()
        for value in unpack(self.values):
            made.take(value)
        self.__dict__[_CARRIED] = made
        return made

    def _handed_over(self) -> Running | None:
        """To the next state, which changes it: this one would have to make it anew."""
        running: Running | None = self.__dict__.pop(_CARRIED, None)
        return running


def _with(samples: Samples, running: Running | None) -> Samples:
    if running is not None:
        samples.__dict__[_CARRIED] = running
    return samples


class Sum:
    def __init__(self) -> None:
        self._total = 0

    def take(self, value: float) -> None:
        self._total += _whole(value)

    def drop(self, value: float, following: float | None) -> None:
        self._total -= _whole(value)

    def over(self, count: int) -> float:
        """The sum divided by a count, rounded once."""
        return _divided(self._total, count)


class Ordered:
    def __init__(self) -> None:
        self._values: list[float] = []

    def take(self, value: float) -> None:
        insort(self._values, value)

    def drop(self, value: float, following: float | None) -> None:
        del self._values[bisect_left(self._values, value)]

    def quantile(self, share: float) -> float:
        """By nearest rank: a value that was really seen. 0 is the least, 1 the greatest."""
        return self._values[max(0, math.ceil(share * len(self._values)) - 1)]


class Growth:
    """Of a counter: one that fell was reset, and counts from zero."""

    def __init__(self) -> None:
        self._total = 0
        self._latest: float | None = None

    def take(self, value: float) -> None:
        if self._latest is not None:
            self._total += _whole(_step(self._latest, value))
        self._latest = value

    def drop(self, value: float, following: float | None) -> None:
        if following is None:
            self._latest = None
        else:
            self._total -= _whole(_step(value, following))

    def over(self, seconds: float) -> float:
        return finite(_divided(self._total, 1) / seconds)


def finite(number: float) -> float:
    """The nearest number that can be written."""
    return max(-sys.float_info.max, min(sys.float_info.max, number))


def _step(old: float, new: float) -> float:
    return finite(new - old) if new >= old else new


def _whole(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_SCALE_BITS + 1 - denominator.bit_length())


def _divided(total: int, count: int) -> float:
    try:
        return total / (count << _SCALE_BITS)
    except OverflowError:
        return sys.float_info.max if total > 0 else -sys.float_info.max
