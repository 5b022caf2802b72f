"""What each kind of expectation takes for met, and what is told of one that is not."""

from collections.abc import Callable

import pytest

from sentinel.rehearsal import Result
from tests.rehearsal.conftest import THREE_ERRORS

RunOne = Callable[..., Result]

MET = [
    "{at: 19s, alert: SmsFailing, state: absent}",
    "{at: 20s, alert: SmsFailing, state: pending}",
    "{at: 49s, alert: SmsFailing, state: pending, labels: {tenant: acme}}",
    "{at: 50s, alert: SmsFailing, state: firing, labels: {tenant: acme, severity: critical}}",
    "{between: [50s, 1m], alert: SmsFailing, state: firing}",
    "{at: 10m, alert: SmsFailing, state: resolved}",
    "{at: 10m, alert: SmsFailing, state: absent}",
    "{until: 19s, alert: SmsFailing, state: absent}",
    "{until: 10m, alert: SmsFailing, state: absent, labels: {tenant: globex}}",
    "{between: [50s, 50s], delivered: {to: alice}}",
    "{between: [50s, 1m], delivered: {to: alice, by: email, times: 1, reason: firing}}",
    "{until: 10m, delivered: {to: alice, by: mail, times: 2}}",
    "{until: 49s, not_delivered: {to: alice}}",
    "{until: 10m, not_delivered: {to: bob}}",
    "{until: 10m, not_delivered: {to: ops-hook}}",
    "{until: 10m, not_delivered: {to: alice, reason: reminder}}",
    "{at: 50s, incident: {root: SmsFailing, state: open, severity: critical, size: 1, times: 1}}",
    "{at: 10m, incident: {state: resolved}}",
    "{until: 49s, incident: {times: 0}}",
]


@pytest.mark.parametrize("expect", MET)
def test_what_is_so_passes(expect: str, run_one: RunOne) -> None:
    result = run_one(f"signals: [{THREE_ERRORS}]\nexpect: [{expect}]\n")
    assert result.failures == ()
    assert result.passed


NOT_MET = [
    (
        "{at: 40s, alert: SmsFailing, state: firing}",
        40.0,
        "SmsFailing {tenant: acme} is pending since 20s",
    ),
    (
        "{at: 1m, alert: SmsFailing, state: firing, labels: {tenant: globex}}",
        60.0,
        "no alert SmsFailing {tenant: globex}, but SmsFailing {tenant: acme} is firing since 50s",
    ),
    (
        "{at: 15s, alert: SmsFailing, state: firing}",
        15.0,
        "no alert SmsFailing: 2 of the 2 of kind error that came met its conditions",
    ),
    ("{at: 1m, alert: DiskFull, state: firing}", 60.0, "no alert DiskFull: no metric has come"),
    (
        "{until: 1m, alert: SmsFailing, state: absent}",
        20.0,
        "SmsFailing {tenant: acme} is pending since 20s",
    ),
    (
        "{between: [50s, 10m], alert: SmsFailing, state: firing}",
        120.0,
        "SmsFailing {tenant: acme} is resolved since 2m",
    ),
    (
        "{between: [2m30s, 3m], delivered: {to: alice, by: email}}",
        180.0,
        "no such message at that time, but alice by mail at 50s (firing); "
        "alice by mail at 2m (resolved)",
    ),
    (
        "{until: 3m, delivered: {to: ops-hook}}",
        180.0,
        "no such message, only alice by mail at 50s (firing); alice by mail at 2m (resolved)",
    ),
    (
        "{until: 3m, delivered: {to: alice, reason: reminder}}",
        180.0,
        "no such message, but alice by mail at 50s (firing); alice by mail at 2m (resolved)",
    ),
    (
        "{until: 49s, delivered: {to: bob}}",
        49.0,
        "no such message: nobody was told anything while the test ran",
    ),
    (
        "{until: 3m, delivered: {to: alice, times: 3}}",
        120.0,
        "2 such messages: alice by mail at 50s (firing); alice by mail at 2m (resolved)",
    ),
    (
        "{until: 3m, delivered: {to: alice, times: 1}}",
        120.0,
        "2 such messages: alice by mail at 50s (firing); alice by mail at 2m (resolved)",
    ),
    (
        "{until: 1m, not_delivered: {to: alice}}",
        50.0,
        "1 such message: alice by mail at 50s (firing)",
    ),
    ("{at: 40s, incident: {root: SmsFailing}}", 40.0, "no incident"),
    (
        "{at: 1m, incident: {root: DiskFull}}",
        60.0,
        "no such incident, but incident 1, opened at 50s (root SmsFailing, open, critical, "
        "1 alert)",
    ),
    (
        "{until: 10m, incident: {times: 0}}",
        50.0,
        "1 such incident: incident 1, opened at 50s (root SmsFailing, open, critical, 1 alert)",
    ),
]


@pytest.mark.parametrize(("expect", "at", "found"), NOT_MET)
def test_what_is_not_so_fails_and_says_what_was_found(
    expect: str, at: float, found: str, run_one: RunOne
) -> None:
    result = run_one(f"signals: [{THREE_ERRORS}]\nexpect: [{expect}]\n")
    assert [(one.expected, one.at, one.found) for one in result.failures] == [(expect, at, found)]
    assert not result.passed


def test_a_signal_that_meets_no_rule_is_told_apart_from_none(run_one: RunOne) -> None:
    result = run_one("""
        signals: [{at: 0s, error: {code: OTHER}}]
        expect: [{at: 1m, alert: SmsFailing, state: firing}]
    """)
    assert result.failures[0].found == (
        "no alert SmsFailing: none of the one error that came met its conditions"
    )


def test_an_alert_that_was_only_pending_has_not_been_resolved(run_one: RunOne) -> None:
    result = run_one("""
        signals: [{at: 0s, every: 50s, times: 3, error: {code: SMS_DOWN, tenant: acme}}]
        expect: [{at: 5m, alert: SmsFailing, state: resolved}]
    """)
    assert result.failures[0].found == (
        "SmsFailing {tenant: acme} was dropped at 2m without having fired"
    )


def test_only_the_latest_alert_of_a_group_counts(run_one: RunOne) -> None:
    result = run_one(f"""
        signals:
          - {THREE_ERRORS}
          - {{at: 10m, every: 10s, times: 3, error: {{code: SMS_DOWN, tenant: acme}}}}
        expect: [{{at: 11m, alert: SmsFailing, state: resolved}}]
    """)
    assert result.failures[0].found == "SmsFailing {tenant: acme} is firing since 10m50s"


def test_two_mismatches_on_one_line_of_the_file_are_two(run_one: RunOne) -> None:
    result = run_one("""
        expect: [{at: 1m, incident: {}}, {at: 2m, incident: {}}]
    """)
    assert [one.at for one in result.failures] == [60.0, 120.0]


def test_many_messages_are_told_in_short(run_one: RunOne) -> None:
    hosts = "\n".join(
        f"  - {{at: {n}s, metric: {{name: disk, value: 95, host: web-{n}}}}}" for n in range(5)
    )
    result = run_one(
        f"signals:\n{hosts}\nexpect:\n  - {{until: 1m, not_delivered: {{to: ops-hook}}}}\n"
    )
    assert result.failures[0].found == (
        "5 such messages: ops-hook at 0s (firing); ops-hook at 1s (firing); "
        "ops-hook at 2s (firing); and 2 more"
    )
