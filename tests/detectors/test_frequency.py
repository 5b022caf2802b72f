from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Detector, Duration
from sentinel.detectors.frequency import Frequency, FrequencyParams
from tests.detectors import strategies
from tests.detectors.driving import START, drive


def frequency(num_events: int, timeframe: float = 60.0) -> Detector[Any]:
    return Frequency(FrequencyParams(num_events=num_events, timeframe=Duration(timeframe)))


@pytest.mark.parametrize(
    ("times", "asked", "holds"),
    [
        ([0, 10], 10, False),
        ([0, 10, 20], 20, True),
        ([0, 10, 60], 60, False),
        ([0, 10, 59.5], 59.5, True),
        ([0, 10, 59.5], 60, False),
        ([5, 5, 5], 5, True),
        ([5, 5, 5], 64.5, True),
        ([5, 5, 5], 65, False),
        ([0, 10, 20, 30, 40], 69.5, True),
        ([0, 10, 20, 30, 40], 80, False),
    ],
)
def test_three_within_a_minute(times: list[float], asked: float, holds: bool) -> None:
    assert drive(frequency(3), times).holds_at(asked) is holds


@given(strategies.times(), st.integers(1, 6), st.booleans())
def test_it_agrees_with_one_that_keeps_all(times: list[float], num: int, restarts: bool) -> None:
    for asked in strategies.moments(times):
        came = [time for time in times if time <= asked]
        counted = strategies.within(came, 60.0, asked)
        assert drive(frequency(num), came, restarts).holds_at(asked) is (len(counted) >= num)


def test_nothing_is_kept_once_all_are_gone() -> None:
    driver = drive(frequency(3), [0, 10])
    driver.until(70)
    assert driver.state is None


def test_it_counts_for_the_annotations() -> None:
    facts = drive(frequency(3), [0, 10, 20, 30]).verdict.facts
    assert facts == {"count": 3, "timeframe": "1m"}


def test_a_large_count_is_a_small_state() -> None:
    driver = drive(frequency(50), [n * 0.1 for n in range(500)])
    assert len(msgspec.msgpack.encode(driver.state)) < 500


@pytest.mark.parametrize(
    ("asked", "holds", "recheck"),
    [(40, True, 90), (89.5, True, 90), (90, False, 100), (99, False, 100)],
)
def test_recovery_goes_by_its_own_count(asked: float, holds: bool, recheck: float) -> None:
    driver = drive(frequency(5), [0, 10, 20, 30, 40])
    driver.until(asked)
    _, verdict = frequency(2).tick(driver.state, START + asked)
    assert verdict.holds is holds
    assert verdict.recheck == START + recheck
    assert frequency(1).tick(driver.state, START + asked)[1].holds


def test_recovery_leaves_the_state_as_it_was() -> None:
    driver = drive(frequency(3), [0, 10, 20])
    before = msgspec.msgpack.encode(driver.state)
    frequency(1).tick(driver.state, START + 70)
    assert msgspec.msgpack.encode(driver.state) == before
