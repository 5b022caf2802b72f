"""How many different values a field has."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from sentinel.api import (
    AnySignal,
    Detector,
    Duration,
    Params,
    Verdict,
    duration,
    hook,
    read_field,
)
from sentinel.detectors._bounds import crosses, need_at_least, need_length, need_one, told
from sentinel.detectors._seen import Seen, bounded, oldest, touched, within
from sentinel.detectors._text import digest, shown, text_of

MOST_VALUES = 10_000


class CardinalityParams(Params, frozen=True):
    field: Annotated[str, Meta(min_length=1, description="The field, or tags.NAME.")]
    max: Annotated[
        Annotated[int, Meta(ge=0, lt=MOST_VALUES)] | None,
        Meta(description="The alert exists while there are more different values."),
    ] = None
    min: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_VALUES)] | None,
        Meta(description="The alert exists while there are fewer; not before a whole timeframe."),
    ] = None
    timeframe: Annotated[Duration, Meta(description="Within how long they are counted.")] = (
        duration("5m")
    )
    forget_after: Annotated[
        Duration,
        Meta(description="With `min`: a group that was silent for so long is no longer expected."),
    ] = duration("7d")

    def __post_init__(self) -> None:
        need_one(max=self.max, min=self.min)
        need_length("timeframe", self.timeframe)
        need_at_least("forget_after", self.forget_after, self.timeframe, "the timeframe")


class Values(Struct, frozen=True, array_like=True):
    """The values of the window; `since` and `last` are the times of the first and the latest
    signal that had one."""

    since: float
    last: float
    seen: Seen = {}


class Cardinality(Detector[CardinalityParams]):
    """Counts up to 10,000 values; of more the latest are kept, and the count is "at least".

    Values are kept as digests, and one signal costs a copy of them: some 0.1 ms for 10,000.
    """

    type = "cardinality"
    summary = "More different values of field than max, or fewer than min, within timeframe"
    Params = CardinalityParams
    State = Values
    reads = ("field",)
    facts: ClassVar[dict[str, str]] = {
        "count": "different values",
        "field": "the parameter",
        "timeframe": "the parameter",
    }

    def __init__(self, params: CardinalityParams) -> None:
        super().__init__(params)
        self._written = str(params.timeframe)

    def observe(self, signal: AnySignal, state: Values | None, now: float) -> tuple[Any, Verdict]:
        text = text_of(read_field(signal, self.params.field))
        if text is None:
            return (None, Verdict(False)) if state is None else self._judge(state, now)
        before = state or Values(now, now)
        seen = touched(within(before.seen, self.params.timeframe, now), digest(text), now)
        full = len(seen) > MOST_VALUES
        return self._judge(Values(before.since, now, bounded(seen, MOST_VALUES)), now, full)

    def tick(self, state: Values, now: float) -> tuple[Any, Verdict]:
        return self._judge(state, now)

    def explain(self, state: Values | None, now: float) -> str:
        params = self.params
        count = 0 if state is None else len(within(state.seen, params.timeframe, now))
        at_least = "at least " if count == MOST_VALUES else ""
        noun = "different value" if count == 1 else "different values"
        return (
            f"{at_least}{count} {noun} of {shown(params.field)} within {params.timeframe}, "
            f"the bound is {told(params.max, params.min)}"
        )

    def _judge(self, state: Values, now: float, full: bool = False) -> tuple[Any, Verdict]:
        params = self.params
        seen = within(state.seen, params.timeframe, now)
        count, ready = len(seen), state.since + params.timeframe
        holds = crosses(count, params.max, params.min if ready <= now else None)
        changes = [oldest(seen) + params.timeframe] if seen else []
        if params.min is not None:
            changes += [time for time in (ready,) if time > now]
            changes.append(state.last + params.forget_after)
            if changes[-1] <= now:
                return None, Verdict(False)
        elif not seen:
            return None, Verdict(False)
        facts = {"count": count, "field": params.field, "timeframe": self._written}
        after = state if seen is state.seen else Values(state.since, state.last, seen)
        return after, Verdict(holds, min(changes), facts, full)


@hook
def register_detectors(register: Any) -> None:
    register(Cardinality)
