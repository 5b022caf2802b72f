"""A field's value differs from the last one."""

from collections.abc import Mapping
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
from sentinel.detectors._bounds import need_at_least
from sentinel.detectors._text import digest, shown, text_of


class ChangeParams(Params, frozen=True):
    compare: Annotated[
        list[str],
        Meta(min_length=1, max_length=10, description="The fields that are compared."),
    ]
    ignore_null: Annotated[
        bool, Meta(description="Whether a signal without a value of a field says nothing of it.")
    ] = True
    timeframe: Annotated[
        Duration, Meta(description="How long one change keeps the alert firing.")
    ] = duration("5m")
    forget_after: Annotated[
        Duration, Meta(description="A group that was silent for so long has no last value.")
    ] = duration("30d")

    def __post_init__(self) -> None:
        need_at_least("forget_after", self.forget_after, self.timeframe, "the timeframe")


class Value(Struct, frozen=True, array_like=True):
    """The digest tells values apart, `shown` may be shortened; both are None for no value."""

    digest: int | None = None
    shown: str | None = None


class Latest(Struct, frozen=True, array_like=True):
    """The last values by field. `ends` is when the latest change no longer fires."""

    values: dict[str, Value]
    last: float
    ends: float = 0.0
    change: dict[str, str] = {}


class Change(Detector[ChangeParams]):
    """Of each group the last value of each field is kept. The first signal is no change."""

    type = "change"
    summary = "A value that differs from the last one of its group"
    Params = ChangeParams
    State = Latest
    reads = ("compare",)
    facts: ClassVar[dict[str, str]] = {
        "field": "the fields that changed",
        "old": "their values before",
        "new": "their values now",
        "timeframe": "the parameter",
    }

    def __init__(self, params: ChangeParams) -> None:
        super().__init__(params)
        self._written = str(params.timeframe)

    def observe(self, signal: AnySignal, state: Latest | None, now: float) -> tuple[Any, Verdict]:
        before = state or Latest({}, now)
        values = self._values(signal, before.values)
        changed = [
            name for name, value in values.items() if before.values.get(name, value) != value
        ]
        if not changed:
            return self._judge(Latest(values, now, before.ends, before.change), now)
        change = {
            "field": ", ".join(changed),
            "old": _listed(changed, before.values),
            "new": _listed(changed, values),
        }
        return self._judge(Latest(values, now, now + self.params.timeframe, change), now)

    def tick(self, state: Latest, now: float) -> tuple[Any, Verdict]:
        return self._judge(state, now)

    def explain(self, state: Latest | None, now: float) -> str:
        fields = ", ".join(self.params.compare)
        if state is None:
            return f"no value of {shown(fields)} has come yet"
        if state.ends > now:
            change = state.change
            told = f"{change['field']} changed from {change['old']} to {change['new']}"
            return f"{shown(told)} within {self.params.timeframe}"
        return f"no change of {shown(fields)} within {self.params.timeframe}"

    def _values(self, signal: AnySignal, before: dict[str, Value]) -> dict[str, Value]:
        values = {name: before[name] for name in self.params.compare if name in before}
        for name in self.params.compare:
            text = text_of(read_field(signal, name))
            if text is not None:
                values[name] = Value(digest(text), shown(text))
            elif not self.params.ignore_null:
                values[name] = Value()
        return values

    def _judge(self, state: Latest, now: float) -> tuple[Any, Verdict]:
        forgotten = state.last + self.params.forget_after
        if forgotten <= now:
            return None, Verdict(False)
        holds = state.ends > now
        facts = {"timeframe": self._written, **(state.change if holds else {})}
        return state, Verdict(holds, min(state.ends, forgotten) if holds else forgotten, facts)


def _listed(names: list[str], values: Mapping[str, Value]) -> str:
    return ", ".join(values[name].shown or "nothing" for name in names)


@hook
def register_detectors(register: Any) -> None:
    register(Change)
