"""Facts: what correlations join alerts with."""

from msgspec import Struct

from sentinel.model.signal import State

Scalar = str | float | bool


class Said(Struct, frozen=True):
    """What one probe said last of a component. It counts until then, while others go on."""

    state: State
    fields: dict[str, Scalar]
    until: float


class Fact(Struct, frozen=True, kw_only=True):
    """A recent change or a component's present state. `at` is when it began, `until` when it is
    forgotten; `text` says it to a person. `said` is what each probe said of the component, by the
    probe's name: the worst of it is its state."""

    id: str
    fields: dict[str, Scalar]
    text: str
    at: float
    until: float | None = None
    said: dict[str, Said] = {}
