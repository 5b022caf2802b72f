import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from sentinel.detectors.anomaly import Anomaly
from tests.detectors.driving import START, metric
from tests.detectors.learning import (
    DAY,
    HISTORIES,
    HOUR,
    MINUTE,
    WEEK,
    Series,
    firings,
    made,
    noisy,
    same_after_restarts,
    walk,
    watch,
    weekly,
)
from tests.effort import examples

STEP = 300.0


def moved(series: Series, start: float, end: float, more: float) -> Iterator[tuple[float, float]]:
    return ((time, value + more if start <= time < end else value) for time, value in series)


@pytest.mark.parametrize("series", [weekly, noisy, walk])
@pytest.mark.parametrize("seed", range(3))
def test_four_weeks_of_the_usual_bring_one_false_alarm_at_most(seed: int, series: object) -> None:
    assert callable(series)
    assert len(firings(made(Anomaly), series(random.Random(seed), STEP, 4 * WEEK))) <= 1


@pytest.mark.parametrize("more", [10.0, -10.0])
@pytest.mark.parametrize("step", [10.0, 300.0])
def test_a_short_anomaly_is_found_at_once_and_ends_at_once(step: float, more: float) -> None:
    series = moved(noisy(random.Random(1), step, DAY), DAY / 2, DAY / 2 + 1800, more)
    (found,) = firings(made(Anomaly), series)
    assert (found.start, found.end) == (DAY / 2, DAY / 2 + 1800)
    assert abs(found.verdict.facts["sigmas"]) == pytest.approx(10, abs=4)
    assert "robust standard deviations off" in found.told


def test_an_anomaly_does_not_hide_the_next_one() -> None:
    series = noisy(random.Random(2), MINUTE, DAY)
    for start in (10, 10.8, 11.6):
        series = moved(series, start * HOUR, start * HOUR + 1200, 10)
    assert [one.start for one in firings(made(Anomaly), series)] == [36_000, 38_880, 41_760]


@pytest.mark.parametrize("adapts_after", ["30m", "1h", "3h"])
def test_a_change_of_level_that_lasts_is_the_new_normal(adapts_after: str) -> None:
    detector = made(Anomaly, adapts_after=adapts_after)
    series = moved(noisy(random.Random(3), MINUTE, DAY), DAY / 2, DAY, 40)
    (found,) = firings(detector, series)
    assert found.start == DAY / 2
    assert found.end == DAY / 2 + detector.params.adapts_after


def test_a_new_level_that_begins_quietly_keeps_the_spread_of_the_old() -> None:
    series = [
        (time, 90.0 if DAY / 2 <= time <= DAY / 2 + HOUR else value + 40 * (time >= DAY / 2))
        for time, value in noisy(random.Random(10), MINUTE, DAY)
    ]
    (found,) = firings(made(Anomaly), series)
    assert found.start == DAY / 2


def test_a_noisier_new_level_brings_its_spread_with_it() -> None:
    draw = random.Random(12)
    series = [
        (time, draw.gauss(90, 8) if time >= DAY / 2 else value)
        for time, value in noisy(random.Random(12), MINUTE, DAY)
    ]
    (found,) = firings(made(Anomaly), series)
    assert found.end == DAY / 2 + HOUR


def test_an_outlier_while_it_learns_does_not_blind_it() -> None:
    series = moved(noisy(random.Random(11), MINUTE, 2 * HOUR), 30 * MINUTE, 31 * MINUTE, 1000)
    series = moved(series, 100 * MINUTE, 105 * MINUTE, 15)
    (found,) = firings(made(Anomaly), series)
    assert found.start == 100 * MINUTE


def test_rare_values_adapt_after_five_of_them() -> None:
    series = moved(noisy(random.Random(4), 6 * HOUR, 40 * DAY), 30 * DAY, 40 * DAY, 40)
    (found,) = firings(made(Anomaly), series)
    assert (found.start, found.end) == (30 * DAY, 31 * DAY)


def test_values_that_lie_off_on_both_sides_are_no_new_level() -> None:
    series = [
        (time, 50 + (40 if number % 2 else -40) if time >= DAY / 2 else value)
        for number, (time, value) in enumerate(noisy(random.Random(5), MINUTE, DAY))
    ]
    (found,) = firings(made(Anomaly), series)
    assert found.end is None


def test_it_is_silent_before_min_samples_and_says_so() -> None:
    detector = made(Anomaly, min_samples=30)
    state, found = watch(detector, noisy(random.Random(6), MINUTE, 29 * MINUTE))
    state, verdict = detector.observe(metric(1000), state, START + HOUR)
    assert not found
    assert not verdict.holds
    told = detector.explain(state, START + HOUR)
    assert told == "it learns in silence from 30 values, and has seen 30"
    assert detector.observe(metric(100_000), state, START + HOUR)[1].holds


@pytest.mark.parametrize(("direction", "found"), [("up", 0), ("down", 1), ("both", 1)])
def test_only_the_direction_asked_for_alarms(direction: str, found: int) -> None:
    series = moved(noisy(random.Random(7), MINUTE, DAY), DAY / 2, DAY / 2 + 600, -20)
    assert len(firings(made(Anomaly, direction=direction), series)) == found


def test_the_lower_the_sensitivity_the_farther_off() -> None:
    series = list(moved(noisy(random.Random(8), MINUTE, DAY), DAY / 2, DAY / 2 + 60, 6))
    found = {
        sensitivity: len(firings(made(Anomaly, sensitivity=sensitivity), series))
        for sensitivity in ("low", "medium", "high", 20)
    }
    assert found["low"] == found[20] == 0
    assert found["medium"] == 1
    assert found["high"] >= 1


def test_easier_terms_tick_the_states_of_stricter_ones() -> None:
    strict, easy = made(Anomaly), made(Anomaly, sensitivity=2)
    state, _ = watch(strict, noisy(random.Random(9), MINUTE, DAY))
    state, verdict = strict.observe(metric(53.5), state, START + DAY)
    assert not verdict.holds
    assert easy.tick(state, START + DAY + 60)[1].holds


@given(HISTORIES)
@settings(max_examples=examples(100), deadline=None)
def test_a_restart_changes_nothing_and_nothing_raises(history: list[tuple[float, float]]) -> None:
    signals = [(step, metric(value)) for step, value in history]
    same_after_restarts(Anomaly, {"min_samples": 10, "sensitivity": 2}, signals)
