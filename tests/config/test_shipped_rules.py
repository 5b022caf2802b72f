"""docs/shipped-rules.md tells of the rules that ship, and of no others."""

import re
from pathlib import Path
from typing import Any

import pytest

from sentinel.config.document import load
from sentinel.config.loader import load_config
from sentinel.config.model import RuleConfig
from sentinel.config.write_schemas import built_in_registry
from sentinel.data import shipped
from sentinel.probes.host_reading import READ_ONLY_TYPES

PAGE = (Path(__file__).parents[2] / "docs" / "shipped-rules.md").read_text("utf-8")
# Name, when it fires, severity and reason; the names of files stand in rows of their own.
_ROW = r"^\| `(\w+)` \| (.+?) \| (\w+) \| .+ \|$"
ROWS: list[tuple[str, str, str]] = re.findall(_ROW, PAGE, re.M)


@pytest.fixture(scope="module")
def rules() -> list[RuleConfig]:
    config, _ = load_config(shipped("config.example.yaml"), built_in_registry(), {})
    assert config is not None
    return list(config.rules)


def test_the_page_tells_of_each_rule_with_its_severity(rules: list[RuleConfig]) -> None:
    told = [(name, severity) for name, _, severity in ROWS]
    assert sorted(told) == sorted((rule.name, rule.severity) for rule in rules)


def test_the_rules_stand_under_the_name_of_their_file(rules: list[RuleConfig]) -> None:
    table = re.findall(r"^\| (?:\*\*\[(\w+\.yaml)\]|`(\w+)`)", PAGE, re.M)
    found, file = [], ""
    for heading, rule in table:
        file = heading or file
        if rule:
            found.append((rule, file))
    assert sorted(found) == sorted((rule.name, Path(rule.file).name) for rule in rules)


def _numbers() -> list[tuple[str, str]]:
    """How much of what each rule's detector asks for, in the words of the page."""
    found = []
    for file in sorted(shipped("rules").glob("*.yaml")):
        document, _ = load(file)
        assert document is not None
        data: Any = document.data
        for rule in (one for one in data.get("rules", []) if "type" in one):
            for key in ("num_events", "spike_height", "threshold_ref", "threshold_cur"):
                found += [(rule["alert"], str(rule[key]))] if key in rule else []
            for key in ("above", "below"):
                # A share is told in per cent.
                scale = 100 if rule["type"] == "ratio" else 1
                found += [(rule["alert"], f"{rule[key] * scale:g}")] if key in rule else []
            for key in ("over", "timeframe", "within"):
                found += [(rule["alert"], rule[key].rstrip("mhd"))] if key in rule else []
    return found


@pytest.mark.parametrize(("name", "number"), _numbers())
def test_the_page_says_the_numbers_of_the_rules(name: str, number: str) -> None:
    names = [row[0] for row in ROWS]
    fires = ROWS[names.index(name)][1]
    if fires.startswith("as above"):
        fires = ROWS[names.index(name) - 1][1]
    assert re.search(rf"\b{re.escape(number)}\b", fires)


def test_the_page_names_what_is_no_disk() -> None:
    assert [name for name in sorted(READ_ONLY_TYPES) if name not in PAGE] == []
