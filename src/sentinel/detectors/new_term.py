"""A value that was never seen before."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

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
from sentinel.detectors._bounds import need_at_least
from sentinel.detectors._seen import Seen, bounded, oldest, touched, within
from sentinel.detectors._text import digest, shown, text_of

LARGEST = 10_000
_STEPS = 1_000


class NewTermParams(Params, frozen=True):
    field: Annotated[str, Meta(min_length=1, description="The field, or tags.NAME.")]
    terms_window: Annotated[
        Duration, Meta(description="A value that was not seen for so long is new again.")
    ] = duration("30d")
    timeframe: Annotated[
        Duration, Meta(description="How long one new value keeps the alert firing.")
    ] = duration("5m")
    learn_for: Annotated[
        Duration, Meta(description="After the first signal, so long no value is called new.")
    ] = duration("0s")
    max_terms: Annotated[
        int,
        Meta(
            ge=1,
            le=LARGEST,
            description="How many values are remembered: beyond it the one not seen for longest "
            "is forgotten.",
        ),
    ] = LARGEST

    def __post_init__(self) -> None:
        need_at_least("terms_window", self.terms_window, self.timeframe, "the timeframe")


class Terms(Struct, frozen=True, array_like=True):
    """What was seen of `field` since the first signal. `ends` is when the latest new term no
    longer fires."""

    field: str
    since: float
    seen: Seen = {}
    ends: float = 0.0
    term: str = ""


class NewTerm(Detector[NewTermParams]):
    """A term is kept as a digest. The time at which it was last seen is exact to a thousandth of
    `terms_window`, so that a term that comes all the time does not change the state each time."""

    type = "new_term"
    summary = "A value of field that was not seen within terms_window"
    Params = NewTermParams
    State = Terms
    reads = ("field",)
    facts: ClassVar[dict[str, str]] = {
        "field": "the parameter",
        "term": "the latest new value",
        "timeframe": "the parameter",
    }

    def __init__(self, params: NewTermParams) -> None:
        super().__init__(params)
        self._written = str(params.timeframe)

    def observe(self, signal: AnySignal, state: Terms | None, now: float) -> tuple[Any, Verdict]:
        text = text_of(read_field(signal, self.params.field))
        before = self._before(state, now)
        if text is None:
            return (None, Verdict(False)) if state is None else self._judge(before, now)
        value, seen = digest(text), within(before.seen, self.params.terms_window, now)
        last = seen.get(value)
        if last is not None and last + self.params.terms_window / _STEPS > now:
            return self._judge(before, now)
        after = touched(seen, value, now)
        full = len(after) > self.params.max_terms
        known = replace(before, seen=bounded(after, self.params.max_terms))
        if last is None and before.since + self.params.learn_for <= now:
            known = replace(known, ends=now + self.params.timeframe, term=shown(text))
        return self._judge(known, now, full)

    def tick(self, state: Terms, now: float) -> tuple[Any, Verdict]:
        return self._judge(state, now)

    def explain(self, state: Terms | None, now: float) -> str:
        field = shown(self.params.field)
        if state is None:
            return f"no value of {field} has come yet"
        known = f"values known: {len(state.seen)}"
        if state.ends > now:
            return f"{field} {state.term} is new within {self.params.timeframe}; {known}"
        if state.since + self.params.learn_for > now:
            return f"still learning the values of {field}, for {self.params.learn_for}; {known}"
        return f"no new value of {field} within {self.params.timeframe}; {known}"

    def _before(self, state: Terms | None, now: float) -> Terms:
        """What was learned of another field, before the rule was changed, means nothing now."""
        if state is None or state.field != self.params.field:
            return Terms(self.params.field, now)
        return state

    def _judge(self, state: Terms, now: float, full: bool = False) -> tuple[Any, Verdict]:
        seen = within(state.seen, self.params.terms_window, now)
        if not seen:
            return None, Verdict(False)
        if seen is not state.seen:
            state = replace(state, seen=seen)
        holds = state.ends > now
        forgotten = oldest(seen) + self.params.terms_window
        facts = {"timeframe": self._written, "field": self.params.field}
        if holds:
            facts["term"] = state.term
        return state, Verdict(
            holds, min(state.ends, forgotten) if holds else forgotten, facts, full
        )


@hook
def register_detectors(register: Any) -> None:
    register(NewTerm)
