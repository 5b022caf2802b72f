"""A number compared with a bound: the last one, or an aggregate over a window."""

import math
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, hook
from sentinel.detectors._bounds import crosses, need_length, need_one, told
from sentinel.detectors._samples import MOST_SAMPLES, Growth, Ordered, Samples, Sum

Aggregate = Literal["avg", "min", "max", "sum", "last", "count", "p50", "p95", "p99", "rate"]
_QUANTILES = {"min": 0.0, "p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
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
        need_one(above=self.above, below=self.below)
        if self.over is not None:
            need_length("over", self.over)


class Threshold(Detector[ThresholdParams]):
    """Compares a metric's value, a status' latency, a check-in's or a span's duration.

    While no data comes, the last number stands. At most 10,000 numbers are aggregated, each of
    them exactly: of a busier window the latest ones.
    """

    type = "threshold"
    summary = "A number above or below a bound"
    Params = ThresholdParams
    State = Samples
    kinds = frozenset({"metric", "status", "checkin", "span"})
    facts: ClassVar[dict[str, str]] = {
        "value": "the number that is compared",
        "timeframe": "the parameter `over`",
    }

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
            return self._judge(Samples(last=value), now)
        after = before.within(self.params.over, now).longer(now, value)
        beyond = after.count - MOST_SAMPLES
        return self._judge(after.without(beyond), now, full=beyond > 0)

    def tick(self, state: Samples, now: float) -> tuple[Samples, Verdict]:
        return self._judge(state, now)

    def explain(self, state: Samples | None, now: float) -> str:
        if state is None or state.last is None:
            return "no data to compare has come yet"
        over = self.params.over
        what = "value" if over is None else f"{self.params.aggregate} over {over}"
        number = None if over is None else self._number(state.within(over, now))
        verb = "was last" if over is not None and number is None else "is"
        number = state.last if number is None else number
        bound = told(self.params.above, self.params.below)
        return f"{what} {verb} {number:.6g}, the bound is {bound}"

    def _judge(self, state: Samples, now: float, full: bool = False) -> tuple[Samples, Verdict]:
        over = self.params.over
        recheck = None
        if over is not None:
            alive = state.within(over, now)
            if state.count and not alive.count:
                # What stands from now on is what the youngest of them make.
                state = state.youngest()
                alive = state.told(self._number(state)).without(state.count)
            state = alive.told(self._number(alive))
            recheck = self._recheck(state, over) if state.count else None
        if state.last is None:
            return state, Verdict(False, recheck)
        facts = {"value": state.last, "timeframe": self._written}
        holds = crosses(state.last, self.params.above, self.params.below)
        return state, Verdict(holds, recheck, facts, full)

    def _recheck(self, state: Samples, over: float) -> float:
        """When a number that leaves the window may change the verdict. Where all of them are on
        one side of the bounds, so is every average and quantile of them: then only the end of the
        last one matters, after which nothing of them is worth keeping."""
        extremes = state.extremes() if self.params.aggregate in _BETWEEN else None
        if extremes is None:
            return state.next_end(over)
        least, greatest = extremes
        above, below = self.params.above, self.params.below
        clear = (above is None or greatest <= above) and (below is None or least >= below)
        beyond = (above is not None and least > above) or (below is not None and greatest < below)
        return state.last_end(over) if clear or beyond else state.next_end(over)

    def _number(self, samples: Samples) -> float | None:
        """None where there is nothing to make a number of."""
        count, how = samples.count, self.params.aggregate
        if not count:
            return None
        match how:
            case "last":
                return samples.latest()
            case "count":
                return float(count)
            case "sum":
                return samples.running(Sum).over(1)
            case "avg":
                return samples.running(Sum).over(count)
            case "rate":
                # From one number, or from several of one moment, no growth can be told.
                seconds = samples.seconds()
                return samples.running(Growth).over(seconds) if seconds > 0 else None
        return samples.running(Ordered).quantile(_QUANTILES[how])


# Aggregates that lie between the least and the greatest of their numbers.
_BETWEEN = frozenset({"avg", "min", "max", "last", *_QUANTILES})


@hook
def register_detectors(register: Any) -> None:
    register(Threshold)
