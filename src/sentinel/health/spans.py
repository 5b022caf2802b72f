"""Arithmetic of times in states. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, groupby

from sentinel.model.signal import State
from sentinel.model.uptime import RANK, Seconds, Span

_PLANNED = "planned"
_WORST_FIRST: tuple[State, ...] = tuple(sorted(RANK, key=lambda state: -RANK[state]))


def combined(sources: Iterable[Iterable[Span]]) -> list[Span]:
    """The worst state at each moment of which any source tells, in order and without overlaps."""
    edges = sorted(
        edge
        for spans in sources
        for span in spans
        if span.ended > span.began
        for edge in ((span.began, 1, span.state), (span.ended, -1, span.state))
    )
    active: Counter[State] = Counter()
    found: list[Span] = []
    state, since = None, 0.0
    for moment, together in groupby(edges, key=lambda edge: edge[0]):
        if state is not None:
            _append(found, Span(since, moment, state))
        for _, step, name in together:
            active[name] += step
        state = next((name for name in _WORST_FIRST if active[name]), None)
        since = moment
    return found


def tally(
    spans: Iterable[Span], since: float, until: float, planned: Iterable[Span] = ()
) -> Seconds:
    """How the time from `since` to `until` divides. `spans` and `planned` don't overlap; what they
    leave out is unknown."""
    return next(buckets(spans, since, until, until - since, planned), Seconds())


def buckets(
    spans: Iterable[Span],
    since: float,
    until: float,
    width: float,
    planned: Iterable[Span] = (),
) -> Iterator[Seconds]:
    """The same for each part of `width` seconds; the last one may be shorter."""
    parts: list[dict[str, float]] = []
    while since + len(parts) * width < until:
        parts.append(dict.fromkeys((*RANK, _PLANNED), 0.0))
    marked = chain(((one, one.state) for one in spans), ((one, _PLANNED) for one in planned))
    for span, kind in marked:
        at, end = max(span.began, since), min(span.ended, until)
        index = int((at - since) // width) if at < end else len(parts)
        while index < len(parts) and (begins := since + index * width) < end:
            parts[index][kind] += max(0.0, min(end, begins + width) - max(at, begins))
            index += 1
    for index, part in enumerate(parts):
        length = min(width, until - since - index * width)
        known = part["up"] + part["degraded"] + part["down"] + part[_PLANNED]
        yield Seconds(
            up=part["up"],
            degraded=part["degraded"],
            down=part["down"],
            unknown=max(0.0, length - known),
            planned=part[_PLANNED],
        )


def _append(found: list[Span], span: Span) -> None:
    last = found[-1] if found else None
    if last is not None and last.state == span.state and last.ended == span.began:
        found[-1] = Span(last.began, span.ended, span.state)
    else:
        found.append(span)
