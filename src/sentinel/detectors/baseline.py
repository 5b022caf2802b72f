"""Outside what this hour of the week usually is."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from sentinel.api import AnySignal, Detector, Duration, Verdict, duration, hook
from sentinel.detectors._reading import KINDS, lasting, reading
from sentinel.detectors._robust import Deviation, DeviationParams
from sentinel.detectors._week import UsualWeek, name_of

_HOUR = 3600
_MOST_SAMPLES = 64


class BaselineParams(DeviationParams, frozen=True):
    min_history: Annotated[
        Duration,
        Meta(description="How long it learns in silence; an hour not seen before stays silent."),
    ] = duration("14d")


class Hour(Struct, frozen=True, array_like=True):
    """The hour that runs, counted since 1970: every `stride`-th of the `seen` values in it."""

    number: int
    samples: tuple[float, ...] = ()
    stride: int = 1
    seen: int = 0

    def sampled(self, value: float) -> "Hour":
        """With a value; from when there is no room for more, half as many are taken."""
        samples, stride = self.samples, self.stride
        if self.seen % stride == 0:
            if len(samples) == _MOST_SAMPLES:
                samples, stride = samples[::2], 2 * stride
            samples = (*samples, value)
        return Hour(self.number, samples, stride, self.seen + 1)


class Learned(Struct, frozen=True, array_like=True):
    """About 2 KB. `last` is how the last value, of the time `at`, compared; None where its hour
    was not known."""

    since: float
    at: float
    week: UsualWeek
    hour: Hour
    last: Deviation | None = None


class Baseline(Detector[BaselineParams]):
    """Learns a level and a spread for each of the 168 hours of a week, in UTC: when clocks are
    set forward or back, habits that follow them lie an hour off for some weeks.

    An hour teaches once, when it is over, by its median; what that teaches is clipped, and weighs
    a quarter against the weeks before. So an outlier teaches nothing and a bad hour little; a
    change that lasts is usual after some four weeks. While no data comes, the last verdict stands.
    """

    type = "baseline"
    summary = "A number outside what this hour of the week usually is"
    Params = BaselineParams
    State = Learned
    kinds = KINDS
    facts: ClassVar[dict[str, str]] = {
        "value": "the last number",
        "expected": "what was expected of it",
        "lower": "the least that is usual",
        "upper": "the most that is usual",
        "sigmas": "how far off it is, in robust standard deviations; less than 0 below",
        "hour": "the hour of the week, such as Mon 09:00 UTC",
    }

    def observe(self, signal: AnySignal, state: Learned | None, now: float) -> tuple[Any, Verdict]:
        value = reading(signal)
        if value is None:
            return state, Verdict(False) if state is None else self._judge(state)
        number = int(now // _HOUR)
        if state is None:
            since, week, hour = now, UsualWeek(), Hour(number)
        else:
            since, week, hour = state.since, state.week, state.hour
        if hour.number != number:
            week, hour = week.learned(hour.number, hour.samples), Hour(number)
        after = Learned(since, now, week, hour.sampled(value), week.deviation(number, value))
        return after, self._judge(after)

    def tick(self, state: Learned, now: float) -> tuple[Any, Verdict]:
        return state, self._judge(state)

    def explain(self, state: Learned | None, now: float) -> str:
        wanted = self.params.min_history
        if state is None:
            return f"no data has come; it learns in silence for {wanted}"
        if state.at - state.since < wanted:
            seen = lasting(state.at - state.since)
            return f"it learns in silence for {wanted}, and has seen {seen}"
        hour = name_of(state.hour.number)
        if state.last is None:
            return f"{hour} was not seen in an earlier week, so there is nothing to compare with"
        return f"at {hour} {state.last.text(self.params)}"

    def _judge(self, state: Learned) -> Verdict:
        if state.last is None or state.at - state.since < self.params.min_history:
            return Verdict(False)
        facts = {**state.last.facts(self.params), "hour": name_of(state.hour.number)}
        return Verdict(state.last.alarms(self.params), None, facts)


@hook
def register_detectors(register: Any) -> None:
    register(Baseline)
