"""A number that will cross a bound."""

from math import isnan
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, duration, hook
from sentinel.detectors._means import Means
from sentinel.detectors._outlook import Bound, Outlook, outlook_of
from sentinel.detectors._reading import KINDS, lasting, reading
from sentinel.detectors._season import season_at, season_of
from sentinel.detectors._trend import LEAST_POINTS, Trend, student, trend_of

_BUCKETS = 288
_HOURS = 168
_HOUR = 3600
_FARTHEST = 4.0


class ForecastParams(Params, frozen=True):
    within: Annotated[Duration, Meta(description="How far to look ahead.")]
    above: Annotated[
        float | None, Meta(description="The alert exists if the number will be greater.")
    ] = None
    below: Annotated[
        float | None, Meta(description="The alert exists if the number will be smaller.")
    ] = None
    confidence: Annotated[
        float,
        Meta(ge=0.5, le=0.999, description="Of the interval, all of which must cross the bound."),
    ] = 0.9
    history: Annotated[Duration, Meta(description="How far back the trend is taken from.")] = (
        duration("24h")
    )
    min_history: Annotated[Duration, Meta(description="How long it learns in silence.")] = duration(
        "1h"
    )

    def __post_init__(self) -> None:
        if self.above is None and self.below is None:
            raise ValueError("expected `above` or `below`, found neither")
        if self.history <= 0:
            raise ValueError(f"expected a `history` of more than 0s, found {self.history}")
        if not 0 < self.within <= _FARTHEST * self.history:
            raise ValueError(
                f"expected a `within` of up to {_FARTHEST:g} times `history` "
                f"({self.history}), found {self.within}: a forecast needs a past to match"
            )
        if self.min_history > self.history:
            raise ValueError(
                f"expected a `min_history` within `history` ({self.history}), "
                f"found {self.min_history}"
            )


class Past(Struct, frozen=True, array_like=True):
    """The series in buckets of `width` seconds and of an hour, and what was made of them when the
    last bucket closed. About 2 KB."""

    width: float
    since: float
    at: float
    value: float
    buckets: Means
    hours: Means
    season: tuple[float, ...] = ()
    trend: Trend | None = None


class Forecast(Detector[ForecastParams]):
    """Fits a line to the means of 288 stretches of `history`, each time one closes, and looks
    ahead from the last value. It fires where the near edge of the prediction interval crosses,
    not the line alone: a flat or noisy series gives no alert, one that walks at random seldom.
    It looks ahead at most four times as far as it has seen.

    A daily cycle is taken off first, from hourly means of up to 7 days, once two whole days are
    seen and repeat. A value beyond the bound fires at once, with an `eta` of 0s. While no data
    comes, the last verdict stands.
    """

    type = "forecast"
    summary = "A number that will cross a bound within a time"
    Params = ForecastParams
    State = Past
    kinds = KINDS
    facts: ClassVar[dict[str, str]] = {
        "value": "the last number",
        "within": "the parameter",
        "bound": "the bound that will be crossed",
        "eta": "in how long, such as 3h20m; 0s if it is crossed",
        "expected": "what is forecast, for when it surely crosses or else for the end of `within`",
        "lower": "the lower end of its interval",
        "upper": "the upper end of its interval",
        "growth": "the trend for each hour",
    }

    def __init__(self, params: ForecastParams) -> None:
        super().__init__(params)
        self._width = params.history / _BUCKETS
        written = ((params.above, 1), (params.below, -1))
        self._bounds = [Bound(number, side) for number, side in written if number is not None]
        self._named = " or ".join(map(str, self._bounds))

    def observe(self, signal: AnySignal, state: Past | None, now: float) -> tuple[Any, Verdict]:
        value = reading(signal)
        if value is None:
            return state, Verdict(False) if state is None else self._judge(state, now)
        if state is None or state.width != self._width:
            buckets, hours = Means(int(now // self._width)), Means(int(now // _HOUR))
            state = Past(self._width, now, now, value, buckets, hours)
        past = _added(state, value, now)
        return past, self._judge(past, now)

    def tick(self, state: Past, now: float) -> tuple[Any, Verdict]:
        return state, self._judge(state, now)

    def explain(self, state: Past | None, now: float) -> str:
        if state is None:
            return "no data has come, so there is nothing to forecast from"
        value = f"the value is {state.value:.6g}"
        if self._reached(state.value) is not None:
            return f"{value} already, the bound is {self._named}"
        outlook = self._outlook(state)
        if outlook is None:
            return (
                f"{value}; it learns in silence for {self.params.min_history} and "
                f"{LEAST_POINTS} stretches of {lasting(state.width)}, and has seen "
                f"{lasting(state.at - state.since)}"
            )
        interval = f"{outlook.lower:.6g} to {outlook.upper:.6g} ({self.params.confidence:.4g})"
        if outlook.bound is None:
            return (
                f"{value}; within {self.params.within} it will not surely be {self._named}: "
                f"in the end {interval} is expected"
            )
        return (
            f"{value} and will be {outlook.bound} in {_eta(outlook, now)}; where all of the "
            f"interval is beyond the bound it is {interval}"
        )

    def _judge(self, past: Past, now: float) -> Verdict:
        facts: dict[str, Any] = {"value": past.value, "within": str(self.params.within)}
        reached = self._reached(past.value)
        if reached is not None:
            return Verdict(True, None, {**facts, "bound": reached.number, "eta": "0s"})
        outlook = self._outlook(past)
        if outlook is None or past.trend is None:
            return Verdict(False, None, facts)
        facts |= {
            "expected": outlook.expected,
            "lower": outlook.lower,
            "upper": outlook.upper,
            "growth": past.trend.slope * _HOUR,
        }
        if outlook.bound is None:
            return Verdict(False, None, facts)
        facts |= {"bound": outlook.bound.number, "eta": _eta(outlook, now)}
        return Verdict(True, None, facts)

    def _reached(self, value: float) -> Bound | None:
        """The bound that a value is beyond."""
        return next((bound for bound in self._bounds if bound.passed(value) > 0), None)

    def _outlook(self, past: Past) -> Outlook | None:
        """None while there is too little to forecast from. Seen from the last value on, so that
        it stands until there is another."""
        seen = past.at - past.since
        if past.trend is None or seen < self.params.min_history:
            return None
        end = past.at + min(self.params.within, _FARTHEST * seen)
        width = student(self.params.confidence, past.trend.freedom)
        return outlook_of(past.trend, past.season, past.at, end, width, self._bounds)


def _eta(outlook: Outlook, now: float) -> str:
    return lasting(max(0.0, outlook.crossing - now))


def _added(past: Past, value: float, now: float) -> Past:
    hours = past.hours.added(int(now // _HOUR), value, _HOURS)
    buckets = past.buckets.added(int(now // past.width), value, _BUCKETS)
    season, trend = past.season, past.trend
    if hours.index != past.hours.index:
        season = season_of(hours.closed(), hours.index)
    if buckets.index != past.buckets.index:
        trend = _fitted(buckets, past.width, season)
    return Past(past.width, past.since, now, value, buckets, hours, season, trend)


def _fitted(buckets: Means, width: float, season: tuple[float, ...]) -> Trend | None:
    means = buckets.closed()
    first = (buckets.index - len(means) + 0.5) * width
    points = [(first + n * width, mean) for n, mean in enumerate(means) if not isnan(mean)]
    times = [time for time, _ in points]
    return trend_of(times, [mean - season_at(season, time) for time, mean in points])


@hook
def register_detectors(register: Any) -> None:
    register(Forecast)
