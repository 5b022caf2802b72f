from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Detector, Duration, Population
from sentinel.detectors.ratio import Ratio, RatioParams
from tests.detectors import strategies
from tests.detectors.driving import START, Driver

REQUESTS = Population(on="span", where={"op": "http.server"})


def ratio(**options: Any) -> Detector[Any]:
    return Ratio(RatioParams(**{"over": Duration(60.0), "min_events": 4, **options}))


def run(detector: Detector[Any], text: str, restarts: bool = False) -> Driver:
    """One signal each second: `x` meets the conditions, `.` is another."""
    driver = Driver(detector, restarts)
    for time, letter in enumerate(text):
        (driver.take if letter == "x" else driver.take_other)(time)
    return driver


@pytest.mark.parametrize(
    ("signals", "options", "holds"),
    [
        ("xx..", {"above": 0.4}, True),
        ("xx..", {"above": 0.5}, False),
        ("xxx", {"above": 0.4}, False),
        ("xxxx", {"above": 0.4}, True),
        ("x...", {"below": 0.3}, True),
        ("xx..", {"below": 0.5}, False),
        ("....", {"below": 0.3}, True),
        ("x...", {"below": 0.1, "above": 0.2}, True),
        # Of other signals than the rule's, the whole is the other signals alone.
        ("xx....", {"above": 0.4, "of": REQUESTS}, True),
        ("xx...", {"above": 0.4, "of": REQUESTS, "min_events": 6}, False),
        ("xxxx", {"above": 0.4, "of": REQUESTS}, False),
        ("xxxxxx....", {"above": 1.4, "of": REQUESTS}, True),
        ("xx..", {"above": 0.4, "of": Population(where={"level": "error"})}, True),
    ],
)
def test_shares(signals: str, options: dict[str, Any], holds: bool) -> None:
    assert run(ratio(**options), signals).verdict.holds is holds


def test_what_leaves_the_window_changes_the_share() -> None:
    driver = run(ratio(above=0.5, min_events=3), ".xx.x")
    assert driver.verdict.holds
    assert driver.holds_at(60.5)
    assert driver.holds_at(61) is True
    assert driver.holds_at(62) is False
    driver.until(64)
    assert driver.state is None


@given(
    strategies.times(),
    st.data(),
    st.sampled_from([0.0, 0.25, 0.5, 0.9]),
    st.booleans(),
    st.booleans(),
)
def test_it_agrees_with_one_that_keeps_all(
    times: list[float], data: st.DataObject, bound: float, same_kind: bool, restarts: bool
) -> None:
    size = len(times)
    hits = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    of = None if same_kind else REQUESTS
    for asked in strategies.moments(times):
        driver = Driver(ratio(above=bound, of=of), restarts)
        came = [(time, hit) for time, hit in zip(times, hits, strict=True) if time <= asked]
        for time, hit in came:
            (driver.take if hit else driver.take_other)(time)
        matching = len(strategies.within([time for time, hit in came if hit], 60.0, asked))
        others = len(strategies.within([time for time, hit in came if not hit], 60.0, asked))
        whole = matching + others if same_kind else others
        expected = whole >= 4 and matching / whole > bound
        assert driver.holds_at(asked) is expected


def test_recovery_goes_by_its_own_bound() -> None:
    driver = run(ratio(above=0.5), "xx..")
    assert not driver.verdict.holds
    assert ratio(above=0.4).tick(driver.state, START + 3)[1].holds
    assert not ratio(above=0.5).tick(driver.state, START + 3)[1].holds


def test_the_share_is_told() -> None:
    driver = run(ratio(above=0.4), "xx..")
    assert driver.verdict.facts == {
        "count": 2,
        "total": 4,
        "timeframe": "1m",
        "ratio": 0.5,
        "percent": 50.0,
    }
    assert driver.told_at(3) == "2 of 4 within 1m is 0.5, the bound is above 0.4"
    assert run(ratio(above=0.4), "xx").told_at(3) == (
        "2 of 2 within 1m, too few to tell: the least is 4"
    )
