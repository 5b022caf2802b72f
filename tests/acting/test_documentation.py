"""docs/actions.md says what is."""

import re
from pathlib import Path
from typing import get_args

import pytest

from sentinel.acting import limits, performer, worker
from sentinel.config.loader import load_config
from sentinel.engine import remedies
from sentinel.model.action import RunState
from sentinel.plugins import BUILT_INS, load_sources
from sentinel.plugins.sources import built_ins

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "actions.md").read_text("utf-8")
REGISTRY, _ = load_sources(
    built_ins(
        (
            *(name for name in BUILT_INS if name.startswith("sentinel.actions.")),
            "sentinel.detectors.any",
            "sentinel.notifiers.email",
            "sentinel.probes.http",
        )
    )
)
AROUND = """
channels:
  mail: {type: email, host: localhost, sender: sentinel@example.com}
people:
  bob: {email: bob@example.com}
probes:
  - {name: worker, type: http, url: http://localhost, interval: 30s}
  - {name: orders, type: http, url: http://localhost}
  - {name: invoices, type: http, url: http://localhost}
"""


@pytest.mark.parametrize("type", REGISTRY.types("action"))
def test_each_built_in_type_is_documented(type: str) -> None:
    assert f"`{type}`" in PAGE


@pytest.mark.parametrize("state", get_args(RunState))
def test_each_state_of_a_run_is_documented(state: str) -> None:
    assert f"`{state}`" in PAGE


def test_each_guard_rail_is_documented() -> None:
    code = Path(remedies.__file__).read_text()
    reasons = set(re.findall(r'Refusal\(\s*"([a-z_]+)"', code))
    assert len(reasons) >= 6
    assert [reason for reason in sorted(reasons) if f"| `{reason}` |" not in PAGE] == []


def test_its_figures_are_those_of_the_code() -> None:
    assert f"cut to {performer.MOST_TEXT:,} characters" in PAGE
    assert (limits.STALE_AFTER, worker.AT_ONCE) == (60.0, 4)
    assert "waited for a minute" in PAGE
    assert "of all actions four" in PAGE
    assert remedies.STALE_AFTER == 300
    assert "more than five minutes ago" in PAGE


def test_its_snippets_load(tmp_path: Path) -> None:
    actions, rules = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text(AROUND + actions)
    (tmp_path / "rules" / "a.yaml").write_text(rules)
    env = {"CACHE_TOKEN": "t0ken"}
    config, problems = load_config(tmp_path / "sentinel.yaml", REGISTRY, env)
    assert [str(problem) for problem in problems if not problem.warning] == []
    assert config is not None
    assert {"restart-worker", "purge-cache", "count-again", "mail-to-bob"} <= set(config.actions)
