"""docs/broadcasts.md: what it shows can be used as it stands."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from sentinel.engine.broadcast_words import ANNOUNCED, PLACEHOLDERS
from sentinel.installation import read
from sentinel.model.broadcast import BroadcastAudience

PAGE = (Path(__file__).parents[2] / "docs" / "broadcasts.md").read_text("utf-8")
SNIPPETS = [one for one in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if one[0] != " "]
MAIN = "components: {sms: {title: Text messages}, voice: {}, accounts: {title: Accounts}}\n"
AROUND = """
rules:
  - {alert: SmsDeliveryFailing, on: error, labels: {severity: critical}}
"""


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_each_snippet_loads(snippet: str, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(snippet)
    (tmp_path / "rules" / "around.yaml").write_text(AROUND)
    (tmp_path / "sentinel.yaml").write_text(MAIN)
    found, problems = read(tmp_path / "sentinel.yaml", {})
    assert found is not None, problems
    assert yaml.safe_load(snippet)


@pytest.mark.parametrize(
    "word", [*(f"`{{{one}}}`" for one in (*PLACEHOLDERS, *ANNOUNCED)), *get_args(BroadcastAudience)]
)
def test_each_placeholder_and_audience_is_explained(word: str) -> None:
    assert word in PAGE
