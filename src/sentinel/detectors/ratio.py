"""A share: of all signals, those that meet the conditions."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from sentinel.api import (
    AnySignal,
    Detector,
    Duration,
    Params,
    Population,
    Verdict,
    duration,
    hook,
)
from sentinel.detectors._bounds import crosses, need_length, need_one, told
from sentinel.detectors._window import Tally

Share = Annotated[float, Meta(ge=0)]


class RatioParams(Params, frozen=True):
    above: Annotated[
        Share | None, Meta(description="The alert exists while the share is greater; 0.05 is 5 %.")
    ] = None
    below: Annotated[
        Share | None, Meta(description="The alert exists while the share is smaller.")
    ] = None
    over: Annotated[Duration, Meta(description="Signals of this long are counted.")] = duration(
        "5m"
    )
    of: Annotated[
        Population | None,
        Meta(description="Of which signals; left out: of all signals of the rule's kind."),
    ] = None
    min_events: Annotated[
        int, Meta(ge=1, description="With fewer signals in all there is no alert.")
    ] = 20

    def __post_init__(self) -> None:
        need_one(above=self.above, below=self.below)
        need_length("over", self.over)


class Shares(Struct, frozen=True, array_like=True):
    """Those that met the conditions, and those that met `of` alone."""

    matching: Tally = Tally()
    others: Tally = Tally()


class Ratio(Detector[RatioParams]):
    """With an `of` of another kind, such as errors for each request, the whole is the signals of
    `of` alone and the share may be greater than 1.

    Beyond 256 signals within `over` its old end is exact to a 128th of it.
    """

    type = "ratio"
    summary = "The share of matching signals among all, above or below a bound"
    Params = RatioParams
    State = Shares
    compares = True
    facts: ClassVar[dict[str, str]] = {
        "count": "signals that meet the conditions",
        "total": "signals of which they are a share",
        "ratio": "the share; 0.05 is 5 %",
        "percent": "the share in per cent",
        "timeframe": "the parameter `over`",
    }

    def __init__(self, params: RatioParams) -> None:
        super().__init__(params)
        self._same_kind = params.of is None or params.of.on is None
        self._written = str(params.over)

    def observe(self, signal: AnySignal, state: Shares | None, now: float) -> tuple[Any, Verdict]:
        before = self._within(state or Shares(), now)
        matching = before.matching.add(now, self.params.over)
        return self._judge(Shares(matching, before.others), now)

    def observe_other(
        self, signal: AnySignal, state: Shares | None, now: float
    ) -> tuple[Any, Verdict]:
        before = self._within(state or Shares(), now)
        return self._judge(Shares(before.matching, before.others.add(now, self.params.over)), now)

    def tick(self, state: Shares, now: float) -> tuple[Any, Verdict]:
        return self._judge(self._within(state, now), now)

    def explain(self, state: Shares | None, now: float) -> str:
        params = self.params
        matching, whole = self._counts(self._within(state or Shares(), now))
        counted = f"{matching} of {whole} within {params.over}"
        if whole < params.min_events:
            return f"{counted}, too few to tell: the least is {params.min_events}"
        bound = told(params.above, params.below)
        return f"{counted} is {matching / whole:.4g}, the bound is {bound}"

    def _within(self, state: Shares, now: float) -> Shares:
        over = self.params.over
        return Shares(state.matching.within(over, now), state.others.within(over, now))

    def _counts(self, state: Shares) -> tuple[int, int]:
        matching, others = state.matching.total, state.others.total
        return matching, matching + others if self._same_kind else others

    def _judge(self, state: Shares, now: float) -> tuple[Any, Verdict]:
        over, (matching, whole) = self.params.over, self._counts(state)
        ends = [*state.matching.next_end(over), *state.others.next_end(over)]
        if not ends:
            return None, Verdict(False)
        facts = {"count": matching, "total": whole, "timeframe": self._written}
        recheck = min(ends)
        if self._can_only_empty(matching, whole):
            recheck = max([*state.matching.last_end(over), *state.others.last_end(over)])
        if whole < self.params.min_events:
            return state, Verdict(False, recheck, facts)
        share = matching / whole
        facts |= {"ratio": share, "percent": 100 * share}
        holds = crosses(share, self.params.above, self.params.below)
        return state, Verdict(holds, recheck, facts)

    def _can_only_empty(self, matching: int, whole: int) -> bool:
        """Whether nothing that leaves the window can change the verdict, so that it need be looked
        at only once it is empty: while all is well that is nearly always so."""
        if whole < self.params.min_events:
            return True
        return not matching and self.params.below is None


@hook
def register_detectors(register: Any) -> None:
    register(Ratio)
