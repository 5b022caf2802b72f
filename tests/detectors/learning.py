"""Planted series, and what a learning detector makes of them."""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from sentinel.api import AnySignal, Detector, Verdict
from sentinel.testing import params_of
from tests.detectors.driving import START, metric

MINUTE, HOUR, DAY, WEEK = 60.0, 3600.0, 86_400.0, 604_800.0
Series = Iterable[tuple[float, float]]
"""Seconds from START, and values."""


def made(kind: type[Detector[Any]], **yaml: Any) -> Detector[Any]:
    return kind(params_of(kind, **yaml))


def every(step: float, until: float) -> Iterator[float]:
    return (number * step for number in range(int(until / step)))


def weekly(draw: random.Random, step: float, until: float) -> Iterator[tuple[float, float]]:
    """100, with a wave of the day of 30, one of the week of 10, and noise of 3."""
    for time in every(step, until):
        day, week = (math.sin(math.tau * (START + time) / cycle) for cycle in (DAY, WEEK))
        yield time, 100 + 30 * day + 10 * week + draw.gauss(0, 3)


def noisy(
    draw: random.Random, step: float, until: float, noise: float = 1.0
) -> Iterator[tuple[float, float]]:
    return ((time, 50 + draw.gauss(0, noise)) for time in every(step, until))


def walk(draw: random.Random, step: float, until: float) -> Iterator[tuple[float, float]]:
    value = 50.0
    for time in every(step, until):
        value += draw.gauss(0, 0.2)
        yield time, value


class Firing(msgspec.Struct):
    """When it began and ended, and what was said as it began. `end` is None while it lasts."""

    start: float
    verdict: Verdict
    told: str
    end: float | None = None


def watch(detector: Detector[Any], series: Series, state: Any = None) -> tuple[Any, list[Firing]]:
    """The last state, and all firings."""
    firings: list[Firing] = []
    for time, value in series:
        now = START + time
        state, verdict = detector.observe(metric(value), state, now)
        firing = bool(firings) and firings[-1].end is None
        if verdict.holds and not firing:
            firings.append(Firing(time, verdict, detector.explain(state, now)))
        elif firing and not verdict.holds:
            firings[-1].end = time
    return state, firings


def firings(detector: Detector[Any], series: Series) -> list[Firing]:
    return watch(detector, series)[1]


HOSTILE = [math.nan, math.inf, -math.inf, 1e308, -1e308, 1e31, 1e30, -1e30, 5e-324, 0.0, -0.0]

VALUES = st.one_of(
    st.floats(40, 60), st.sampled_from(HOSTILE), st.floats(allow_nan=True, allow_infinity=True)
)
STEPS = st.sampled_from([0.0, 1.0, 60.0, 300.0, 3600.0, 90_000.0, 3e7])
HISTORIES = st.lists(st.tuples(STEPS, VALUES), max_size=60)


def restarted(detector: Detector[Any], state: Any) -> Any:
    if state is None:
        return None
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(detector).State)


def same_after_restarts(
    kind: type[Detector[Any]],
    options: dict[str, Any],
    history: Sequence[tuple[float, AnySignal]],
) -> None:
    """Drives one detector through and one that is made anew before each signal; asks both to
    tick and to explain; holds all numbers that they give to what annotations can be made of."""
    one, kept, reread, now = made(kind, **options), None, None, START
    for step, signal in history:
        now += step
        kept, verdict = one.observe(signal, kept, now)
        other = made(kind, **options)
        reread, again = other.observe(signal, restarted(other, reread), now)
        assert again == verdict
        assert msgspec.msgpack.encode(reread) == msgspec.msgpack.encode(kept)
        assert verdict.recheck is None or verdict.recheck > now
        assert all(
            math.isfinite(fact) for fact in verdict.facts.values() if isinstance(fact, float)
        )
        assert one.explain(kept, now)
        if kept is not None:
            after, later = one.tick(kept, now + 1000)
            assert (after, later.holds) == (kept, verdict.holds)
