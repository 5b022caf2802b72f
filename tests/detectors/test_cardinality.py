from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Detector, Duration, Error
from sentinel.detectors.cardinality import MOST_VALUES, Cardinality, CardinalityParams
from tests.detectors import strategies
from tests.detectors.driving import START, Driver, metric


def cardinality(field: str = "user", **options: Any) -> Detector[Any]:
    options = {"timeframe": Duration(60.0), "forget_after": Duration(1000.0), **options}
    return Cardinality(CardinalityParams(field=field, **options))


def run(detector: Detector[Any], *seen: tuple[float, str | None], restarts: bool = False) -> Driver:
    driver = Driver(detector, restarts)
    for time, user in seen:
        driver.take(time, Error(user=user))
    return driver


@pytest.mark.parametrize(
    ("seen", "bounds", "asked", "holds"),
    [
        ([(0, "a"), (0, "b")], {"max": 2}, 0, False),
        ([(0, "a"), (0, "b"), (0, "c")], {"max": 2}, 59.5, True),
        ([(0, "a"), (0, "b"), (0, "c")], {"max": 2}, 60, False),
        ([(0, "a"), (10, "b"), (20, "a"), (65, "c")], {"max": 2}, 69.5, True),
        ([(0, "a"), (10, "b"), (20, "a"), (65, "c")], {"max": 2}, 70, False),
        ([(0, "a"), (0, None), (0, None)], {"max": 1}, 0, False),
        ([(0, "a")], {"max": 0}, 0, True),
        ([(0, "a")], {"min": 2}, 59.5, False),
        ([(0, "a")], {"min": 2}, 60, True),
        ([(0, "a"), (30, "a")], {"min": 2}, 59.5, False),
        ([(0, "a"), (30, "a")], {"min": 2}, 60, True),
        ([(0, "a"), (50, "b")], {"min": 2}, 59.5, False),
        ([(0, "a"), (50, "b")], {"min": 2}, 60, True),
        ([(0, "a"), (50, "b"), (60, "c")], {"min": 2}, 109.5, False),
        ([(0, "a"), (50, "b"), (60, "c")], {"min": 2}, 110, True),
        ([(0, "a")], {"min": 1}, 999.5, True),
        ([(0, "a")], {"min": 1}, 1000, False),
    ],
)
def test_different_values(
    seen: list[tuple[float, str | None]], bounds: dict[str, int], asked: float, holds: bool
) -> None:
    assert run(cardinality(**bounds), *seen).holds_at(asked) is holds


@given(
    strategies.times(),
    st.data(),
    st.sampled_from([{"max": 1}, {"max": 2}, {"min": 2}, {"min": 3}, {"min": 2, "max": 2}]),
    st.booleans(),
)
def test_it_agrees_with_one_that_keeps_all(
    times: list[float], data: st.DataObject, bounds: dict[str, int], restarts: bool
) -> None:
    size = len(times)
    users = data.draw(st.lists(st.sampled_from("abcd"), min_size=size, max_size=size))
    for asked in strategies.moments(times):
        came = [(time, user) for time, user in zip(times, users, strict=True) if time <= asked]
        count = len({user for time, user in came if asked < time + 60})
        expected = count > bounds.get("max", 99) or (asked >= 60 and count < bounds.get("min", 0))
        assert run(cardinality(**bounds), *came, restarts=restarts).holds_at(asked) is expected


def test_values_are_told_apart_as_text() -> None:
    driver = Driver(cardinality("value", max=1))
    driver.take(0, metric(1.0))
    driver.take(1, metric(float("nan")))
    assert not driver.take(2, metric(1)).holds
    assert driver.take(3, metric(1.5)).facts == {"count": 2, "field": "value", "timeframe": "1m"}


def test_beyond_the_cap_it_counts_at_least_so_many_and_says_so() -> None:
    driver = run(cardinality(max=5), *((0, str(n)) for n in range(MOST_VALUES)))
    assert not driver.verdict.full
    assert driver.take(1, Error(user="one more")).full
    assert driver.verdict.facts["count"] == MOST_VALUES
    assert driver.told_at(1).startswith("at least 10000 different values of user within 1m")


def test_recovery_goes_by_its_own_bound() -> None:
    driver = run(cardinality(max=3), (0, "a"), (0, "b"), (0, "c"))
    assert not driver.verdict.holds
    assert cardinality(max=2).tick(driver.state, START + 30)[1].holds
    assert not cardinality(max=2).tick(driver.state, START + 60)[1].holds


def test_without_a_least_nothing_is_kept_of_a_silent_group() -> None:
    driver = run(cardinality(max=3), (0, "a"))
    driver.until(60)
    assert driver.state is None
