"""Bars and lines, and the words beside them."""

from datetime import UTC, datetime

import pytest

from sentinel.health.bars import bars, percent
from sentinel.health.sparkline import sparkline
from sentinel.model.uptime import Seconds

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.99999, "99.99 %"), (0.9995, "99.95 %"), (0.0, "0.00 %"), (None, "-")],
)
def test_a_share_is_never_rounded_up_to_all(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_the_words_name_the_worst_days() -> None:
    days = [Seconds(up=DAY), Seconds(up=DAY - 600, down=600), Seconds(up=DAY / 2)]
    assert bars(days, NOW).text == "3 days, 3 known: down on 1 day, most on 25 Nov 10 min"


def test_a_minute_of_being_down_is_seen_and_marked() -> None:
    found = bars([Seconds(up=DAY - 60, down=60)], NOW)
    assert found.down == "M0 0h3v7h-3z"
    assert found.up == "M0 7h3v13h-3z"
    assert found.marks


def test_a_day_of_which_nothing_is_known_is_no_day_of_being_up() -> None:
    found = bars([Seconds(unknown=DAY)], NOW)
    assert (found.up, found.marks) == ("", "")
    assert found.text == "1 day: nothing is known"


def test_a_line_breaks_where_values_are_missing() -> None:
    points = [(0.0, 0.1), (60.0, 0.2), (120.0, 0.3), (1200.0, 0.2), (1260.0, 0.1)]
    found = sparkline(points)
    assert found is not None
    assert found.path.count("M") == 2
    assert found.text == "least 100 ms, middle 200 ms, most 300 ms, last 100 ms"


def test_one_value_is_no_line() -> None:
    assert sparkline([(0.0, 0.1)]) is None
