from typing import Any

import msgspec
import pytest

from sentinel.api import Detector, Duration, Error
from sentinel.detectors.change import Change, ChangeParams
from tests.detectors.driving import Driver, metric


def change(*compare: str, **options: Any) -> Detector[Any]:
    return Change(ChangeParams(compare=list(compare), timeframe=Duration(60.0), **options))


def run(detector: Detector[Any], *releases: str | None, restarts: bool = False) -> Driver:
    """One error each second."""
    driver = Driver(detector, restarts)
    for time, release in enumerate(releases):
        driver.take(time, Error(release=release))
    return driver


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    ("releases", "ignore_null", "holds"),
    [
        (["1"], True, False),
        (["1", "1"], True, False),
        (["1", "2"], True, True),
        (["1", None], True, False),
        (["1", None, "1"], True, False),
        (["1", None, "2"], True, True),
        ([None, "1"], True, False),
        ([None, "1"], False, True),
        (["1", None], False, True),
        ([None, None], False, False),
        (["1" * 500, "1" * 500], True, False),
        (["1" * 500, "1" * 499 + "2"], True, True),
    ],
)
def test_changes(
    releases: list[str | None], ignore_null: bool, holds: bool, restarts: bool
) -> None:
    detector = change("release", ignore_null=ignore_null)
    assert run(detector, *releases, restarts=restarts).verdict.holds is holds


def test_it_holds_for_the_timeframe_after_the_latest_change() -> None:
    driver = run(change("release"), "1", "2", "2", "3")
    assert driver.holds_at(62.5)
    assert not driver.holds_at(63)
    assert driver.take(70, Error(release="1")).holds


def test_old_and_new_are_told() -> None:
    driver = run(change("release"), "1", "2", "2")
    assert driver.verdict.facts == {"field": "release", "old": "1", "new": "2", "timeframe": "1m"}
    assert driver.told_at(2) == "release changed from 1 to 2 within 1m"
    assert driver.told_at(61) == "no change of release within 1m"


def test_of_several_fields_those_that_changed_are_told() -> None:
    driver = Driver(change("release", "tags.region", "host"))
    driver.take(0, Error(release="1", tags={"region": "eu"}, host="web-1"))
    facts = driver.take(1, Error(release="2", tags={"region": "us"}, host="web-1")).facts
    assert (facts["field"], facts["old"], facts["new"]) == (
        "release, tags.region",
        "1, eu",
        "2, us",
    )


def test_a_field_that_a_changed_rule_compares_since_is_no_change() -> None:
    driver = run(change("release"), "1")
    driver.detector = change("release", "host")
    assert not driver.take(1, Error(release="1", host="web-1")).holds


def test_no_number_is_no_value() -> None:
    driver = Driver(change("value"))
    driver.take(0, metric(1.0))
    assert not driver.take(1, metric(float("nan"))).holds
    assert not driver.take(2, metric(1)).holds


def test_a_silent_group_is_forgotten() -> None:
    driver = run(change("release", forget_after=Duration(500.0)), "1")
    driver.until(500)
    assert driver.state is None
    assert not driver.take(501, Error(release="2")).holds


def test_its_state_is_small_whatever_is_sent() -> None:
    driver = run(change("release"), "\ud800" + "x" * 100_000, "y" * 100_000)
    assert len(msgspec.msgpack.encode(driver.state)) < 1_500
