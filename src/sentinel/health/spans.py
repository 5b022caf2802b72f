"""Arithmetic of times in states. Pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, pairwise

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
    edges = [since]
    while edges[-1] < until:
        edges.append(min(since + len(edges) * width, until))
    return divided(spans, edges, planned)


def divided(
    spans: Iterable[Span], edges: Sequence[float], planned: Iterable[Span] = ()
) -> Iterator[Seconds]:
    """The same for each part between two of the edges, which ascend."""
    parts = [dict.fromkeys((*RANK, _PLANNED), 0.0) for _ in edges[1:]]
    marked = chain(((one, one.state) for one in spans), ((one, _PLANNED) for one in planned))
    for span, kind in marked:
        index = max(bisect_right(edges, span.began) - 1, 0)
        while index < len(parts) and edges[index] < span.ended:
            overlap = min(span.ended, edges[index + 1]) - max(span.began, edges[index])
            parts[index][kind] += max(0.0, overlap)
            index += 1
    for part, (begins, ends) in zip(parts, pairwise(edges), strict=True):
        known = part["up"] + part["degraded"] + part["down"] + part[_PLANNED]
        yield Seconds(
            up=part["up"],
            degraded=part["degraded"],
            down=part["down"],
            unknown=max(0.0, ends - begins - known),
            planned=part[_PLANNED],
        )


def _append(found: list[Span], span: Span) -> None:
    last = found[-1] if found else None
    if last is not None and last.state == span.state and last.ended == span.began:
        found[-1] = Span(last.began, span.ended, span.state)
    else:
        found.append(span)
