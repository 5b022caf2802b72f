import math
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from sentinel.detectors._season import season_at, season_of
from sentinel.detectors._trend import student, trend_of
from sentinel.detectors.forecast import Forecast
from tests.detectors.driving import START, metric
from tests.detectors.learning import (
    DAY,
    HISTORIES,
    HOUR,
    MINUTE,
    WEEK,
    every,
    firings,
    made,
    noisy,
    same_after_restarts,
    walk,
    watch,
)
from tests.effort import examples


def disk(
    noise: float, start: float = 60.0, an_hour: float = 1.0, until: float = 40 * HOUR
) -> Iterator[tuple[float, float]]:
    draw = random.Random(1)
    return (
        (time, start + an_hour * time / HOUR + draw.gauss(0, noise))
        for time in every(MINUTE, until)
    )


def daily(until: float, a_day: float = 0.0, noise: float = 1.0) -> Iterator[tuple[float, float]]:
    """Around 50, up to 10 more or less in the course of the day."""
    draw = random.Random(2)
    for time in every(300, until):
        wave = 10 * math.sin(math.tau * (START + time) / DAY)
        yield time, 50 + wave + a_day * time / DAY + draw.gauss(0, noise)


@pytest.mark.parametrize(("noise", "latest"), [(0.0, 18.2), (0.3, 18.7), (1.0, 19.5), (3.0, 22.5)])
def test_a_disk_that_fills_is_foreseen_the_later_the_noisier(noise: float, latest: float) -> None:
    """It is full to 90 at 30 h, so it can be foreseen for 12 h from 18 h on."""
    found = firings(made(Forecast, above=90, within="12h"), disk(noise))
    assert 18 * HOUR <= found[0].start <= latest * HOUR
    assert len(found) <= 2
    assert found[-1].end is None


def test_it_says_when_it_will_cross_and_how_sure_it_is() -> None:
    (found,) = firings(made(Forecast, above=90, within="12h"), disk(0.0))
    facts = found.verdict.facts
    assert facts["eta"] == "11h59m"
    assert facts["bound"] == 90
    assert facts["growth"] == pytest.approx(1.0, abs=0.01)
    assert facts["lower"] > 90
    assert "will be above 90 in 11h59m" in found.told


def test_free_space_that_falls_is_foreseen_too() -> None:
    series = [(time, 100 - value) for time, value in disk(0.3)]
    found = firings(made(Forecast, below=10, within="12h"), series)
    assert 18 * HOUR <= found[0].start <= 18.7 * HOUR
    assert found[0].verdict.facts["upper"] < 10


def test_it_speaks_after_an_hour_of_fast_growth() -> None:
    found = firings(made(Forecast, above=90, within="4h"), disk(0.1, an_hour=10))
    assert HOUR <= found[0].start <= 1.2 * HOUR


def test_hours_without_data_are_no_steeper_growth() -> None:
    gap = ((time, value) for time, value in disk(0.3) if not 3 * HOUR < time < 12 * HOUR)
    found = firings(made(Forecast, above=90, within="12h"), gap)
    assert 18 * HOUR <= found[0].start <= 19.5 * HOUR
    assert found[0].verdict.facts["growth"] == pytest.approx(1.0, abs=0.05)


def test_it_is_silent_before_min_history_and_says_so() -> None:
    detector = made(Forecast, above=90, within="4h", min_history="2h")
    state, found = watch(detector, disk(0.1, an_hour=10, until=1.9 * HOUR))
    assert found == []
    assert "learns in silence for 2h" in detector.explain(state, START + 1.9 * HOUR)


@pytest.mark.parametrize("value", [50.0, 0.1, 1e12, 0.0, -3.3])
def test_a_flat_series_at_its_bound_never_fires(value: float) -> None:
    detector = made(Forecast, above=value, below=value, within="4d")
    state, found = watch(detector, ((time, value) for time in every(MINUTE, 2 * DAY)))
    assert found == []
    assert "it will not surely be above" in detector.explain(state, START + 2 * DAY)


@pytest.mark.parametrize("seed", range(2))
def test_noise_alone_never_fires(seed: int) -> None:
    detector = made(Forecast, above=56, below=44, within="24h")
    assert firings(detector, noisy(random.Random(seed), 300, 2 * WEEK)) == []


def test_random_walks_seldom_fire_for_nothing() -> None:
    """A walk of 3.4 a day: in 6 times 10 days at most one alarm that nothing followed."""
    false = 0
    for seed in range(6):
        series = list(walk(random.Random(seed), 300, 10 * DAY))
        for found in firings(made(Forecast, above=60, within="24h"), series):
            then = [v for time, v in series if found.start <= time <= found.start + DAY]
            false += max(then) <= 60
    assert false <= 1


