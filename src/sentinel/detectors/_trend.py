"""A straight line into the future, with an honest interval around it."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

from msgspec import Struct

LEAST_POINTS = 8
_LAG_SHARE = 8
_ROUNDING = 1e-7
"""Relative; of numbers that were kept as floats of 4 bytes."""


class Trend(Struct, frozen=True, array_like=True):
    """A line through `level` at time `at`, and how the variance around it grows with time.

    `noise` is that of a single value, `wander` what each second of the way adds, `doubt` the
    variance of the slope (per second). `freedom` are the degrees of freedom behind them.
    """

    at: float
    level: float
    slope: float
    noise: float
    wander: float
    doubt: float
    freedom: int

    def mean(self, time: float) -> float:
        return self.level + self.slope * (time - self.at)

    def deviation(self, time: float) -> float:
        ahead = time - self.at
        return sqrt(self.noise + self.wander * ahead + self.doubt * ahead * ahead)


def trend_of(times: Sequence[float], values: Sequence[float]) -> Trend | None:
    """Least squares, and a random walk in what the line leaves over. None of too few points.

    Residuals of independent noise differ as much from their neighbours as from those farther
    off; those of a random walk differ the more, the farther. So the variogram at a short and a
    long lag tells how much of the variance is noise and how much wanders; an interval that takes
    a walk for noise is far too narrow. The line's end is moved to the walk's present level by the
    steady gain of the Kalman filter. This is the local level model with a fixed drift: Harvey,
    "Forecasting, Structural Time Series Models and the Kalman Filter" (1989), chapter 4.
    """
    count = len(times)
    if count < LEAST_POINTS:
        return None
    start, first = times[-1], values[0]
    middle = sum(times) / count
    centre = first + sum([value - first for value in values]) / count
    steps = [time - middle for time in times]
    squares = sum([step * step for step in steps])
    product = sum([step * (v - centre) for step, v in zip(steps, values, strict=True)])
    slope = product / squares
    rest = [v - centre - slope * step for step, v in zip(steps, values, strict=True)]

    lag = max(2, count // _LAG_SHARE)
    near, far = _variogram(rest, 1), _variogram(rest, lag)
    walk = max(0.0, (far - near) / (lag - 1))
    noise = max(0.0, (near - walk) / 2)
    gain = _gain(walk, noise)
    offset = 0.0
    for residual in rest:
        offset += gain * (residual - offset)

    span = times[-1] - times[0]
    level = centre + slope * (start - middle) + offset
    rounding = _ROUNDING * max(abs(level), abs(first))
    return Trend(
        at=start,
        level=level,
        slope=slope,
        noise=noise * (1 + max(gain, 4 / count)) + rounding * rounding,
        wander=walk * (count - 1) / span,
        # Of a line through noise, and through a walk, whose slope is 6/5 of the variance per step
        # and point.
        doubt=noise / squares + 1.2 * walk * (count - 1) / (span * span),
        freedom=max(2, count // lag - 1),
    )


def student(confidence: float, freedom: int) -> float:
    """Half the width of a central interval in standard deviations, by the expansion of the
    t distribution in Abramowitz and Stegun, 26.7.5; within 2 % from 3 degrees of freedom and
    0.95 on, where it is too narrow."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    z3, z5, z7 = z**3, z**5, z**7
    return (
        z
        + (z3 + z) / (4 * freedom)
        + (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom**2)
        + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * freedom**3)
    )


def _variogram(rest: Sequence[float], lag: int) -> float:
    """The mean square of how far two residuals `lag` apart differ."""
    steps = [b - a for a, b in zip(rest, rest[lag:], strict=False)]
    return sum([step * step for step in steps]) / len(steps)


def _gain(walk: float, noise: float) -> float:
    """How much of a residual the level takes over, from 0 (noise alone) to 1 (a walk alone)."""
    if walk <= 0:
        return 0.0
    if noise <= 0:
        return 1.0
    ratio = walk / noise
    return (sqrt(ratio * ratio + 4 * ratio) - ratio) / 2
