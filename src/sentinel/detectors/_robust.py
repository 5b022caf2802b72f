"""How far a number lies from what is expected, in robust standard deviations.

Spreads are learned from absolute deviations, not squares, so that one outlier weighs once. They
are scaled to the standard deviation of a normal distribution.
"""

from collections.abc import Sequence
from statistics import median
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from sentinel.api import Params

OF_MEDIAN = 1.4826
"""A standard deviation, in median absolute deviations of a normal distribution."""

OF_MEAN = 1.2533
"""The same in mean absolute deviations."""

REACH = 3.0
"""A value teaches as if it lay at most this many spreads off."""

_LEAST_SHARE = 0.001
_LEAST = 1e-9
_SIGMAS = {"low": 7.0, "medium": 5.0, "high": 3.5}


class DeviationParams(Params, frozen=True):
    sensitivity: Annotated[
        Literal["low", "medium", "high"] | Annotated[float, Meta(gt=0)],
        Meta(
            description="How far off is too far: low (7 robust standard deviations), medium (5), "
            "high (3.5), or a number of them."
        ),
    ] = "medium"
    direction: Annotated[
        Literal["up", "down", "both"], Meta(description="Which way off is worth an alert.")
    ] = "both"

    @property
    def bound(self) -> float:
        """In robust standard deviations."""
        chosen = self.sensitivity
        return _SIGMAS[chosen] if isinstance(chosen, str) else chosen


class Deviation(Struct, frozen=True, array_like=True):
    """A value beside what was expected of it at the time. The spread is greater than 0."""

    value: float
    expected: float
    spread: float

    @property
    def sigmas(self) -> float:
        return (self.value - self.expected) / self.spread

    def side(self, bound: float) -> int:
        """1 above the usual, -1 below it, 0 within."""
        sigmas = self.sigmas
        return (sigmas > bound) - (sigmas < -bound)

    def alarms(self, params: DeviationParams) -> bool:
        side = self.side(params.bound)
        return bool(side) and params.direction in ("both", "up" if side > 0 else "down")

    def facts(self, params: DeviationParams) -> dict[str, Any]:
        margin = params.bound * self.spread
        return {
            "value": self.value,
            "expected": self.expected,
            "lower": self.expected - margin,
            "upper": self.expected + margin,
            "sigmas": self.sigmas,
        }

    def text(self, params: DeviationParams) -> str:
        margin = params.bound * self.spread
        lower, upper = self.expected - margin, self.expected + margin
        verb = "is" if params.direction == "both" else f"({params.direction} alone) is"
        return (
            f"the value is {self.value:.6g}, expected is {self.expected:.6g}: "
            f"{abs(self.sigmas):.3g} robust standard deviations off, "
            f"the bound {verb} {params.bound:g}, which is {lower:.6g} to {upper:.6g}"
        )


def floored(spread: float, level: float) -> float:
    """A thousandth of the level is never a deviation: a series that has stood quite still has
    no spread of its own to measure by."""
    return max(spread, _LEAST_SHARE * abs(level), _LEAST)


def clipped(distance: float, reach: float) -> float:
    return max(-reach, min(reach, distance))


def median_spread(values: Sequence[float], around: float) -> float:
    return OF_MEDIAN * median(abs(value - around) for value in values)


def clipped_spread(values: Sequence[float], around: float, reach: float) -> float:
    return OF_MEAN * sum(min(abs(value - around), reach) for value in values) / len(values)
