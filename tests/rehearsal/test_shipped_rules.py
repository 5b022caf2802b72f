"""The rules that come with Sentinel pass their own tests, which leave none of them out."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel import installation
from sentinel.data import shipped
from sentinel.rehearsal import Rehearsal, Result, render_coverage, render_result
from sentinel.testing import FakeClock

FILES = sorted(path.name for path in shipped("rules").glob("*.yaml"))

RunFile = Callable[[str], list[Result]]


@pytest.fixture(scope="module")
def rehearsal() -> Rehearsal:
    found, problems = installation.require(shipped("config.example.yaml"), os.environ)
    assert problems == []
    return Rehearsal(found, FakeClock())


@pytest.fixture(scope="module")
def run_file(rehearsal: Rehearsal) -> RunFile:
    """Runs the tests of one file of rules."""
    found, _ = installation.require(shipped("config.example.yaml"), os.environ)
    ran: dict[str, list[Result]] = {}

    def run(name: str) -> list[Result]:
        if name not in ran:
            tests = [test for test in found.config.tests if Path(test.file).name == name]
            ran[name] = [rehearsal.run(test) for test in tests]
        return ran[name]

    return run


@pytest.mark.parametrize("name", FILES)
def test_the_rules_of_a_file_pass_the_tests_beside_them(name: str, run_file: RunFile) -> None:
    results = run_file(name)
    assert results
    assert [render_result(one) for one in results if not one.passed] == []


def test_every_rule_route_and_step_is_touched_by_a_test(
    rehearsal: Rehearsal, run_file: RunFile
) -> None:
    for name in FILES:
        run_file(name)
    coverage = rehearsal.coverage()
    assert coverage.untried == (), render_coverage(coverage)
