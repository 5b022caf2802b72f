"""What each hour of the week usually is."""

from collections.abc import Sequence
from statistics import median
from struct import iter_unpack, pack, unpack_from

from msgspec import Struct

from sentinel.detectors._robust import (
    REACH,
    Deviation,
    clipped,
    clipped_spread,
    floored,
    median_spread,
)

SLOTS = 168
_BLANK = bytes(4 * SLOTS)
_DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # 1970 began on a Thursday.
_AROUND = range(-3, 4)
_ENOUGH_FOR_SPREAD = 4
_ENOUGH_FOR_TYPICAL = 12
_CONTRADICTION = 10.0
_LEAST_SHARE = 0.25

Usual = tuple[float, float]
"""A level and a spread; a spread of 0 is one that could not be told yet."""


class UsualWeek(Struct, frozen=True, array_like=True):
    """`levels` and `spreads` are 168 little-endian floats of 4 bytes, `weeks` 168 bytes: in how
    many weeks an hour was learned from. Hours are counted since 1970, UTC."""

    levels: bytes = _BLANK
    spreads: bytes = _BLANK
    weeks: bytes = bytes(SLOTS)

    def deviation(self, hour: int, value: float) -> Deviation | None:
        """None for an hour of the week that was never learned from.

        The spread is the hour's own, or that of the hours around it if that is more typical: two
        weeks of a single hour are few to measure a spread by.
        """
        slot = hour % SLOTS
        if not self.weeks[slot]:
            return None
        level, spread = self._usual(slot)
        around = [spread for _, spread in self._around(slot)]
        return Deviation(value, level, floored(max(spread, median(around)), level))

    def learned(self, hour: int, samples: Sequence[float]) -> "UsualWeek":
        """With an hour that is over. By its median, so that single outliers teach nothing."""
        if not samples:
            return self
        slot = hour % SLOTS
        known, usual = self.weeks[slot], self._usual(slot)
        if known == 0:
            usual = _first(samples)
        elif known == 1:
            near = median(level for level, _ in self._around(slot))
            usual = _second(usual, samples, near, self._typical_spread())
        else:
            usual = _later(usual, samples, max(1 / (known + 1), _LEAST_SHARE))
        return UsualWeek(
            _put(self.levels, slot, pack("<f", usual[0])),
            _put(self.spreads, slot, pack("<f", usual[1])),
            _put(self.weeks, slot, bytes([min(known + 1, 255)])),
        )

    def _usual(self, slot: int) -> Usual:
        level, spread = (unpack_from("<f", of, 4 * slot)[0] for of in (self.levels, self.spreads))
        return level, spread

    def _around(self, slot: int) -> list[Usual]:
        near = [(slot + step) % SLOTS for step in _AROUND]
        return [self._usual(one) for one in near if self.weeks[one]]

    def _typical_spread(self) -> float | None:
        """Of all hours; None where too few could be told."""
        told = [spread for (spread,) in iter_unpack("<f", self.spreads) if spread]
        return median(told) if len(told) >= _ENOUGH_FOR_TYPICAL else None


def name_of(hour: int) -> str:
    """As `Tue 14:00 UTC`."""
    day, of_day = divmod(hour % SLOTS, 24)
    return f"{_DAYS[day]} {of_day:02}:00 UTC"


def _first(samples: Sequence[float]) -> Usual:
    middle = median(samples)
    enough = len(samples) >= _ENOUGH_FOR_SPREAD
    return middle, median_spread(samples, middle) if enough else 0.0


def _second(usual: Usual, samples: Sequence[float], near: float, typical: float | None) -> Usual:
    """Of two weeks that contradict each other, the one nearer to the hours around is believed:
    else an outage in either would be usual for months."""
    level, spread = usual
    middle = median(samples)
    if typical is not None and abs(middle - level) > _CONTRADICTION * floored(typical, level):
        believed = level if abs(level - near) < abs(middle - near) else middle
        return believed, max(min(spread, median_spread(samples, middle)), typical)
    found = median_spread(samples, level)
    return (level + middle) / 2, (spread + found) / 2 if spread else found


def _later(usual: Usual, samples: Sequence[float], share: float) -> Usual:
    """What a bad hour teaches is clipped, so that it teaches little."""
    level, spread = usual
    reach = REACH * floored(spread, level)
    spread += share * (clipped_spread(samples, level, reach) - spread)
    return level + share * clipped(median(samples) - level, reach), spread


def _put(packed: bytes, slot: int, part: bytes) -> bytes:
    start = slot * len(part)
    return packed[:start] + part + packed[start + len(part) :]
