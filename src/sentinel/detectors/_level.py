"""What a number is when it is steady, and whether it is worse than that by a factor now."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

_RECENT_PARTS = 10
_GOOD_PARTS = 12
_KEPT_PARTS = 16
"""Somewhat more, so that a value in each third of `good_for` is enough to fill it."""

Part = tuple[int, float, int]
"""The number of a stretch of time, and the sum and the count of its values."""


class LevelTerms(Struct, frozen=True, kw_only=True):
    """When a number is worse. `over` and `good_for` are in seconds."""

    over: float
    good_for: float
    factor: float
    min_change: float
    min_events: int
    direction: Literal["up", "down"]

    def exceeded(self, good: float, mean: float) -> bool:
        """A level of 0 or less has no multiple: there `min_change` alone decides, if given."""
        change = mean - good if self.direction == "up" else good - mean
        if change <= 0 or change < self.min_change:
            return False
        if good <= 0:
            return self.min_change > 0
        return mean > good * self.factor if self.direction == "up" else mean < good / self.factor


class Level(Struct, frozen=True, array_like=True, tag="level"):
    """`recent` are tenths of `over`, `steady` twelfths of `good_for` that came before them, both
    oldest first; `good` is the mean of the last steady time, None before the first."""

    recent: tuple[Part, ...] = ()
    steady: tuple[Part, ...] = ()
    good: float | None = None
    worse_since: float | None = None

    def mean(self) -> float:
        return _mean(self.recent)

    def count(self) -> int:
        return sum(part[2] for part in self.recent)


def levelled(before: Level, value: float, terms: LevelTerms, time: float) -> Level:
    """With one more value. While it is worse, the good level is kept, and nothing that came
    meanwhile is part of the next one."""
    width, slot = terms.over / _RECENT_PARTS, terms.good_for / _GOOD_PARTS
    index = int(time // width)
    parts = _added(before.recent, (index, value, 1))
    gone = [part for part in parts if part[0] <= index - _RECENT_PARTS]
    recent = parts[len(gone) :]
    if before.worse_since is not None:
        return _judged(Level(recent, (), before.good, before.worse_since), terms, time)
    steady, good = before.steady, before.good
    for number, total, count in gone:
        if good is None or not terms.exceeded(good, total / count):
            steady = _added(steady, (int((number + 0.5) * width // slot), total, count))
    if gone and steady:
        newest = steady[-1][0]
        steady = tuple(part for part in steady if part[0] > newest - _KEPT_PARTS)
        if newest - steady[0][0] >= _GOOD_PARTS and _is_steady(steady, terms.factor):
            good = _mean(steady)
    return _judged(Level(recent, steady, good), terms, time)


def _judged(level: Level, terms: LevelTerms, time: float) -> Level:
    """With too few values the last word stands."""
    if level.good is None or level.count() < terms.min_events:
        return level
    worse = terms.exceeded(level.good, level.mean())
    since = (level.worse_since or time) if worse else None
    return Level(level.recent, level.steady, level.good, since)


def _added(parts: tuple[Part, ...], new: Part) -> tuple[Part, ...]:
    if parts and parts[-1][0] == new[0]:
        number, total, count = parts[-1]
        return (*parts[:-1], (number, total + new[1], count + new[2]))
    return (*parts, new)


def _mean(parts: Sequence[Part]) -> float:
    count = sum(part[2] for part in parts)
    return sum(part[1] for part in parts) / count if count else 0.0


def _is_steady(parts: Sequence[Part], factor: float) -> bool:
    """Whether the mean of each part is within the factor of all."""
    whole = _mean(parts)
    means = [total / count for _, total, count in parts]
    if whole <= 0:
        return True
    return max(means) <= whole * factor and min(means) >= whole / factor
