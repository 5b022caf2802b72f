from typing import Any

import msgspec
import pytest

from sentinel.api import Detector, Population
from sentinel.detectors.slo_burn import SloBurn, SloBurnParams
from tests.detectors.driving import START, Driver

HOUR = 3600.0


def slo(**options: Any) -> Detector[Any]:
    return SloBurn(SloBurnParams(**{"objective": 99.0, **options}))


def traffic(
    driver: Driver, begin: float, hours: float, bad_of_100: int, every: float = 6.0
) -> None:
    """Hundreds of events of which the first ones are bad, in place of a steady mixture."""
    for n in range(int(hours * HOUR / every)):
        take = driver.take if n % 100 < bad_of_100 else driver.take_other
        take(begin * HOUR + n * every)


@pytest.mark.parametrize(
    ("speed", "hours", "bad_of_100", "holds"),
    [
        # Of an objective of 99 %, 1 bad event of 100 is a burn rate of 1.
        ("fast", 2, 20, True),
        ("fast", 2, 10, True),
        ("medium", 2, 10, True),
        ("slow", 2, 10, True),
        ("fast", 2, 5, False),
        ("medium", 2, 5, False),
        ("slow", 2, 5, True),
        ("any", 2, 5, True),
        ("any", 2, 0, False),
    ],
)
def test_paces(speed: str, hours: float, bad_of_100: int, holds: bool) -> None:
    driver = Driver(slo(speed=speed))
    # At one event a second all windows, the shortest of 5 minutes too, see the same mixture.
    traffic(driver, 0, hours, bad_of_100, every=1.0)
    assert driver.verdict.holds is holds


def test_an_outage_that_is_over_ends_the_alert_with_the_short_window() -> None:
    driver = Driver(slo(speed="fast"))
    traffic(driver, 0, 1, 0)
    traffic(driver, 1, 0.5, 100)
    assert driver.verdict.holds
    assert driver.verdict.facts["timeframe"] in ("1h", "6h")
    traffic(driver, 1.5, 0.25, 0)
    assert driver.verdict.holds, "the 30 minutes still hold 6 times the rate"
    traffic(driver, 1.75, 0.3, 0)
    assert not driver.verdict.holds


def test_few_events_say_nothing() -> None:
    driver = Driver(slo())
    for second in range(19):
        assert not driver.take(second).holds
    assert driver.take(19).holds


def test_errors_for_each_request_are_counted_of_the_requests_alone() -> None:
    driver = Driver(slo(of=Population(on="span")))
    for second in range(100):
        assert not driver.take(second).holds, "no request has come"
    for second in range(20):
        driver.take_other(100 + second)
    assert driver.verdict.holds
    assert driver.verdict.facts["total"] == 20


def test_what_is_left_of_the_budget_is_told() -> None:
    driver = Driver(slo(objective=90.0))
    for second in range(100):
        (driver.take if second < 5 else driver.take_other)(second)
    facts = driver.verdict.facts
    assert facts["burn"] == pytest.approx(0.5)
    assert facts["budget_left"] == pytest.approx(50.0)
    assert facts["objective"] == 90.0
    assert driver.told_at(99) == (
        "the error budget burns 0.5 times as fast as allowed over 6h and 0.5 times over 30m, "
        "the bound is 6; 50 % of the budget of 4w2d is left"
    )


def test_an_overdrawn_budget_is_less_than_nothing() -> None:
    driver = Driver(slo(objective=90.0))
    for second in range(50):
        driver.take(second)
    assert driver.verdict.facts["budget_left"] == pytest.approx(-900.0)


def test_windows_end_within_a_sixtieth_of_them() -> None:
    driver = Driver(slo())
    for _ in range(20):
        driver.take(0)
    # The 30 minutes of the second pace are the last short window to end.
    ends = next(t for t in range(0, 7200, 5) if not driver.holds_at(t))
    assert 1800 - 30 <= ends <= 1800


def test_nothing_is_kept_after_the_period() -> None:
    driver = Driver(slo(), restarts=True)
    driver.take(0)
    driver.until(31 * 24 * HOUR)
    assert driver.state is None


def test_a_restart_changes_nothing() -> None:
    plain, again = Driver(slo(speed="any")), Driver(slo(speed="any"), restarts=True)
    for driver in (plain, again):
        traffic(driver, 0, 1, 20, every=20.0)
        driver.until(3 * HOUR)
    assert (plain.state, plain.verdict) == (again.state, again.verdict)


def test_its_state_is_bounded() -> None:
    driver = Driver(slo(speed="any"))
    traffic(driver, 0, 31 * 24, 20, every=120.0)
    assert len(msgspec.msgpack.encode(driver.state)) < 6_000


def test_a_changed_speed_finds_what_it_can_use() -> None:
    driver = Driver(slo(speed="medium"))
    for second in range(20):
        driver.take(second)
    _, verdict = slo(speed="any").tick(driver.state, START + 20)
    assert verdict.holds
    assert verdict.facts["timeframe"] == "6h"
