import random
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings

from sentinel.detectors.baseline import Baseline
from tests.detectors.driving import START, metric
from tests.detectors.learning import (
    DAY,
    HISTORIES,
    HOUR,
    WEEK,
    firings,
    made,
    same_after_restarts,
    watch,
    weekly,
)
from tests.effort import examples

STEP = 300.0


def planted(
    seed: int, weeks: float, start: float, end: float, more: float
) -> Iterator[tuple[float, float]]:
    """The weekly series with so much more from `start` to before `end`."""
    for time, value in weekly(random.Random(seed), STEP, weeks * WEEK):
        yield time, value + more if start <= time < end else value


@pytest.mark.parametrize("seed", range(3))
def test_four_usual_weeks_bring_one_false_alarm_at_most(seed: int) -> None:
    assert len(firings(made(Baseline), weekly(random.Random(seed), STEP, 6 * WEEK))) <= 1


@pytest.mark.parametrize("more", [40.0, -40.0])
def test_half_an_hour_off_is_found_at_once(more: float) -> None:
    start = 3 * WEEK + 2 * DAY
    (found,) = firings(made(Baseline), planted(5, 3.5, start, start + 1800, more))
    assert (found.start, found.end) == (start, start + 1800)
    facts = found.verdict.facts
    assert facts["expected"] == pytest.approx(facts["value"] - more, abs=15)
    assert (facts["value"] > facts["upper"]) is (more > 0)
    assert (facts["value"] < facts["lower"]) is (more < 0)
    assert facts["hour"] in found.told


def test_what_is_usual_by_day_is_unusual_by_night() -> None:
    def by_night(value: float) -> bool:
        state, _ = watch(made(Baseline), weekly(random.Random(5), STEP, 3 * WEEK))
        night = START + 3 * WEEK + (DAY - START % DAY) + 18 * HOUR
        return made(Baseline).observe(metric(value), state, night)[1].holds

    assert by_night(130)
    assert not by_night(70)


@pytest.mark.parametrize(("direction", "found"), [("up", 1), ("down", 0), ("both", 1)])
def test_only_the_direction_asked_for_alarms(direction: str, found: int) -> None:
    series = planted(5, 3.5, 3 * WEEK, 3 * WEEK + HOUR, 50)
    assert len(firings(made(Baseline, direction=direction), series)) == found


def test_before_min_history_it_is_silent_and_says_so() -> None:
    detector = made(Baseline)
    state, found = watch(detector, planted(6, 1.9, 1.8 * WEEK, 2 * WEEK, 500))
    assert found == []
    assert detector.explain(state, START + 2 * WEEK) == (
        "it learns in silence for 2w, and has seen 1w6d7h"
    )


def test_an_hour_that_was_never_seen_is_silent_and_says_so() -> None:
    detector = made(Baseline)
    sundays = (
        (time, value)
        for time, value in weekly(random.Random(7), STEP, 4 * WEEK)
        if time % WEEK < DAY
    )
    state, _ = watch(detector, sundays)
    state, verdict = detector.observe(metric(1e6), state, START + 4 * WEEK + 3 * DAY)
    assert not verdict.holds
    assert "was not seen in an earlier week" in detector.explain(state, START + 4 * WEEK)


def test_an_outlier_in_each_hour_teaches_nothing() -> None:
    def with_outliers() -> Iterator[tuple[float, float]]:
        for time, value in weekly(random.Random(8), STEP, 4 * WEEK):
            yield time, 1e6 if time % HOUR == 0 else value

    clean = watch(made(Baseline), weekly(random.Random(8), STEP, 4 * WEEK))[0]
    dirty = watch(made(Baseline), with_outliers())[0]
    detector, now = made(Baseline), START + 4 * WEEK + 10
    usual = detector.observe(metric(100), clean, now)[1].facts
    after = detector.observe(metric(100), dirty, now)[1].facts
    assert after["expected"] == pytest.approx(usual["expected"], abs=3)
    assert after["upper"] - after["lower"] < 2 * (usual["upper"] - usual["lower"])


@pytest.mark.parametrize("step", [STEP, HOUR])
@pytest.mark.parametrize("week", [0, 1, 2])
def test_an_outage_in_a_week_of_learning_is_not_what_is_usual(week: int, step: float) -> None:
    start = week * WEEK + 3 * DAY
    usual = list(weekly(random.Random(13), step, 4 * WEEK))
    series = [(time, 1e4 if start <= time < start + 3 * HOUR else value) for time, value in usual]
    found = [one for one in firings(made(Baseline), series) if one.start >= 3 * WEEK]
    assert len(found) <= 2
    detector, now = made(Baseline), START + 3 * WEEK + 3 * DAY + HOUR
    state, _ = watch(detector, (pair for pair in series if pair[0] < now - START))
    facts = detector.observe(metric(1000), state, now)[1].facts
    assert facts["upper"] < 1000


def test_one_bad_day_is_no_part_of_the_usual_a_week_later() -> None:
    bad = planted(9, 4.1, 3 * WEEK, 3 * WEEK + DAY, 60)
    again = (
        (time, value + 60 if 4 * WEEK <= time < 4 * WEEK + HOUR else value) for time, value in bad
    )
    found = firings(made(Baseline), again)
    assert any(one.start >= 4 * WEEK for one in found)


def test_a_change_that_lasts_is_usual_after_some_weeks() -> None:
    found = firings(made(Baseline), planted(10, 11, 3 * WEEK, 11 * WEEK, 60))
    assert found[0].start == 3 * WEEK
    assert all(one.start < 9 * WEEK for one in found)


def test_a_series_that_stands_still_is_left_by_more_than_a_thousandth() -> None:
    detector = made(Baseline, min_history="7d")
    still = [(number * STEP, 1000.0) for number in range(int(8 * DAY / STEP))]
    state, found = watch(detector, still)
    assert found == []
    now = START + 8 * DAY
    assert not detector.observe(metric(1000.9), state, now)[1].holds
    assert detector.observe(metric(1010), state, now)[1].holds


def test_easier_terms_tick_the_states_of_stricter_ones() -> None:
    strict, easy = made(Baseline), made(Baseline, sensitivity=1.5)
    state, _ = watch(strict, weekly(random.Random(11), STEP, 3 * WEEK))
    expected = strict.tick(state, START + 3 * WEEK)[1].facts
    near = expected["expected"] + (expected["upper"] - expected["expected"]) * 0.6
    state, verdict = strict.observe(metric(near), state, START + 3 * WEEK - 1)
    assert not verdict.holds
    assert easy.tick(state, START + 3 * WEEK)[1].holds


def test_the_state_stays_small_however_often_values_come() -> None:
    state, _ = watch(made(Baseline), weekly(random.Random(12), 7.0, 2 * DAY))
    assert len(msgspec.msgpack.encode(state)) < 2_500


@given(HISTORIES)
@settings(max_examples=examples(60), deadline=None)
def test_a_restart_changes_nothing_and_nothing_raises(history: list[tuple[float, float]]) -> None:
    signals = [(step, metric(value)) for step, value in history]
    same_after_restarts(Baseline, {"min_history": "1h", "sensitivity": 2}, signals)
