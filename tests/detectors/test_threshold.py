import math
import random
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Checkin, Detector, Duration, Metric, Span, Status
from sentinel.detectors._samples import MOST_SAMPLES
from sentinel.detectors.threshold import Threshold, ThresholdParams
from tests.detectors import strategies
from tests.detectors.driving import START, Driver, metric

AGGREGATES = ["avg", "min", "max", "sum", "last", "count", "p50", "p95", "p99", "rate"]


def threshold(aggregate: str = "avg", over: float | None = 60.0, **options: Any) -> Detector[Any]:
    window = None if over is None else Duration(over)
    params: Any = {"aggregate": aggregate, "over": window, "above": 80.0, **options}
    return Threshold(ThresholdParams(**params))


def run(detector: Detector[Any], *samples: tuple[float, float], restarts: bool = False) -> Driver:
    driver = Driver(detector, restarts)
    for time, value in samples:
        driver.take(time, metric(value))
    return driver


def naive(aggregate: str, samples: list[tuple[float, float]]) -> float | None:
    values = [value for _, value in samples]
    if not values:
        return None
    if aggregate.startswith("p"):
        share = int(aggregate[1:]) / 100
        return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
    if aggregate == "rate":
        seconds = samples[-1][0] - samples[0][0]
        growth = sum(new - old if new >= old else new for old, new in pairwise(values))
        return growth / seconds if seconds else None
    found = {
        "avg": sum(values) / len(values),
        "min": min(values),
        "max": max(values),
        "sum": sum(values),
        "last": values[-1],
        "count": len(values),
    }
    return found[aggregate]


@pytest.mark.parametrize(
    ("signal", "holds"),
    [
        (metric(80.0), False),
        (metric(80.1), True),
        (metric(math.nan), False),
        (metric(math.inf), False),
        (Status(status="up", latency=90.0), True),
        (Status(status="down"), False),
        (Checkin(monitor="backup", status="ok", duration=90.0), True),
        (Span(name="query", duration=90.0), True),
    ],
)
def test_the_last_number(signal: Metric | Status | Checkin | Span, holds: bool) -> None:
    assert Driver(threshold(over=None)).take(0, signal).holds is holds


@pytest.mark.parametrize(
    ("aggregate", "samples", "asked", "value"),
    [
        ("avg", [(0, 10), (10, 20)], 10, 15.0),
        ("avg", [(0, 10), (10, 20)], 59.5, 15.0),
        ("avg", [(0, 10), (10, 20)], 60, 20.0),
        ("min", [(0, 10), (10, 20)], 60, 20.0),
        ("max", [(0, 30), (10, 20)], 59.5, 30.0),
        ("sum", [(0, 30), (0, 20)], 0, 50.0),
        ("count", [(0, 30), (0, 20)], 0, 2.0),
        ("last", [(0, 30), (0, 20)], 0, 20.0),
        ("p50", [(0, 1), (0, 3), (0, 2)], 0, 2.0),
        ("p99", [(0, 1), (0, 3), (0, 2)], 0, 3.0),
        ("rate", [(0, 10), (10, 30)], 10, 2.0),
        ("rate", [(0, 10), (10, 30), (20, 5)], 20, 1.25),
        ("sum", [(0, 1e308), (1, 1e308)], 1, 1.7976931348623157e308),
        ("avg", [(0, 1e308), (1, 1e308)], 1, 1e308),
        ("avg", [(0, 1e300), (30, 0.1), (31, 0.1)], 60, 0.1),
        # While no data comes, the last number stands.
        ("avg", [(0, 10), (10, 20)], 1000, 20.0),
        ("rate", [(0, 10), (10, 30)], 1000, 2.0),
    ],
)
def test_aggregates(
    aggregate: str, samples: list[tuple[float, float]], asked: float, value: float
) -> None:
    driver = run(threshold(aggregate), *samples)
    assert driver.look(asked).facts["value"] == value


@pytest.mark.parametrize("samples", [[(0, 10)], [(0, 10), (0, 20)]])
def test_growth_is_not_told_from_one_moment(samples: list[tuple[float, float]]) -> None:
    driver = run(threshold("rate", above=None, below=5.0), *samples)
    assert not driver.verdict.holds
    assert driver.told_at(1) == "no data to compare has come yet"


