"""Many more, or many fewer, signals than just before."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, duration, hook
from sentinel.detectors._bounds import need_at_least, need_length
from sentinel.detectors._window import Tally, gone

Count = Annotated[int, Meta(ge=0)]


class SpikeParams(Params, frozen=True):
    spike_height: Annotated[
        float, Meta(gt=1, description="How many times as many signals, or as few, make the alert.")
    ]
    spike_type: Annotated[
        Literal["up", "down", "both"], Meta(description="Which of the two is looked for.")
    ] = "up"
    timeframe: Annotated[
        Duration, Meta(description="The current window; the reference is as long, just before it.")
    ] = duration("5m")
    threshold_ref: Annotated[
        Count, Meta(description="With fewer signals in the reference window there is no alert.")
    ] = 10
    threshold_cur: Annotated[
        Count, Meta(description="With fewer signals in the current window there is no alert.")
    ] = 0
    forget_after: Annotated[
        Duration, Meta(description="A group that was silent for so long begins anew.")
    ] = duration("7d")

    def __post_init__(self) -> None:
        need_length("timeframe", self.timeframe)
        need_at_least("forget_after", self.forget_after, 2 * self.timeframe, "twice the timeframe")


class Arrivals(Struct, frozen=True, array_like=True):
    """`since` is the time of the first signal, `last` that of the latest."""

    since: float
    last: float
    tally: Tally


class Spike(Detector[SpikeParams]):
    """As ElastAlert's rule of this name: current window ÷ reference window.

    It says nothing before both windows have been seen whole since the first signal. Beyond 256
    signals in both windows together, the edge between them is exact to a 64th of the timeframe.
    """

    type = "spike"
    summary = "spike_height times as many signals as in the timeframe before, or as few"
    Params = SpikeParams
    State = Arrivals
    facts: ClassVar[dict[str, str]] = {
        "count": "signals in the current window",
        "reference": "signals in the window before",
        "timeframe": "the parameter",
    }

    def __init__(self, params: SpikeParams) -> None:
        super().__init__(params)
        self._both = 2 * params.timeframe
        self._written = str(params.timeframe)

    def observe(self, signal: AnySignal, state: Arrivals | None, now: float) -> tuple[Any, Verdict]:
        before = state or Arrivals(now, now, Tally())
        tally = before.tally.within(self._both, now).add(now, self._both)
        return self._judge(Arrivals(before.since, now, tally), now)

    def tick(self, state: Arrivals, now: float) -> tuple[Any, Verdict]:
        return self._judge(state, now)

    def explain(self, state: Arrivals | None, now: float) -> str:
        params = self.params
        if state is None:
            return "no signal has come yet"
        if state.since + self._both > now:
            return f"seen for less than two timeframes of {params.timeframe}"
        current, reference = self._counts(state.tally.within(self._both, now), now)
        bound = f"{params.spike_height:g} times {_DIRECTION[params.spike_type]}"
        if reference < params.threshold_ref:
            bound += f" of at least {params.threshold_ref} before"
        elif current < params.threshold_cur:
            bound += f" and at least {params.threshold_cur}"
        return (
            f"{current} within {params.timeframe} and {reference} in the {params.timeframe} "
            f"before, the bound is {bound}"
        )

    def _judge(self, state: Arrivals, now: float) -> tuple[Any, Verdict]:
        forgotten = state.last + self.params.forget_after
        if forgotten <= now:
            return None, Verdict(False)
        tally = state.tally.within(self._both, now)
        current, reference = self._counts(tally, now)
        ready = state.since + self._both
        holds = ready <= now and self._is_spike(current, reference)
        changes = [forgotten, *tally.next_end(self._both)]
        if ready > now:
            changes.append(ready)
        changes += tally.within(self.params.timeframe, now).next_end(self.params.timeframe)
        facts = {"count": current, "reference": reference, "timeframe": self._written}
        after = Arrivals(state.since, state.last, tally)
        return after, Verdict(holds, min(changes), facts)

    def _counts(self, tally: Tally, now: float) -> tuple[int, int]:
        edge = gone(tally.times, self.params.timeframe, now)
        return sum(tally.counts[edge:]), sum(tally.counts[:edge])

    def _is_spike(self, current: int, reference: int) -> bool:
        params = self.params
        if current < params.threshold_cur or reference < params.threshold_ref:
            return False
        # Without a signal in either window each of the two comparisons would hold.
        up = current > 0 and current >= reference * params.spike_height
        down = reference > 0 and current <= reference / params.spike_height
        return (up and params.spike_type != "down") or (down and params.spike_type != "up")


_DIRECTION = {"up": "as many", "down": "as few", "both": "as many or as few"}


@hook
def register_detectors(register: Any) -> None:
    register(Spike)
