"""What a detector says of a signal or of the passing of time."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Verdict(Struct, frozen=True, gc=False):
    """`recheck` is the next time at which `tick` may say otherwise.

    `facts` fill the placeholders of the rule's annotations. `full` says that the state is at its
    cap and something had to be left out of it: the operator is told.
    """

    holds: bool
    recheck: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    full: bool = False
