"""Tests of rules that say what clients are told."""

from collections.abc import Callable

import pytest

from sentinel.rehearsal import Result
from tests.rehearsal.conftest import RULES, THREE_ERRORS

RunOne = Callable[..., Result]
TOLD = """
broadcasts:
  - name: sms
    when: {alert: SmsFailing}
    publish: hold 20s
    resolve_after: 0s
    messages: {investigating: Late.}
"""


@pytest.fixture
def expecting(run_one: RunOne) -> Callable[[str], Result]:
    """How a test with this expectation goes. The alert fires after half a minute, and ends."""

    def run(expect: str) -> Result:
        body = f"signals: [{THREE_ERRORS}]\nexpect: [{expect}]\n"
        return run_one(body, rules=RULES + TOLD)

    return run


@pytest.mark.parametrize(
    "expect",
    [
        "{until: 5m, client_update: {broadcast: sms, phase: investigating}}",
        "{until: 20m, client_update: {broadcast: sms, phase: resolved}}",
        "{until: 20m, client_update: {broadcast: sms}}",
        "{until: 45s, no_client_update: {broadcast: sms}}",
        "{until: 20m, no_client_update: {broadcast: sms, phase: identified}}",
    ],
)
def test_what_clients_hear_is_as_expected(expect: str, expecting: Callable[[str], Result]) -> None:
    assert expecting(expect).failures == ()


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        (
            "{until: 60s, client_update: {broadcast: sms}}",
            "no such update at that time, but investigating is held until",
        ),
        ("{until: 5m, no_client_update: {broadcast: sms}}", "investigating went out at"),
        (
            "{until: 20m, client_update: {broadcast: sms, phase: monitoring}}",
            "no such update at that time, but investigating went out at",
        ),
    ],
)
def test_what_is_not_as_expected_says_what_was(
    expect: str, found: str, expecting: Callable[[str], Result]
) -> None:
    (failure,) = expecting(expect).failures
    assert failure.found.startswith(found)


def test_without_an_alert_nothing_is_begun(run_one: RunOne) -> None:
    body = "expect: [{until: 5m, client_update: {broadcast: sms}}]\n"
    (failure,) = run_one(body, rules=RULES + TOLD).failures
    assert failure.found == "nothing began sms"


def test_a_broadcast_that_there_is_not_is_told(expecting: Callable[[str], Result]) -> None:
    with pytest.raises(AssertionError, match="did you mean sms"):
        expecting("{at: 1m, client_update: {broadcast: smss}}")