@given(
    strategies.times(),
    st.data(),
    st.sampled_from(AGGREGATES),
    st.booleans(),
)
def test_it_agrees_with_one_that_keeps_all(
    times: list[float], data: st.DataObject, aggregate: str, restarts: bool
) -> None:
    size = len(times)
    numbers = st.sampled_from([0.0, -1.5, 1.0, 2.0, 3.25, 7.0, 100.0])
    values = data.draw(st.lists(numbers, min_size=size, max_size=size))
    samples = list(zip(times, values, strict=True))
    for asked in strategies.moments(times):
        came = [(time, value) for time, value in samples if time <= asked]
        driver = run(threshold(aggregate), *came, restarts=restarts)
        stands = driver.holds_at(asked)
        expected = naive(aggregate, [(time, value) for time, value in came if asked < time + 60])
        if expected is not None:
            found = driver.look(asked)
            assert found.facts["value"] == pytest.approx(expected)
            assert stands is found.holds is (found.facts["value"] > 80)


@pytest.mark.parametrize("over", [None, 60.0])
@pytest.mark.parametrize(
    ("value", "holds", "recovers_not"), [(90, True, True), (75, False, True), (60, False, False)]
)
def test_recovery_goes_by_its_own_bound_and_stands_when_data_stops(
    over: float | None, value: float, holds: bool, recovers_not: bool
) -> None:
    driver = run(threshold(over=over), (0, 95), (70, value))
    easier = threshold(over=over, above=70.0)
    for asked in (70, 129.5, 130, 100_000):
        assert driver.holds_at(asked) is holds
        state, verdict = easier.tick(driver.state, START + asked)
        assert verdict.holds is recovers_not
        assert easier.tick(state, START + asked + 1)[1].holds is recovers_not


def test_recovery_leaves_the_state_as_it_was() -> None:
    driver = run(threshold("p95"), (0, 95), (30, 70))
    before = msgspec.msgpack.encode(driver.state)
    for easier in (threshold("avg", over=10.0), threshold("p50", above=60.0)):
        easier.tick(driver.state, START + 59)
    assert msgspec.msgpack.encode(driver.state) == before
    driver.take(59, metric(1.0))
    assert driver.verdict.facts["value"] == 95


@pytest.mark.parametrize("aggregate", ["avg", "p99", "rate"])
def test_of_too_many_numbers_the_latest_are_kept_and_it_is_said(aggregate: str) -> None:
    detector = threshold(aggregate)
    driver = run(detector, *((n * 0.001, float(n)) for n in range(MOST_SAMPLES)))
    assert not driver.verdict.full
    kept = [(n * 0.001, float(n)) for n in range(5, MOST_SAMPLES + 5)]
    for time, value in kept[-5:]:
        assert driver.take(time, metric(value)).full
    assert driver.verdict.facts["value"] == pytest.approx(naive(aggregate, kept))


@pytest.mark.parametrize("aggregate", ["sum", "avg", "p95", "min", "rate"])
def test_what_is_carried_on_is_what_is_made_anew(aggregate: str) -> None:
    chance = random.Random(7)
    samples = [
        (n * 0.5, chance.choice([-1, 1]) * 10.0 ** chance.uniform(-30, 30)) for n in range(400)
    ]
    kept = run(threshold(aggregate), *samples)
    reread = run(threshold(aggregate), *samples, restarts=True)
    assert (kept.state, kept.verdict) == (reread.state, reread.verdict)


def test_a_minute_of_samples_is_a_small_state() -> None:
    driver = run(threshold(), *((n, float(n)) for n in range(60)))
    assert len(msgspec.msgpack.encode(driver.state)) < 1_024


def test_the_number_and_the_bound_are_told() -> None:
    driver = run(threshold("p95"), (0, 95), (30, 70))
    assert driver.verdict.facts == {"value": 95.0, "timeframe": "1m"}
    assert driver.told_at(30) == "p95 over 1m is 95, the bound is above 80"
    assert driver.told_at(200) == "p95 over 1m was last 70, the bound is above 80"
    alone = run(threshold(over=None, below=10.0), (0, 95))
    assert alone.told_at(0) == "value is 95, the bound is above 80 or below 10"