def test_a_jump_is_no_trend() -> None:
    draw = random.Random(3)
    series = ((time, (50 if time < DAY else 70) + draw.gauss(0, 1)) for time in every(300, 3 * DAY))
    assert firings(made(Forecast, above=90, within="24h"), series) == []


@pytest.mark.parametrize("within", ["4h", "24h"])
def test_a_daily_cycle_below_the_bound_never_fires(within: str) -> None:
    assert firings(made(Forecast, above=66, within=within), daily(WEEK)) == []


def test_the_daily_peak_that_will_cross_is_foreseen_once_the_days_are_known() -> None:
    """At the trough, 11 h before, a line would foresee nothing."""
    detector = made(Forecast, above=57, within="11h")
    until = 4 * DAY + (18 * HOUR - START % DAY) % DAY
    state, _ = watch(detector, daily(until))
    verdict = detector.tick(state, START + until)[1]
    assert verdict.holds
    assert verdict.facts["value"] < 45
    ahead = START + until + 300 * 12 * 8.9
    assert math.sin(math.tau * ahead / DAY) > 0.6


def test_a_value_beyond_the_bound_fires_at_once() -> None:
    detector = made(Forecast, above=90, within="4h")
    state, verdict = detector.observe(metric(91), None, START)
    assert verdict.holds
    assert verdict.facts["eta"] == "0s"
    assert "already" in detector.explain(state, START)
    assert not detector.observe(metric(89), state, START + 1)[1].holds


def test_easier_terms_tick_the_states_of_stricter_ones() -> None:
    strict = made(Forecast, above=90, within="12h")
    state, found = watch(strict, disk(0.1, until=17 * HOUR))
    assert found == []
    easy = made(Forecast, above=85, within="12h")
    assert easy.tick(state, START + 17 * HOUR)[1].holds


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"within": "4h"}, "found neither"),
        ({"above": 1, "within": "5d"}, "up to 4 times `history`"),
        ({"above": 1, "within": "0s"}, "up to 4 times `history`"),
        ({"above": 1, "within": "1h", "history": "0s"}, "more than 0s"),
        ({"above": 1, "within": "1h", "history": "30m"}, "within `history`"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=told):
        made(Forecast, **options)


def test_the_state_stays_small() -> None:
    state, _ = watch(made(Forecast, above=1e9, within="4h"), daily(10 * DAY))
    assert len(msgspec.msgpack.encode(state)) < 3_000


@given(HISTORIES)
@settings(max_examples=examples(100), deadline=None)
def test_a_restart_changes_nothing_and_nothing_raises(history: list[tuple[float, float]]) -> None:
    signals = [(step, metric(value)) for step, value in history]
    same_after_restarts(Forecast, {"above": 55, "below": 1, "within": "4h"}, signals)


def test_the_interval_holds_what_it_promises() -> None:
    """Of forecasts of noise around a line, about as many come true as were promised."""
    draw, inside = random.Random(4), 0
    for _ in range(400):
        values = [0.5 * n + draw.gauss(0, 2) for n in range(100)]
        trend = trend_of([60.0 * n for n in range(100)], values)
        assert trend is not None
        half = student(0.9, trend.freedom) * trend.deviation(60.0 * 140)
        inside += abs(0.5 * 140 + draw.gauss(0, 2) - trend.mean(60.0 * 140)) <= half
    assert 0.85 <= inside / 400 <= 0.99


@pytest.mark.parametrize(
    ("confidence", "freedom", "table"),
    [(0.9, 3, 2.353), (0.9, 7, 1.895), (0.95, 7, 2.365), (0.8, 30, 1.310), (0.99, 30, 2.750)],
)
def test_the_width_is_that_of_the_tables(confidence: float, freedom: int, table: float) -> None:
    assert student(confidence, freedom) == pytest.approx(table, rel=0.01)


def hours(days: int, like_each_other: bool, a_day: float = 5.0) -> list[float]:
    draw = random.Random(5)
    return [
        a_day * n / 24 + 10 * (math.sin(math.tau * n / 24) if like_each_other else draw.gauss(0, 1))
        for n in range(24 * days)
    ]


def test_a_season_needs_two_whole_days() -> None:
    assert season_of(hours(3, True)[:47], 47) == ()
    assert len(season_of(hours(2, True), 48)) == 24


def test_a_season_is_what_the_trend_leaves() -> None:
    season = season_of(hours(4, True), 96)
    assert season == pytest.approx([10 * math.sin(math.tau * n / 24) for n in range(24)], abs=1e-6)
    assert season_at(season, 30 * 60) == season[0]
    assert season_at(season, HOUR) == pytest.approx((season[0] + season[1]) / 2)


def test_hours_that_do_not_repeat_are_no_season() -> None:
    assert season_of(hours(5, False), 120) == ()


def test_a_day_that_is_hardly_known_gives_no_season() -> None:
    gaps = hours(3, True)
    gaps[30:40] = [math.nan] * 10
    assert season_of(gaps, 72) == ()
