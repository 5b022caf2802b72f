import random
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.api import Status
from sentinel.detectors.regression import Regression
from tests.detectors.driving import START, metric
from tests.detectors.learning import (
    DAY,
    HISTORIES,
    HOUR,
    MINUTE,
    STEPS,
    every,
    firings,
    made,
    same_after_restarts,
    watch,
)
from tests.effort import examples


def states(*told: tuple[float, str], **options: Any) -> list[tuple[float, bool]]:
    """Whether it is worse after each word on the component, at so many minutes."""
    detector, state, found = made(Regression, **options), None, []
    for minute, status in told:
        signal = Status(status=status)  # type: ignore[arg-type]
        state, verdict = detector.observe(signal, state, START + minute * MINUTE)
        found.append((minute, verdict.holds))
    return found


@pytest.mark.parametrize(
    ("told", "worse"),
    [
        ([(0, "up"), (30, "down")], [30]),
        ([(0, "up"), (30, "up"), (31, "degraded")], [31]),
        ([(0, "up"), (29, "down")], []),  # It was not up for long enough to be known as good.
        ([(0, "up"), (30, "down"), (31, "degraded"), (32, "up")], [30, 31]),
        ([(0, "up"), (30, "down"), (31, "unknown"), (32, "up")], [30, 31]),
        ([(0, "up"), (30, "down"), (90, "down"), (600, "down")], [30, 90, 600]),
        ([(0, "degraded"), (30, "down")], [30]),
        ([(0, "degraded"), (30, "up"), (31, "degraded")], []),
        ([(0, "degraded"), (30, "up"), (60, "up"), (61, "degraded")], [61]),
        ([(0, "down"), (60, "down"), (61, "up"), (62, "down")], []),
        ([(0, "up"), (40, "down"), (41, "up"), (42, "down")], [40, 42]),
        ([(0, "unknown"), (40, "down")], []),
    ],
)
def test_a_component_is_worse_than_its_last_steady_state(
    told: Sequence[tuple[float, str]], worse: list[float]
) -> None:
    assert [minute for minute, holds in states(*told) if holds] == worse


def test_it_tells_what_was_good_and_since_when_it_is_worse() -> None:
    detector = made(Regression)
    state, _ = detector.observe(Status(status="up"), None, START)
    state, _ = detector.observe(Status(status="degraded"), state, START + HOUR)
    state, verdict = detector.observe(Status(status="down"), state, START + 2 * HOUR)
    assert verdict.facts == {"before": "up", "after": "down", "since": "2025-10-09 09:53 UTC"}
    assert detector.explain(state, START + 3 * HOUR) == (
        "it is down, worse than the last good state, up, since 2025-10-09 09:53 UTC"
    )


def latency(
    *levels: tuple[float, float], until: float, step: float = MINUTE, noise: float = 0.1
) -> Iterator[tuple[float, float]]:
    """`levels` are since when, and what; times a noise of one tenth."""
    draw = random.Random(1)
    for time in every(step, until):
        level = next(value for since, value in reversed(levels) if since <= time)
        yield time, level * draw.gauss(1, noise)


def test_a_mean_of_more_than_twice_the_good_level_is_worse_until_it_is_back() -> None:
    series = latency((0, 100), (5 * HOUR, 300), (20 * HOUR, 100), until=DAY)
    (found,) = firings(made(Regression), series)
    # The mean of ten minutes passes 200 when half of them are of 300, or of 100.
    assert 5 * HOUR < found.start <= 5 * HOUR + 7 * MINUTE
    assert found.end is not None
    assert 20 * HOUR < found.end <= 20 * HOUR + 7 * MINUTE
    assert found.verdict.facts["before"] == pytest.approx(100, rel=0.1)
    assert found.verdict.facts["after"] == pytest.approx(205, rel=0.15)
    assert "the last good level is" in found.told


def test_within_the_factor_it_is_no_worse_and_in_time_the_good_level() -> None:
    series = latency((0, 100), (5 * HOUR, 170), (8 * HOUR, 280), until=10 * HOUR)
    assert firings(made(Regression), series) == []


def test_noise_alone_is_no_regression() -> None:
    assert firings(made(Regression), latency((0, 100), until=7 * DAY, noise=0.3)) == []


