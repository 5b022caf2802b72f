"""An error budget that burns too fast."""

from typing import Annotated, Any, ClassVar, Literal

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
from sentinel.detectors._bounds import need_at_least
from sentinel.detectors._burn_counts import Buckets


class Pace(Struct, frozen=True):
    """Burn rates over a long and a short window, both of which must be greater than `burn`."""

    long: Duration
    short: Duration
    burn: float


_HOUR = Pace(Duration.parse("1h"), Duration.parse("5m"), 14.4)
_HOURS = Pace(Duration.parse("6h"), Duration.parse("30m"), 6.0)
_DAYS = Pace(Duration.parse("3d"), Duration.parse("6h"), 1.0)
PACES = {
    "fast": (_HOUR, _HOURS),
    "medium": (_HOURS,),
    "slow": (_DAYS,),
    "any": (_HOUR, _HOURS, _DAYS),
}


class SloBurnParams(Params, frozen=True):
    objective: Annotated[
        float, Meta(gt=0, lt=100, description="How many per cent must be good, such as 99.9.")
    ]
    period: Annotated[Duration, Meta(description="For how long the error budget has to last.")] = (
        duration("30d")
    )
    of: Annotated[
        Population | None,
        Meta(
            description="All events, of which the rule's own are the bad ones; left out: all "
            "signals of the rule's kind."
        ),
    ] = None
    speed: Annotated[
        Literal["fast", "medium", "slow", "any"],
        Meta(
            description="fast, for pages: 14.4 times the allowed rate over 1h and 5m, or 6 times "
            "over 6h and 30m; medium: the latter alone; slow, for tickets: 1 time over 3d and 6h; "
            "any: all of them."
        ),
    ] = "fast"
    min_events: Annotated[
        int, Meta(ge=1, description="With fewer events in the long window there is no alert.")
    ] = 20

    def __post_init__(self) -> None:
        need_at_least("period", self.period, _HOUR.long, "an hour")


class Burnt(Struct, frozen=True):
    """The burn rates in both windows of a pace, and the events of the long one."""

    pace: Pace
    long: float
    short: float
    bad: int
    total: int

    @property
    def share(self) -> float:
        """Of the bound, in that of the two windows where it is smaller."""
        return min(self.long, self.short) / self.pace.burn

    @property
    def holds(self) -> bool:
        return self.share > 1


class SloBurn(Detector[SloBurnParams]):
    """Multi-window, multi-burn-rate alerts of Google's Site Reliability Workbook, chapter 5.

    A burn rate of 1 uses up the budget exactly at the end of the period. Each window is counted
    in 60 buckets, so that its old end is exact to a 60th of it. The state has counts by the
    length of the window in seconds.
    """

    type = "slo_burn"
    summary = "The error budget of an objective burns too fast"
    Params = SloBurnParams
    State = dict[int, Buckets]
    compares = True
    facts: ClassVar[dict[str, str]] = {
        "burn": "how many times as fast as allowed, over the long window",
        "count": "bad events in that window",
        "total": "events in that window",
        "timeframe": "that window",
        "budget_left": "the part of the budget that is left, in per cent",
        "objective": "the parameter",
    }

    def __init__(self, params: SloBurnParams) -> None:
        super().__init__(params)
        self._paces = PACES[params.speed]
        self._budget = (100 - params.objective) / 100
        self._same_kind = params.of is None or params.of.on is None
        lengths = {int(window) for pace in self._paces for window in (pace.long, pace.short)}
        self._lengths = sorted(lengths | {self._period})

    @property
    def _period(self) -> int:
        return int(self.params.period)

    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return self._add(state, now, bad=1, others=0)

    def observe_other(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return self._add(state, now, bad=0, others=1)

    def tick(self, state: dict[int, Buckets], now: float) -> tuple[Any, Verdict]:
        kept = self._within(state, now)
        if not kept:
            return None, Verdict(False)
        burnt = self._burnt(kept)
        facts = {
            "burn": burnt.long,
            "count": burnt.bad,
            "total": burnt.total,
            "timeframe": str(burnt.pace.long),
            "budget_left": self._budget_left(kept),
            "objective": self.params.objective,
        }
        recheck = min(buckets.next_end(length) for length, buckets in kept.items())
        return kept, Verdict(burnt.holds, recheck, facts)

    def explain(self, state: dict[int, Buckets] | None, now: float) -> str:
        kept = self._within(state or {}, now)
        burnt, left = self._burnt(kept), self._budget_left(kept)
        pace = burnt.pace
        told = (
            f"the error budget burns {burnt.long:.4g} times as fast as allowed over {pace.long} "
            f"and {burnt.short:.4g} times over {pace.short}, the bound is {pace.burn:g}"
        )
        if burnt.total < self.params.min_events:
            told = f"{burnt.total} events within {pace.long} are too few to tell"
        return f"{told}; {left:.4g} % of the budget of {self.params.period} is left"

    def _add(
        self, state: dict[int, Buckets] | None, now: float, bad: int, others: int
    ) -> tuple[Any, Verdict]:
        before = self._within(state or {}, now)
        after = {
            length: before.get(length, Buckets()).add(now, length, bad, others)
            for length in self._lengths
        }
        return self.tick(after, now)

    def _within(self, state: dict[int, Buckets], now: float) -> dict[int, Buckets]:
        kept = {length: buckets.within(length, now) for length, buckets in state.items()}
        return {
            length: buckets
            for length, buckets in kept.items()
            if buckets.numbers and length in self._lengths
        }

    def _burnt(self, state: dict[int, Buckets]) -> Burnt:
        """Of the pace that is farthest beyond its bound or, if none is, nearest to it."""
        found = [self._burnt_at(pace, state) for pace in self._paces]
        return max(found, key=lambda burnt: burnt.share)

    def _burnt_at(self, pace: Pace, state: dict[int, Buckets]) -> Burnt:
        bad, total = self._counts(state, pace.long)
        long = bad / total / self._budget if total >= self.params.min_events else 0.0
        bad_now, total_now = self._counts(state, pace.short)
        short = bad_now / total_now / self._budget if total_now else 0.0
        return Burnt(pace, long, short, bad, total)

    def _budget_left(self, state: dict[int, Buckets]) -> float:
        """In per cent, as far as the period has been seen; less than 0 once it is overdrawn."""
        bad, total = self._counts(state, self._period)
        return 100.0 - 100 * bad / (total * self._budget) if total else 100.0

    def _counts(self, state: dict[int, Buckets], length: float) -> tuple[int, int]:
        buckets = state.get(int(length), Buckets())
        bad, others = sum(buckets.bad), sum(buckets.others)
        return bad, bad + others if self._same_kind else others


@hook
def register_detectors(register: Any) -> None:
    register(SloBurn)
