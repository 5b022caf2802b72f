"""A streaming anomaly score: how far the value lies from the recent level."""

from math import exp
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from sentinel.api import AnySignal, Detector, Duration, Verdict, duration, hook
from sentinel.detectors._reading import KINDS, reading
from sentinel.detectors._robust import (
    OF_MEAN,
    REACH,
    Deviation,
    DeviationParams,
    clipped,
    floored,
)

_LEVEL_SAMPLES = 20
_SPREAD_SAMPLES = 100
_SPREAD_HORIZONS = 10
_UNCLIPPED_SAMPLES = 10
_LEAST_RUN = 5


class AnomalyParams(DeviationParams, frozen=True):
    min_samples: Annotated[
        int, Meta(ge=10, description="How many values it learns from in silence.")
    ] = 60
    adapts_after: Annotated[
        Duration,
        Meta(description="A change of level that has lasted this long is the new normal."),
    ] = duration("1h")


class Run(Struct, frozen=True, array_like=True):
    """Values in a row that lie off on one side (1 above, -1 below), and what they are like."""

    side: int
    since: float
    count: int
    level: float
    spread: float


class Recent(Struct, frozen=True, array_like=True):
    """What is normal of late, and how the last value, of the time `at`, compared with it."""

    count: int
    at: float
    level: float
    spread: float
    last: Deviation
    run: Run | None = None


class Anomaly(Detector[AnomalyParams]):
    """Compares with a level over a short horizon (`adapts_after`) in units of a spread over one
    ten times as long, both averaged exponentially and by time, but over no fewer than 20 and 100
    values.

    A value that lies off teaches nothing, so an anomaly does not become normal by being there.
    When values have lain off on one side for `adapts_after`, and five of them at least, their
    level is taken over. While no data comes, the last verdict stands.
    """

    type = "anomaly"
    summary = "A number far from its recent level"
    Params = AnomalyParams
    State = Recent
    kinds = KINDS
    facts: ClassVar[dict[str, str]] = {
        "value": "the last number",
        "expected": "what was expected of it",
        "lower": "the least that is usual",
        "upper": "the most that is usual",
        "sigmas": "how far off it is, in robust standard deviations; less than 0 below",
    }

    def observe(self, signal: AnySignal, state: Recent | None, now: float) -> tuple[Any, Verdict]:
        value = reading(signal)
        if value is None:
            return state, Verdict(False) if state is None else self._judge(state)
        if state is None:
            recent = Recent(1, now, value, 0.0, Deviation(value, value, floored(0.0, value)))
        else:
            recent = self._taught(state, value, now)
        return recent, self._judge(recent)

    def tick(self, state: Recent, now: float) -> tuple[Any, Verdict]:
        return state, self._judge(state)

    def explain(self, state: Recent | None, now: float) -> str:
        wanted = self.params.min_samples
        seen = 0 if state is None else state.count
        if state is None or seen <= wanted:
            return f"it learns in silence from {wanted} values, and has seen {seen}"
        return state.last.text(self.params)

    def _judge(self, recent: Recent) -> Verdict:
        if recent.count <= self.params.min_samples:
            return Verdict(False)
        return Verdict(recent.last.alarms(self.params), None, recent.last.facts(self.params))

    def _taught(self, before: Recent, value: float, now: float) -> Recent:
        count = before.count + 1
        last = _deviation(value, before.level, before.spread)
        side = last.side(self.params.bound) if count > self.params.min_samples else 0
        if not side:
            level, spread = self._averaged(before, value, now)
            return Recent(count, now, level, spread, last)
        run = _continued(before.run, side, value, now)
        if run.count < _LEAST_RUN or now - run.since < self.params.adapts_after:
            return Recent(count, now, before.level, before.spread, last, run)
        spread = max(before.spread, run.spread)
        return Recent(count, now, run.level, spread, _deviation(value, run.level, spread))

    def _averaged(self, before: Recent, value: float, now: float) -> tuple[float, float]:
        """The level and the spread with one more value. The first few are plain averages."""
        count, horizon = before.count + 1, max(self.params.adapts_after, 1.0)
        passed = now - before.at
        of_level = max(1 / count, min(1 / _LEVEL_SAMPLES, 1 - exp(-passed / horizon)))
        of_spread = max(
            1 / count,
            min(1 / _SPREAD_SAMPLES, 1 - exp(-passed / (_SPREAD_HORIZONS * horizon))),
        )
        distance = value - before.level
        if count > _UNCLIPPED_SAMPLES:
            distance = clipped(distance, REACH * floored(before.spread, before.level))
        spread = before.spread + of_spread * (OF_MEAN * abs(distance) - before.spread)
        return before.level + of_level * distance, spread


def _deviation(value: float, level: float, spread: float) -> Deviation:
    return Deviation(value, level, floored(spread, level))


def _continued(run: Run | None, side: int, value: float, now: float) -> Run:
    if run is None or run.side != side:
        return Run(side, now, 1, value, 0.0)
    count = run.count + 1
    share = max(1 / count, 1 / _LEVEL_SAMPLES)
    distance = value - run.level
    spread = run.spread + share * (OF_MEAN * abs(distance) - run.spread)
    return Run(side, run.since, count, run.level + share * distance, spread)


@hook
def register_detectors(register: Any) -> None:
    register(Anomaly)
