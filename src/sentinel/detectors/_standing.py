"""How good a component is when it is steady, and whether it is worse than that now."""

from msgspec import Struct

_RANK = {"up": 0, "degraded": 1, "down": 2}


class Standing(Struct, frozen=True, array_like=True, tag="standing"):
    """A component's state `now`, which it has been in since `since`; `good` is the last state that
    stood for long enough, None before the first. `worse_since` is None while it is as good."""

    now: str
    since: float
    good: str | None = None
    worse_since: float | None = None


def stood(before: Standing | None, status: str, good_for: float, time: float) -> Standing | None:
    """With one more word on the component. A state stands until another is told; `unknown` tells
    of none. While it is worse than the good one, the good one is kept."""
    if status not in _RANK:
        return before
    if before is None:
        return Standing(status, time)
    good = before.good
    if before.worse_since is None and time - before.since >= good_for:
        good = before.now
    worse = good is not None and _RANK[status] > _RANK[good]
    since = before.since if status == before.now else time
    worse_since = (before.worse_since or time) if worse else None
    return Standing(status, since, good, worse_since)
