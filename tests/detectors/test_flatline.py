from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Detector, Duration, Error
from sentinel.detectors.flatline import Flatline, FlatlineParams
from tests.detectors import strategies
from tests.detectors.driving import START, Driver, drive

FORGET = 1000.0


def flatline(threshold: int = 1, timeframe: float = 60.0) -> Detector[Any]:
    params = FlatlineParams(
        threshold=threshold, timeframe=Duration(timeframe), forget_after=Duration(FORGET)
    )
    return Flatline(params)


@pytest.mark.parametrize(("asked", "holds"), [(0, False), (59.5, False), (60, True), (9000, True)])
def test_without_a_signal_it_counts_from_the_loading_of_the_rule(asked: float, holds: bool) -> None:
    driver = Driver(flatline())
    driver.begin(0)
    assert driver.holds_at(asked) is holds


@pytest.mark.parametrize(
    ("times", "threshold", "asked", "holds"),
    [
        ([0], 1, 59.5, False),
        ([0], 1, 60, True),
        ([0, 60], 1, 60, False),
        ([0, 60], 1, 119.5, False),
        ([0, 60], 1, 120, True),
        ([0, 100], 1, 99.5, True),
        ([0, 100], 1, 100, False),
        ([0], 2, 59.5, False),
        ([0], 2, 60, True),
        ([0, 30], 2, 60, True),
        ([0, 30, 60], 2, 60, False),
        ([0, 0, 0], 2, 59.5, False),
    ],
)
def test_a_group_is_watched_from_its_first_signal_on(
    times: list[float], threshold: int, asked: float, holds: bool
) -> None:
    came = [time for time in times if time <= asked]
    assert drive(flatline(threshold), came).holds_at(asked) is holds


def test_a_silent_group_is_forgotten() -> None:
    driver = drive(flatline(), [0, 10])
    assert driver.holds_at(10 + FORGET - 1)
    assert not driver.holds_at(10 + FORGET)
    assert driver.state is None


def test_what_is_watched_from_the_loading_on_is_never_forgotten() -> None:
    driver = Driver(flatline())
    driver.begin(0)
    driver.take(10)
    assert driver.holds_at(10 + 5 * FORGET)


def test_a_signal_ends_it() -> None:
    driver = drive(flatline(), [0])
    assert driver.holds_at(60)
    assert not driver.take(75).holds


@given(strategies.times(), st.integers(1, 4), st.booleans(), st.booleans())
def test_it_agrees_with_one_that_keeps_all(
    times: list[float], threshold: int, begun: bool, restarts: bool
) -> None:
    for asked in strategies.moments(times):
        came = [time for time in times if time <= asked]
        driver = Driver(flatline(threshold), restarts)
        if begun:
            driver.begin(0)
        for time in came:
            driver.take(time)
        counted = strategies.within(came, 60.0, asked)
        assert driver.holds_at(asked) is (asked >= 60 and len(counted) < threshold)


def test_more_than_was_kept_is_not_taken_for_silence() -> None:
    """A raised threshold, or one to recover at, finds a state that holds fewer signals."""
    driver = drive(flatline(2), [0, 10, 20, 30, 40, 50, 60, 70])
    state, verdict = flatline(5).tick(driver.state, START + 75)
    assert not verdict.holds
    assert verdict.recheck == START + 110
    assert flatline(5).tick(state, START + 110)[1].holds


def test_it_may_not_forget_before_it_fires() -> None:
    with pytest.raises(ValueError, match="at least twice the timeframe, which is 4w, found 1w"):
        FlatlineParams(timeframe=Duration.parse("14d"))


def test_it_says_what_it_waits_for() -> None:
    driver = Driver(flatline(3))
    driver.begin(0)
    driver.take(10, Error())
    assert driver.told_at(20) == ("1 so far, watched for less than 1m; the bound is fewer than 3")
    assert driver.told_at(65) == "1 signal within 1m, the bound is fewer than 3"
