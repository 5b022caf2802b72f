"""A number compared with a bound: the last one, or an aggregate over a window."""

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, hook

Aggregate = Literal["avg", "min", "max", "sum", "last", "count", "p50", "p95", "p99", "rate"]
MOST_SAMPLES = 10_000
_FIELDS = {"Metric": "value", "Status": "latency", "Checkin": "duration", "Span": "duration"}


class ThresholdParams(Params, frozen=True):
    above: Annotated[
        float | None, Meta(description="The alert exists while the number is greater.")
    ] = None
    below: Annotated[
        float | None, Meta(description="The alert exists while the number is smaller.")
    ] = None
    over: Annotated[
        Duration | None,
        Meta(description="Aggregate the numbers of this long; left out: only the last one."),
    ] = None
    aggregate: Annotated[
        Aggregate, Meta(description="How; rate is the growth per second of a counter.")
    ] = "avg"

    def __post_init__(self) -> None:
        if self.above is None and self.below is None:
            raise ValueError("expected `above` or `below`, found neither")


class Samples(Struct, frozen=True, array_like=True):
    """Times and values, oldest first; `held` is the verdict that stands while no data comes."""

    times: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    held: bool = False


class Threshold(Detector[ThresholdParams]):
    """Compares a metric's value, a status' latency, a check-in's or a span's duration.

    While no data comes, the last verdict stands. At most 10,000 numbers are aggregated: of a
    busier window the latest ones.
    """

    type = "threshold"
    summary = "A number above or below a bound"
    Params = ThresholdParams
    State = Samples
    kinds = frozenset({"metric", "status", "checkin", "span"})

    def __init__(self, params: ThresholdParams) -> None:
        super().__init__(params)
        self._written = "" if params.over is None else str(params.over)

    def observe(
        self, signal: AnySignal, state: Samples | None, now: float
    ) -> tuple[Samples, Verdict]:
        before = state or Samples()
        value = getattr(signal, _FIELDS[type(signal).__name__])
        if value is None or not math.isfinite(value):
            return self._judge(before, now)
        if self.params.over is None:
            return self._judge(Samples((now,), (value,), before.held), now)
        times = (*before.times, now)[-MOST_SAMPLES:]
        return self._judge(
            Samples(times, (*before.values, value)[-MOST_SAMPLES:], before.held), now
        )

    def tick(self, state: Samples, now: float) -> tuple[Samples, Verdict]:
        return self._judge(state, now)

    def explain(self, state: Samples | None, now: float) -> str:
        alive = self._alive(state or Samples(), now)
        if not alive.values:
            return "no data has come; the last verdict stands"
        what = f"{self.params.aggregate} over {self.params.over}" if self.params.over else "value"
        bounds = [
            f"{word} {bound:g}"
            for word, bound in (("above", self.params.above), ("below", self.params.below))
            if bound is not None
        ]
        return f"{what} is {self._number(alive):.6g}, the bound is {' or '.join(bounds)}"

    def _judge(self, state: Samples, now: float) -> tuple[Samples, Verdict]:
        alive = self._alive(state, now)
        if not alive.values:
            kept = Samples(held=state.held)
            return kept, Verdict(state.held)
        number = self._number(alive)
        holds = self._crosses(number)
        over = self.params.over
        recheck = alive.times[0] + over if over is not None else None
        facts = {"value": number, "timeframe": self._written}
        return Samples(alive.times, alive.values, holds), Verdict(holds, recheck, facts)

    def _alive(self, state: Samples, now: float) -> Samples:
        over = self.params.over
        if over is None or not state.times or state.times[0] + over > now:
            return state
        first = next(
            (n for n, time in enumerate(state.times) if time + over > now), len(state.times)
        )
        return Samples(state.times[first:], state.values[first:], state.held)

    def _crosses(self, number: float) -> bool:
        above, below = self.params.above, self.params.below
        return (above is not None and number > above) or (below is not None and number < below)

    def _number(self, samples: Samples) -> float:
        if self.params.over is None:
            return samples.values[-1]
        if self.params.aggregate == "rate":
            return _rate(samples)
        return _AGGREGATES[self.params.aggregate](samples.values)


def _quantile(share: float) -> Callable[[Sequence[float]], float]:
    """Nearest rank: a value that was really seen."""

    def of(values: Sequence[float]) -> float:
        return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]

    return of


def _rate(samples: Samples) -> float:
    """Growth per second; a counter that fell was reset and counts from zero."""
    seconds = samples.times[-1] - samples.times[0]
    if seconds <= 0:
        return 0.0
    pairs = zip(samples.values, samples.values[1:], strict=False)
    return sum(new - old if new >= old else new for old, new in pairs) / seconds


_AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "avg": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
    "sum": math.fsum,
    "last": lambda values: values[-1],
    "count": lambda values: float(len(values)),
    "p50": _quantile(0.50),
    "p95": _quantile(0.95),
    "p99": _quantile(0.99),
}


@hook
def register_detectors(register: Any) -> None:
    register(Threshold)
