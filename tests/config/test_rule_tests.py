"""What tests of the rules are once they have been read."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sentinel.config.model import Config
from sentinel.config.model_tests import (
    AcknowledgeConfig,
    ExpectedAlert,
    ExpectedDelivery,
    ExpectedIncidents,
    FeedConfig,
    SilenceConfig,
)
from sentinel.model.signal import Checkin, Error, Metric, Signal
from tests.config.conftest import Load

Right = Callable[..., Config]

MAIN = """\
timezone: Europe/London
channels: {printer: {type: printer}, mail: {type: mail, host: h}, text: {type: text}}
people: {alice: {email: alice@example.com}}
"""
RULES = """\
rules: [{alert: A, on: error}]
routes: [{name: r, escalation: e}]
escalations: [{name: e, steps: [{notify: [printer, alice]}]}]
"""
TEST = """\
tests:
- name: alice hears of it
  expect: [{at: 1m, alert: A, state: firing}]
"""


def test_a_test_holds_what_happens(config: Right) -> None:
    text = """\
  start: 2026-06-01T00:30
  signals: [{at: 0s, every: 20s, times: 5, error: {code: X, tags.c: d, tags: {a: b}}}]
  acknowledge: [{at: 1m, alert: A, labels: {tenant: acme}, by: alice}]
  silence: [{at: 2m, matchers: ['{a="b", c="d"}'], for: 1h}]
  reload: [3m]
  restart: [4m, 5m]
"""
    [found] = config(MAIN, a=RULES + TEST + text).tests
    assert found.start == datetime(2026, 5, 31, 23, 30, tzinfo=UTC).timestamp()
    signal = Error(code="X", tags={"a": "b", "c": "d"})
    assert found.signals == (FeedConfig(at=0.0, every=20.0, times=5, signal=signal),)
    assert found.acknowledge == (
        AcknowledgeConfig(at=60.0, alert="A", labels={"tenant": "acme"}, by="alice", line=9),
    )
    assert found.silence == (SilenceConfig(at=120.0, matchers=('a="b"', 'c="d"'), duration=3600.0),)
    assert (found.reload, found.restart) == ((180.0,), (240.0, 300.0))
    assert (found.name, found.file, found.line) == ("alice hears of it", "rules/a.yaml", 5)


def test_a_test_without_a_start_is_for_any_day(config: Right) -> None:
    [found] = config(MAIN, a=RULES + TEST).tests
    assert found.start is None


@pytest.mark.parametrize(
    ("written", "signal"),
    [
        ("metric: {name: cpu, value: 1}", Metric(name="cpu", value=1)),
        ("checkin: {monitor: backup, status: missed}", Checkin(monitor="backup", status="missed")),
        ("error: {}", Error()),
    ],
)
def test_every_kind_of_signal_may_come(written: str, signal: Signal, config: Right) -> None:
    [found] = config(MAIN, a=f"{RULES}{TEST}  signals: [{{at: 5s, {written}}}]").tests
    assert found.signals[0].signal == signal


EXPECTED = [
    (
        "at: 1m, alert: A, state: absent, labels: {tenant: acme}",
        (60.0, 60.0),
        ExpectedAlert(alert="A", state="absent", labels={"tenant": "acme"}),
    ),
    (
        "until: 10m, not_delivered: {to: alice}",
        (0.0, 600.0),
        ExpectedDelivery(
            person="alice",
            channels=frozenset({"printer", "mail", "text"}),
            times=0,
            reason=None,
        ),
    ),
    (
        "between: [1m, 2m], delivered: {to: alice, by: email, times: 2, reason: reminder}",
        (60.0, 120.0),
        ExpectedDelivery(person="alice", channels=frozenset({"mail"}), times=2, reason="reminder"),
    ),
    (
        "between: [1m, 2m], delivered: {to: printer}",
        (60.0, 120.0),
        ExpectedDelivery(person=None, channels=frozenset({"printer"}), times=None, reason=None),
    ),
    (
        "at: 1m, incident: {root: A, state: open, severity: warning, size: 2, times: 0}",
        (60.0, 60.0),
        ExpectedIncidents(root="A", state="open", severity="warning", size=2, times=0),
    ),
]


@pytest.mark.parametrize(("written", "span", "what"), EXPECTED)
def test_an_expectation_says_what_and_when(
    written: str,
    span: tuple[float, float],
    what: ExpectedAlert | ExpectedDelivery | ExpectedIncidents,
    config: Right,
) -> None:
    text = f"tests: [{{name: t, expect: [{{{written}}}]}}]"
    [test] = config(MAIN, a=RULES + text).tests
    [found] = test.expect
    assert (found.start, found.end) == span
    assert found.what == what
    assert found.text == f"{{{written}}}"


def test_the_name_of_a_test_is_its_own(load: Load) -> None:
    _, problems = load(MAIN, a=RULES + TEST, b=TEST)
    assert [(p.file, p.found) for p in problems] == [
        ("rules/b.yaml", "test 'alice hears of it' again")
    ]