def test_throughput_is_worse_downwards() -> None:
    series = list(latency((0, 100), (5 * HOUR, 20), until=6 * HOUR))
    assert len(firings(made(Regression, direction="down"), series)) == 1
    assert firings(made(Regression), series) == []


def test_what_was_never_steady_is_no_good_level_and_it_says_so() -> None:
    detector = made(Regression)
    wild = ((time, 1.0 if time % 480 < 240 else 100.0) for time in every(MINUTE, HOUR))
    state, found = watch(detector, wild)
    assert found == []
    assert "no level was steady for 30m yet" in detector.explain(state, START + HOUR)


def test_an_outlier_before_makes_no_good_level() -> None:
    series = [
        (time, 1e6 if time == 4 * HOUR else value)
        for time, value in latency((0, 100), (5 * HOUR, 300), until=6 * HOUR)
    ]
    found = firings(made(Regression), series)
    assert found[-1].verdict.facts["before"] == pytest.approx(100, rel=0.1)
    assert found[-1].end is None


def test_spikes_are_no_part_of_the_good_level_and_do_not_hinder_it() -> None:
    def spiky() -> Iterator[tuple[float, float]]:
        for time in every(MINUTE, 5 * HOUR):
            usual = 100.0 if time < HOUR else 140.0
            yield time, 350.0 if time > HOUR and time % 900 < 120 else usual

    state, found = watch(made(Regression), spiky())
    assert found == []
    assert state.good == pytest.approx(140)


def test_too_few_numbers_leave_the_last_word() -> None:
    detector = made(Regression, min_events=5)
    state, (found,) = watch(detector, latency((0, 100), (5 * HOUR, 300), until=6 * HOUR))
    assert found.end is None
    state, verdict = detector.observe(metric(100), state, START + DAY)
    assert verdict.holds
    assert "the mean of 1 numbers in 10m" in detector.explain(state, START + DAY)


@pytest.mark.parametrize(("min_change", "found"), [(0, 0), (10, 1), (60, 0)])
def test_a_good_level_of_zero_has_no_multiple(min_change: float, found: int) -> None:
    series = latency((0, 0), (5 * HOUR, 50), until=6 * HOUR)
    assert len(firings(made(Regression, min_change=min_change), series)) == found


def test_a_small_change_of_a_small_level_can_be_let_pass() -> None:
    series = list(latency((0, 0.001), (5 * HOUR, 0.003), until=6 * HOUR))
    assert len(firings(made(Regression), series)) == 1
    assert firings(made(Regression, min_change=0.01), series) == []


def test_a_daily_job_is_judged_by_spans_of_days() -> None:
    series = latency((0, 600), (40 * DAY, 2000), until=50 * DAY, step=DAY)
    detector = made(Regression, over="2d", good_for="10d", min_events=1)
    (found,) = firings(detector, series)
    assert 40 * DAY <= found.start <= 42 * DAY


def test_easier_terms_tick_the_states_of_stricter_ones() -> None:
    strict, easy = made(Regression), made(Regression, factor=1.3)
    state, found = watch(strict, latency((0, 100), (5 * HOUR, 160), until=5.3 * HOUR))
    assert found == []
    assert easy.tick(state, START + 5.3 * HOUR)[1].holds


def test_over_must_fit_into_good_for() -> None:
    with pytest.raises(msgspec.ValidationError, match="up to `good_for`"):
        made(Regression, over="1h")


def test_the_state_stays_small() -> None:
    state, _ = watch(made(Regression), latency((0, 100), until=3 * HOUR, step=0.5))
    assert len(msgspec.msgpack.encode(state)) < 1_000


@given(HISTORIES)
@settings(max_examples=examples(100), deadline=None)
def test_a_restart_changes_nothing_and_nothing_raises(history: list[tuple[float, float]]) -> None:
    signals = [(step, metric(value)) for step, value in history]
    same_after_restarts(Regression, {"min_events": 1, "good_for": "15m"}, signals)


@given(st.lists(st.tuples(STEPS, st.sampled_from(["up", "degraded", "down", "unknown"]))))
@settings(max_examples=examples(100), deadline=None)
def test_a_restart_changes_nothing_for_components(history: list[tuple[float, Any]]) -> None:
    signals = [(step, Status(status=status)) for step, status in history]
    same_after_restarts(Regression, {}, signals)
