"""docs/backtest.md says what is."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import typer

from sentinel.cli.app import app
from tests.backtest.test_output import report, shown

PAGE = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text("utf-8")


def test_every_option_is_on_the_page_and_no_other() -> None:
    command = typer.main.get_command(app).commands["backtest"]  # type: ignore[attr-defined]
    options = {name for one in command.params for name in one.opts} - {"--help"}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) == options


def test_every_table_is_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(report(), capsys).splitlines()
    titles = {after for before, after in pairwise(lines) if not before}
    titles -= {line for line in titles if line.startswith(("Alerts in ", "Under the rules"))}
    assert len(titles) == 6
    for title in titles:
        assert title.lower() in PAGE.lower()
