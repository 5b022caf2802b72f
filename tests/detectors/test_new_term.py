from typing import Any

import msgspec
import pytest

from sentinel.api import Detector, Duration, Error
from sentinel.detectors.new_term import NewTerm, NewTermParams
from tests.detectors.driving import Driver

WINDOW = 1000.0


def new_term(field: str = "host", **options: Any) -> Detector[Any]:
    options = {"terms_window": Duration(WINDOW), "timeframe": Duration(60.0), **options}
    return NewTerm(NewTermParams(field=field, **options))


def run(detector: Detector[Any], *seen: tuple[float, str | None], restarts: bool = False) -> Driver:
    driver = Driver(detector, restarts)
    for time, host in seen:
        driver.take(time, Error(host=host))
    return driver


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    ("seen", "asked", "holds"),
    [
        ([(0, "a")], 0, True),
        ([(0, "a")], 59.5, True),
        ([(0, "a")], 60, False),
        ([(0, "a"), (100, "a")], 100, False),
        ([(0, "a"), (100, "b")], 159.5, True),
        ([(0, "a"), (30, "b"), (50, "a")], 89.5, True),
        ([(0, None)], 0, False),
        ([(0, "a"), (999, "a")], 999, False),
        ([(0, "a"), (1000, "a")], 1000, True),
        ([(0, "a"), (500, "a"), (1499, "a")], 1499, False),
        ([(0, "a"), (500, "b"), (1000, "a")], 1000, True),
    ],
)
def test_new_terms(
    seen: list[tuple[float, str | None]], asked: float, holds: bool, restarts: bool
) -> None:
    assert run(new_term(), *seen, restarts=restarts).holds_at(asked) is holds


def test_while_it_learns_no_term_is_new() -> None:
    learning = new_term(learn_for=Duration(100.0))
    driver = run(learning, (0, "a"), (99, "b"))
    assert not driver.verdict.holds
    assert "still learning" in driver.told_at(99)
    assert not driver.take(100, Error(host="a")).holds
    assert not driver.take(100, Error(host="b")).holds
    assert driver.take(100, Error(host="c")).holds


def test_beyond_the_most_terms_the_one_not_seen_for_longest_is_forgotten_and_it_is_said() -> None:
    detector = new_term(max_terms=2)
    driver = run(detector, (0, "a"), (10, "b"), (20, "a"))
    assert not driver.verdict.full
    assert driver.take(100, Error(host="c")).full
    assert not driver.take(200, Error(host="a")).holds
    assert driver.take(300, Error(host="b")).holds


def test_the_term_is_told() -> None:
    driver = run(new_term("tags.region"))
    facts = driver.take(0, Error(tags={"region": "eu"})).facts
    assert facts == {"field": "tags.region", "term": "eu", "timeframe": "1m"}
    assert driver.told_at(1) == "tags.region eu is new within 1m; values known: 1"


def test_nothing_is_kept_once_no_term_is_known() -> None:
    driver = run(new_term(), (0, "a"))
    driver.until(WINDOW)
    assert driver.state is None


def test_a_term_that_comes_all_the_time_leaves_the_state_as_it_is() -> None:
    driver = run(new_term(), (0, "a"))
    before = driver.state
    driver.take(0.5, Error(host="a"))
    assert driver.state is before


def test_what_was_learned_of_another_field_means_nothing() -> None:
    driver = run(new_term(learn_for=Duration(100.0)), (0, "a"))
    driver.detector = new_term("release", learn_for=Duration(100.0))
    assert not driver.take(500, Error(release="1")).holds


def test_ten_thousand_terms_of_any_length_are_a_state_of_200_kb() -> None:
    driver = run(new_term(), *((n * 0.01, f"{n}-{'x' * 500}") for n in range(10_000)))
    assert len(msgspec.msgpack.encode(driver.state)) < 200_000
