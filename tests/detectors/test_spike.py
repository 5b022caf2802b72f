from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Detector, Duration
from sentinel.detectors.spike import Spike, SpikeParams
from tests.detectors import strategies
from tests.detectors.driving import START, drive


def spike(height: float = 3.0, **options: Any) -> Detector[Any]:
    options = {"timeframe": Duration(60.0), "threshold_ref": 2, **options}
    return Spike(SpikeParams(spike_height=height, **options))


def burst(time: float, number: int) -> list[float]:
    return [time] * number


@pytest.mark.parametrize(
    ("times", "options", "asked", "holds"),
    [
        # 2, then 6 in the window after.
        ([0, 70, 70, *burst(125, 6)], {}, 135, True),
        ([0, 70, 70, *burst(125, 5)], {}, 135, False),
        # The reference window is not whole before two timeframes.
        ([0, 0, *burst(70, 6)], {}, 70, False),
        # The two signals leave the reference window 120 s after they came.
        ([0, 70, 70, *burst(130, 6)], {}, 189.5, True),
        ([0, 70, 70, *burst(130, 6)], {}, 190, False),
        # From 1 to 3 is no spike.
        ([0, 70, *burst(130, 3)], {}, 130, False),
        ([0, 70, *burst(130, 3)], {"threshold_ref": 1}, 130, True),
        ([0, 70, *burst(130, 3)], {"threshold_ref": 1, "threshold_cur": 4}, 130, False),
        # From none at all.
        ([0, *burst(200, 9)], {"threshold_ref": 0, "threshold_cur": 9}, 200, True),
        ([0], {"threshold_ref": 0}, 300, False),
        # Downwards, to silence too, until the reference is gone.
        ([0, *burst(70, 6), 130, 130], {"spike_type": "down"}, 130, True),
        ([0, *burst(70, 6), 130, 130], {"spike_type": "up"}, 130, False),
        ([0, *burst(70, 6), 130, 130, 130], {"spike_type": "down"}, 130, False),
        ([0, *burst(70, 6)], {"spike_type": "down"}, 129.5, False),
        ([0, *burst(70, 6)], {"spike_type": "both"}, 130, True),
        ([0, *burst(70, 6)], {"spike_type": "both"}, 190, False),
    ],
)
def test_spikes(times: list[float], options: dict[str, Any], asked: float, holds: bool) -> None:
    assert drive(spike(**options), times).holds_at(asked) is holds


@given(
    strategies.times(),
    st.sampled_from([1.5, 2.0, 3.0]),
    st.sampled_from(["up", "down", "both"]),
    st.integers(0, 2),
    st.integers(0, 3),
    st.booleans(),
)
def test_it_agrees_with_one_that_keeps_all(
    times: list[float], height: float, kind: str, least_ref: int, least_cur: int, restarts: bool
) -> None:
    options = {"spike_type": kind, "threshold_ref": least_ref, "threshold_cur": least_cur}
    for asked in strategies.moments(times):
        came = [time for time in times if time <= asked]
        current = len(strategies.within(came, 60.0, asked))
        before = len(strategies.within(came, 120.0, asked)) - current
        up = current > 0 and current >= before * height and kind != "down"
        down = before > 0 and current <= before / height and kind != "up"
        enough = asked >= 120 and current >= least_cur and before >= least_ref
        driver = drive(spike(height, **options), came, restarts)
        assert driver.holds_at(asked) is (enough and (up or down))


def test_a_thinned_out_history_is_judged_as_soon_as_both_windows_were_seen() -> None:
    driver = drive(spike(spike_type="down"), [n * 0.003 for n in range(300)])
    assert not driver.holds_at(119.9)
    assert driver.holds_at(120)


def test_a_group_that_was_silent_for_long_begins_anew() -> None:
    driver = drive(spike(forget_after=Duration(500.0)), [0])
    driver.until(500)
    assert driver.state is None


def test_a_busy_group_is_a_small_state() -> None:
    driver = drive(spike(), [n * 0.01 for n in range(20_000)])
    assert len(msgspec.msgpack.encode(driver.state)) < 4_000
    assert driver.verdict.facts["count"] == pytest.approx(6_000, rel=0.02)
    assert driver.verdict.facts["reference"] == pytest.approx(6_000, rel=0.02)


@pytest.mark.parametrize(("number", "holds"), [(4, True), (3, False)])
def test_recovery_goes_by_its_own_height(number: int, holds: bool) -> None:
    driver = drive(spike(3.0), [0, 70, 70, *burst(135, number)])
    assert not driver.verdict.holds
    assert spike(2.0).tick(driver.state, START + 135)[1].holds is holds


def test_the_two_windows_are_told() -> None:
    driver = drive(spike(), [0, 70, 70, *burst(135, 6)])
    assert driver.told_at(135) == (
        "6 within 1m and 2 in the 1m before, the bound is 3 times as many"
    )
