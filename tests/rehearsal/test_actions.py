"""Tests of rules that run an action themselves. Nothing is really run."""

from collections.abc import Callable

import pytest

from sentinel.rehearsal import Result
from tests.rehearsal.conftest import MAIN, RULES, THREE_ERRORS

RunOne = Callable[..., Result]
ACTIONS = """\
actions:
  restart: {type: command, command: [/bin/false], allow_rules: true}
"""
REMEDY = "    for: 30s\n    remediate: {action: restart, after: 10s, verify: {after: 1m}}\n"


@pytest.fixture
def expecting(run_one: RunOne) -> Callable[[str], Result]:
    """How a test with this expectation goes."""

    def run(expect: str) -> Result:
        rules = RULES.replace("    for: 30s\n", REMEDY)
        body = f"signals: [{THREE_ERRORS}]\nexpect: [{expect}]\n"
        return run_one(body, main=MAIN + ACTIONS, rules=rules)

    return run


@pytest.mark.parametrize(
    "expect",
    [
        "{at: 1m, action: restart}",
        "{between: [50s, 2m], action: restart}",
        "{until: 59s, no_action: restart}",
    ],
)
def test_what_is_run_is_as_expected(expect: str, expecting: Callable[[str], Result]) -> None:
    assert expecting(expect).failures == ()


@pytest.mark.parametrize(
    ("expect", "at", "found"),
    [
        (
            "{between: [1m10s, 1m20s], action: restart}",
            80.0,
            "no run at that time, but SmsFailing had it run at 1m",
        ),
        ("{until: 2m, no_action: restart}", 60.0, "SmsFailing had it run at 1m"),
    ],
)
def test_what_is_not_as_expected_says_what_was(
    expect: str, at: float, found: str, expecting: Callable[[str], Result]
) -> None:
    (failure,) = expecting(expect).failures
    assert (failure.at, failure.found) == (at, found)


def test_without_a_remedy_nothing_is_run(run_one: RunOne) -> None:
    body = f"signals: [{THREE_ERRORS}]\nexpect: [{{until: 2m, action: restart}}]\n"
    (failure,) = run_one(body, main=MAIN + ACTIONS).failures
    assert failure.found == "no rule had it run"


def test_an_action_that_there_is_not_is_told(expecting: Callable[[str], Result]) -> None:
    with pytest.raises(AssertionError, match="did you mean restart"):
        expecting("{at: 1m, action: restrat}")
