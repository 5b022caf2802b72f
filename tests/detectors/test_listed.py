from typing import Any

import pytest

from sentinel.api import Detector, Duration, Error, Metric
from sentinel.detectors.blacklist import Blacklist, BlacklistParams
from sentinel.detectors.whitelist import Whitelist, WhitelistParams
from tests.detectors.driving import Driver

MINUTE = Duration(60.0)


def blacklist(*values: Any, field: str = "host", **options: Any) -> Detector[Any]:
    params = BlacklistParams(field=field, values=list(values), timeframe=MINUTE, **options)
    return Blacklist(params)


def whitelist(*values: Any, field: str = "host", **options: Any) -> Detector[Any]:
    params = WhitelistParams(field=field, values=list(values), timeframe=MINUTE, **options)
    return Whitelist(params)


@pytest.mark.parametrize(
    ("detector", "signal", "holds"),
    [
        (blacklist("a", "b"), Error(host="b"), True),
        (blacklist("a", "b"), Error(host="c"), False),
        (blacklist("a", "b"), Error(), False),
        (blacklist(500, field="line"), Error(line=500), True),
        (blacklist(500, field="tags.status"), Error(tags={"status": "500"}), True),
        (blacklist(True, field="handled"), Error(handled=True), True),
        (blacklist(1, field="handled"), Error(handled=True), False),
        (blacklist(5, field="value"), Metric(name="cpu", value=5.0), True),
        (blacklist(5, field="value"), Metric(name="cpu", value=float("nan")), False),
        (whitelist("a", "b"), Error(host="b"), False),
        (whitelist("a", "b"), Error(host="c"), True),
        (whitelist("a", "b"), Error(), False),
        (whitelist("a", "b", ignore_null=False), Error(), True),
    ],
)
def test_values(detector: Detector[Any], signal: Error | Metric, holds: bool) -> None:
    assert Driver(detector).take(0, signal).holds is holds


def test_it_holds_for_the_timeframe_after_the_latest_such_value() -> None:
    driver = Driver(blacklist("a"), restarts=True)
    driver.take(0, Error(host="a"))
    driver.take(30, Error(host="a"))
    assert driver.take(40, Error(host="b")).holds
    assert driver.holds_at(89.5)
    assert not driver.holds_at(90)
    assert driver.state is None


@pytest.mark.parametrize(
    ("detector", "bad", "good"),
    [(blacklist("a", until_good=True), "a", "b"), (whitelist("a", until_good=True), "b", "a")],
)
def test_a_value_that_may_be_ends_it_where_that_is_asked_for(
    detector: Detector[Any], bad: str, good: str
) -> None:
    driver = Driver(detector, restarts=True)
    driver.take(0, Error(host=bad))
    assert driver.take(10, Error()).holds  # which says nothing of the value
    assert not driver.take(20, Error(host=good)).holds
    assert driver.told_at(21).endswith("the list of 1 since one that may be")
    driver.take(30, Error(host=bad))
    assert "and none that may be came since" in driver.told_at(31)
    assert driver.holds_at(89.5)
    assert not driver.holds_at(90)


def test_the_value_is_told() -> None:
    driver = Driver(whitelist("a"))
    facts = driver.take(0, Error(host="b")).facts
    assert facts == {"field": "host", "value": "b", "timeframe": "1m"}
    assert driver.told_at(1) == "host was b within 1m, which is not in the list of 1"
    assert driver.told_at(60) == "no value of host that is not in the list of 1 within 1m"
