from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from sentinel.config.loader import load_config
from sentinel.data import shipped
from sentinel.installation import Installation
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.catalog_files import load_catalog
from sentinel.plugins import Registry, load
from sentinel.rehearsal import Rehearsal, Result
from sentinel.testing.clock import FakeClock

MAIN = """\
channels:
  mail: {type: email, host: localhost, sender: sentinel@acme.example}
  ops-hook: {type: console}
projects:
  shop: {environment: production, tenant: acme}
people:
  alice: {email: alice@acme.example}
  bob: {email: bob@acme.example}
"""
RULES = """\
rules:
  - alert: SmsFailing
    on: error
    where: {code: SMS_DOWN}
    type: frequency
    num_events: 3
    timeframe: 2m
    by: [tenant]
    for: 30s
    labels: {severity: critical}
    annotations: {summary: "SMS fails for {tenant}"}
  - alert: DiskFull
    on: metric
    where: {name: disk}
    type: threshold
    above: 90
    by: [host]
    flapping: {times: 0}
    labels: {severity: warning}
routes:
  - name: default
    escalation: platform
    routes:
      - {name: disks, matchers: [alertname="DiskFull"], escalation: disks}
escalations:
  - name: platform
    steps:
      - notify: [alice]
      - {after: 5m, notify: [bob, ops-hook]}
  - name: disks
    steps:
      - notify: [ops-hook]
"""
# Fires at 50s for acme and pages alice; bob's step follows at 5m50s unless it ends at 2m40s.
THREE_ERRORS = "{at: 0s, every: 10s, times: 3, error: {code: SMS_DOWN, tenant: acme}}"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts an installation with these rules and tests into the current folder."""
    monkeypatch.chdir(tmp_path)

    def put(tests: str, rules: str = RULES, main: str = MAIN) -> None:
        Path("sentinel.yaml").write_text(main)
        Path("rules").mkdir(exist_ok=True)
        Path("rules/shop.yaml").write_text(f"{rules}tests:\n{dedent(tests)}" if tests else rules)

    return put


@pytest.fixture(scope="session")
def parts() -> tuple[Registry, Catalog]:
    """Plugins and catalog: the same for all tests, so they are loaded once."""
    registry, _ = load(None)
    catalog, _ = load_catalog([shipped("catalog")])
    assert catalog is not None
    return registry, catalog


@pytest.fixture
def run_all(
    write: Callable[..., None], parts: tuple[Registry, Catalog]
) -> Callable[..., tuple[Rehearsal, list[Result]]]:
    """Runs these tests over the rules; the clock that times them stands still."""

    def run(tests: str, **files: str) -> tuple[Rehearsal, list[Result]]:
        write(tests, **files)
        registry, catalog = parts
        config, problems = load_config(Path("sentinel.yaml"), registry, {})
        assert config is not None, [str(problem) for problem in problems]
        rehearsal = Rehearsal(Installation(config, registry, catalog), FakeClock())
        return rehearsal, [rehearsal.run(test) for test in config.tests]

    return run


@pytest.fixture
def run_one(run_all: Callable[..., tuple[Rehearsal, list[Result]]]) -> Callable[..., Result]:
    """As `run_all`, for the body of one test."""

    def run(body: str, **files: str) -> Result:
        test = "- name: a test\n" + indent(dedent(body), "  ")
        return run_all(test, **files)[1][0]

    return run
