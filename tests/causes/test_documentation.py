"""docs/causes.md says what is."""

from pathlib import Path

import pytest

from sentinel.config.schema import Retention
from sentinel.intelligence.causes import LIKELY, MOST, POSSIBLE
from sentinel.intelligence.report import LIMIT
from sentinel.store.past import HOLDS

PAGE = (Path(__file__).parents[2] / "docs" / "causes.md").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        f"| likely | from {LIKELY:g} |",
        f"| possible | from {POSSIBLE:g} |",
        f"at most {LIMIT:,} characters",
        "up to five candidates",
        "within seven days",
        "two years",
    ],
)
def test_figures_are_those_of_the_code(text: str) -> None:
    assert MOST == 5
    assert HOLDS == 7 * 86_400
    assert float(Retention().past_incidents) == 730 * 86_400
    assert text in " ".join(PAGE.split())
