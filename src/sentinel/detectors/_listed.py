"""What detectors that hold a value against a list have in common."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from msgspec import Meta, Struct

from sentinel.api import AnySignal, Detector, Duration, Params, Verdict, duration, read_field
from sentinel.detectors._text import shown, text_of


class ListedParams(Params, frozen=True):
    field: Annotated[str, Meta(min_length=1, description="The field, or tags.NAME.")]
    values: Annotated[
        list[str | int | float | bool],
        Meta(min_length=1, max_length=10_000, description='The list; 500 and "500" are one.'),
    ]
    timeframe: Annotated[
        Duration, Meta(description="How long one such value keeps the alert firing.")
    ] = duration("5m")
    until_good: Annotated[
        bool, Meta(description="Whether a value that may be ends the alert before that.")
    ] = False


class Offence(Struct, frozen=True, array_like=True):
    """The latest value that made the alert, and when its time is over."""

    ends: float
    value: str


P = TypeVar("P", bound=ListedParams)


class Listed(Detector[P], Generic[P]):
    """Holds for `timeframe` after a value that offends, or until one that does not."""

    State = Offence
    reads = ("field",)
    facts: ClassVar[dict[str, str]] = {
        "field": "the parameter",
        "value": "the latest value that made the alert",
        "timeframe": "the parameter",
    }
    offence = ""

    def __init__(self, params: P) -> None:
        super().__init__(params)
        self.listed = frozenset(text_of(value) for value in params.values)
        self._written = str(params.timeframe)

    @abstractmethod
    def offends(self, text: str | None) -> bool:
        """Whether a value makes the alert; None: the signal has none."""

    def observe(self, signal: AnySignal, state: Offence | None, now: float) -> tuple[Any, Verdict]:
        text = text_of(read_field(signal, self.params.field))
        if self.offends(text):
            value = "nothing" if text is None else shown(text)
            return self.tick(Offence(now + self.params.timeframe, value), now)
        # A signal without a value says nothing of it.
        ended = self.params.until_good and text is not None
        return (None, Verdict(False)) if state is None or ended else self.tick(state, now)

    def tick(self, state: Offence, now: float) -> tuple[Any, Verdict]:
        if state.ends <= now:
            return None, Verdict(False)
        facts = {"field": self.params.field, "value": state.value, "timeframe": self._written}
        return state, Verdict(True, state.ends, facts)

    def explain(self, state: Offence | None, now: float) -> str:
        field, timeframe = shown(self.params.field), self.params.timeframe
        listed = f"{self.offence} the list of {len(self.listed)}"
        when = "since one that may be" if self.params.until_good else f"within {timeframe}"
        if state is None or state.ends <= now:
            return f"no value of {field} that is {listed} {when}"
        if self.params.until_good:
            return f"{field} was {state.value}, which is {listed}, and none that may be came since"
        return f"{field} was {state.value} {when}, which is {listed}"
