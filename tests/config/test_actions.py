"""Actions in the main file, and the rules that may run them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel.config.loader import load_config
from sentinel.config.model import ActionConfig, Config
from sentinel.config.problem import Problem
from sentinel.plugins import BUILT_INS, Registry, load_sources
from sentinel.plugins.sources import built_ins

MAIN = """
channels:
  console: {type: console}
probes:
  - {name: web, type: http, url: http://localhost, interval: 30s, component: shop}
actions:
  restart: {type: command, command: [/bin/true], cooldown: 1m, allow_rules: true, role: admin}
  purge: {type: http, url: http://localhost, timeout: 5s}
"""
RULE = """
rules:
  - alert: Down
    on: status
    where: {status: down}
    remediate: {%s}
"""

NEEDED = ("sentinel.detectors.any", "sentinel.notifiers.console", "sentinel.probes.http")
REGISTRY: Registry = load_sources(
    built_ins(one for one in BUILT_INS if one in NEEDED or one.startswith("sentinel.actions."))
)[0]

Load = Callable[[str, str], tuple[Config | None, list[Problem]]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def write_and_load(main: str, rules: str = "") -> tuple[Config | None, list[Problem]]:
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "sentinel.yaml").write_text(main)
        (tmp_path / "rules" / "a.yaml").write_text(rules)
        return load_config(tmp_path / "sentinel.yaml", REGISTRY, {})

    return write_and_load


def told(found: tuple[Config | None, list[Problem]]) -> list[str]:
    return [problem.id for problem in found[1] if not problem.warning]


def test_each_channel_and_each_probe_has_a_test_without_an_entry(load: Load) -> None:
    config, _ = load(MAIN, "")
    assert config is not None
    assert list(config.actions) == ["restart", "purge", "test:channel:console", "test:probe:web"]
    test = config.actions["test:probe:web"]
    assert (test.type, test.changes, test.allow_rules) == ("run_probe", False, False)


def test_keys_of_an_action_and_their_defaults(load: Load) -> None:
    config, _ = load(MAIN, "")
    assert config is not None
    assert _common(config.actions["restart"]) == (60.0, 60.0, "admin", True, True)
    assert _common(config.actions["purge"]) == (0.0, 5.0, "responder", False, True)


def _common(one: ActionConfig) -> tuple[float, float, str, bool, bool]:
    return one.cooldown, one.timeout, one.role, one.allow_rules, one.changes


@pytest.mark.parametrize(
    ("entry", "id"),
    [
        ("{type: test_channel, channel: consol}", "config/unknown-name"),
        ("{type: test_channel, channel: console, person: alice}", "config/unknown-name"),
        ("{type: rescan, probes: [web, wab]}", "config/unknown-name"),
        ("{type: rescam}", "config/unknown-type"),
        ("{type: command, command: [ls]}", "config/refused"),
        ("{type: reload, timeout: 0s}", "config/wrong-value"),
        ("{type: reload, role: viewer}", "config/wrong-value"),
    ],
)
def test_what_is_wrong_with_an_action_is_told(load: Load, entry: str, id: str) -> None:
    assert told(load(f"{MAIN}  other: {entry}\n", "")) == [id]


@pytest.mark.parametrize(
    ("remedy", "ids"),
    [
        ("action: restart", []),
        ("action: restart, verify: {probe: web, after: 30s}, page: after_remediation", []),
        ("action: restrat", ["config/unknown-name"]),
        ("action: purge", ["remedy/not-allowed"]),
        ("action: restart, verify: {probe: wab, after: 1m}", ["config/unknown-name"]),
        ("action: restart, verify: {probe: web, after: 10s}", []),
        ("action: restart, page: after_remediation", ["remedy/unproven"]),
        ("action: restart, within: 40d", ["remedy/too-long"]),
        ("action: restart, within: 0s", ["config/wrong-value"]),
        ("action: restart, most: 0", ["config/wrong-value"]),
    ],
)
def test_what_is_wrong_with_a_remedy_is_told(load: Load, remedy: str, ids: list[str]) -> None:
    assert told(load(MAIN, RULE % remedy)) == ids


def test_a_remedy_is_as_careful_as_can_be_if_nothing_is_said(load: Load) -> None:
    config, _ = load(MAIN, RULE % "action: restart")
    assert config is not None
    remedy = config.rules[0].remediate
    assert remedy is not None
    assert (remedy.cooldown, remedy.most, remedy.within) == (600.0, 3, 3600.0)
    assert (remedy.page, remedy.dry_run, remedy.after) == ("at_once", False, 0.0)
