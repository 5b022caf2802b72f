import pytest

from sentinel.api import Checkin, Metric, Span, Status
from sentinel.detectors._reading import lasting, reading
from sentinel.detectors._robust import Deviation, DeviationParams, clipped_spread, median_spread
from tests.detectors.learning import HOSTILE


@pytest.mark.parametrize(
    ("signal", "number"),
    [
        (Metric(name="cpu", value=3.5), 3.5),
        (Status(status="up", latency=0.2), 0.2),
        (Status(status="up"), None),
        (Checkin(monitor="backup", status="ok", duration=4.0), 4.0),
        (Checkin(monitor="backup", status="ok"), None),
        (Span(name="GET", duration=2.0), 2.0),
        *((Metric(name="cpu", value=value), None) for value in HOSTILE[:6]),
        (Metric(name="cpu", value=10**400), None),
    ],
)
def test_the_number_of_a_signal(signal: Metric | Status, number: float | None) -> None:
    assert reading(signal) == number


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (59.6, "1m"), (130, "2m10s"), (12_010, "3h20m"), (866_000, "1w3d1h")],
)
def test_a_length_of_time_in_words(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("direction", "value", "alarms"),
    [
        ("both", 121, True),
        ("both", 79, True),
        ("both", 119, False),
        ("up", 121, True),
        ("up", 79, False),
        ("down", 121, False),
        ("down", 79, True),
    ],
)
def test_which_way_off_alarms(direction: str, value: float, alarms: bool) -> None:
    params = DeviationParams(sensitivity=4, direction=direction)  # type: ignore[arg-type]
    assert Deviation(value, 100.0, 5.0).alarms(params) is alarms


def test_one_outlier_moves_no_median_spread_and_a_clipped_one_little() -> None:
    calm = [9.0, 10.0, 11.0, 9.0, 11.0, 10.0, 9.0, 11.0, 10.0]
    outlier = [*calm[:-1], 1e9]
    assert median_spread(outlier, 10.0) == median_spread(calm, 10.0)
    assert clipped_spread(outlier, 10.0, 3.0) < 2 * clipped_spread(calm, 10.0, 3.0)
