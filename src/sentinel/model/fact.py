"""Facts: what correlations join alerts with."""

from msgspec import Struct

Scalar = str | float | bool


class Fact(Struct, frozen=True, kw_only=True):
    """A recent change or a component's present state. `at` is when it began, `until` when it is
    forgotten; `text` says it to a person."""

    id: str
    fields: dict[str, Scalar]
    text: str
    at: float
    until: float | None = None
