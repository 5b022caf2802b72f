"""Reasons with their weights, and what several of them come to."""

from collections.abc import Sequence
from math import prod

from msgspec import Struct

from sentinel.api import Candidate, CauseKind

_MINUTE, _HOUR = 60, 3600


class Reason(Struct, frozen=True):
    """`weight` is how probable the cause would be for this reason alone, from 0 to 1."""

    weight: float
    text: str


def candidate(
    kind: CauseKind,
    name: str,
    reasons: Sequence[Reason],
    *,
    title: str = "",
    own: bool = False,
    reported: bool = True,
    url: str | None = None,
) -> Candidate:
    """The reasons count as independent of each other: a noisy OR (Pearl, Probabilistic Reasoning
    in Intelligent Systems, 1988, 4.3.2)."""
    ordered = sorted(reasons, key=lambda one: -one.weight)
    return Candidate(
        kind=kind,
        name=name,
        title=title,
        score=1.0 - prod(1.0 - one.weight for one in ordered),
        reasons=tuple(one.text for one in ordered),
        own=own,
        reported=reported,
        url=url,
    )


def span(seconds: float) -> str:
    """`40 s`, `12 min`, `4 h`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    return f"{whole // _HOUR} h"


def when(at: float, then: float, unit: str = "it") -> str:
    """How a time lies to another: `12 s before it`."""
    if round(at) == round(then):
        return f"in the same second as {unit}"
    return f"{span(abs(then - at))} {'before' if at < then else 'after'} {unit}"
