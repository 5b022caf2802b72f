"""Worse than when it was last known to be good."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from sentinel.api import AnySignal, Detector, Duration, Params, Status, Verdict, duration, hook
from sentinel.detectors._level import Level, LevelTerms, levelled
from sentinel.detectors._reading import KINDS, reading
from sentinel.detectors._standing import Standing, stood


class RegressionParams(Params, frozen=True):
    good_for: Annotated[
        Duration,
        Meta(
            description="A state or level that has been steady for this long is a good one. "
            "Numbers must come at least three times as often."
        ),
    ] = duration("30m")
    over: Annotated[Duration, Meta(description="Compare the mean of the numbers of this long.")] = (
        duration("10m")
    )
    factor: Annotated[
        float, Meta(gt=1, description="So many times the good level, or one part of so many.")
    ] = 2.0
    min_change: Annotated[
        float,
        Meta(
            ge=0,
            description="And at least so far from it. A good level of 0 has no multiple: there "
            "this alone decides, and without it nothing is worse.",
        ),
    ] = 0.0
    min_events: Annotated[
        int, Meta(ge=1, description="How many numbers a mean needs to count.")
    ] = 3
    direction: Annotated[Literal["up", "down"], Meta(description="Which way is worse.")] = "up"

    def __post_init__(self) -> None:
        if not 0 < self.over <= self.good_for:
            raise ValueError(
                f"expected an `over` of more than 0s and up to `good_for` ({self.good_for}), "
                f"found {self.over}"
            )


class Regression(Detector[RegressionParams]):
    """Compares a component's state with the last one that stood for `good_for`, and a metric's
    value or a duration with its last steady level: the mean of `good_for` in which no part was
    off by the factor.

    While it is worse, the good one is kept, however long that lasts. While no data comes, or too
    few numbers, the last verdict stands.
    """

    type = "regression"
    summary = "A state or number worse than the last good one"
    Params = RegressionParams
    State = Standing | Level
    kinds = KINDS
    facts: ClassVar[dict[str, str]] = {
        "before": "the last good state or level",
        "after": "the state or mean now",
        "since": "when it became worse",
    }

    def __init__(self, params: RegressionParams) -> None:
        super().__init__(params)
        self._terms = LevelTerms(
            over=params.over,
            good_for=params.good_for,
            factor=params.factor,
            min_change=params.min_change,
            min_events=params.min_events,
            direction=params.direction,
        )

    def observe(
        self, signal: AnySignal, state: Standing | Level | None, now: float
    ) -> tuple[Any, Verdict]:
        after: Standing | Level | None = state
        if isinstance(signal, Status):
            before = state if isinstance(state, Standing) else None
            after = stood(before, signal.status, self.params.good_for, now)
        elif (value := reading(signal)) is not None:
            level = state if isinstance(state, Level) else Level()
            after = levelled(level, value, self._terms, now)
        return after, Verdict(False) if after is None else self._judge(after)

    def tick(self, state: Standing | Level, now: float) -> tuple[Any, Verdict]:
        return state, self._judge(state)

    def explain(self, state: Standing | Level | None, now: float) -> str:
        if state is None:
            return "no data has come, so there is nothing to compare"
        if isinstance(state, Standing):
            return self._told_of(state)
        asked, mean = self.params, f"the mean of {state.count()} numbers in {self.params.over}"
        if not state.count():
            return f"no number has come in {asked.over}"
        if state.good is None:
            return f"{mean} is {state.mean():.6g}, and no level was steady for {asked.good_for} yet"
        sign, operation = (">", "*") if asked.direction == "up" else ("<", "/")
        return (
            f"{mean} is {state.mean():.6g}, the last good level is {state.good:.6g}; worse is "
            f"{sign} {state.good:.6g} {operation} {asked.factor:g} and at least "
            f"{asked.min_change:g} off"
        )

    def _told_of(self, state: Standing) -> str:
        if state.good is None:
            return f"it is {state.now}, and no state was steady for {self.params.good_for} yet"
        if state.worse_since is None:
            return f"it is {state.now}, which is no worse than the last good state, {state.good}"
        since = _moment(state.worse_since)
        return f"it is {state.now}, worse than the last good state, {state.good}, since {since}"

    def _judge(self, state: Standing | Level) -> Verdict:
        after = state.now if isinstance(state, Standing) else state.mean()
        facts: dict[str, Any] = {"after": after}
        if state.good is None:
            return Verdict(False, None, facts)
        facts["before"] = state.good
        if state.worse_since is not None:
            facts["since"] = _moment(state.worse_since)
        return Verdict(self._is_worse(state), None, facts)

    def _is_worse(self, state: Standing | Level) -> bool:
        """By the own terms where they can tell: those of `recover_when` may be easier."""
        if isinstance(state, Standing) or state.count() < self.params.min_events:
            return state.worse_since is not None
        return state.good is not None and self._terms.exceeded(state.good, state.mean())


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")


@hook
def register_detectors(register: Any) -> None:
    register(Regression)
