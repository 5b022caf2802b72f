"""How a test of the rules runs: in the order of time, over the whole path."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sentinel.detectors.frequency import Frequency
from sentinel.rehearsal import Rehearsal, Result
from sentinel.simulation import Simulation
from tests.rehearsal.conftest import MAIN, RULES, THREE_ERRORS

RunOne = Callable[..., Result]
RunAll = Callable[..., tuple[Rehearsal, list[Result]]]

START = datetime(2026, 1, 7, 12, tzinfo=UTC).timestamp()
LASTING = "{at: 0s, every: 10s, times: 100, error: {code: SMS_DOWN, tenant: acme}}"
PAGES = """
      - {between: [50s, 50s], delivered: {to: alice, times: 1, reason: firing}}
      - {between: [5m50s, 5m50s], delivered: {to: bob, times: 1, reason: firing}}
      - {until: 10m, delivered: {to: alice, times: 1}}
      - {until: 10m, delivered: {to: bob, times: 1}}
"""
INTERRUPTED = [
    "restart: [25s]",
    "restart: [50s, 3m, 5m50s]",
    "reload: [30s, 1m]",
    "{restart: [0s], reload: [0s]}",
]


@pytest.mark.parametrize("when", ["", *INTERRUPTED])
def test_a_restart_or_a_reload_in_the_middle_changes_nothing(when: str, run_one: RunOne) -> None:
    keys = when.strip("{}").replace("], ", "]\n")
    assert run_one(f"signals: [{LASTING}]\n{keys}\nexpect:{PAGES}").failures == ()


def test_each_restart_and_each_reload_builds_the_engine_anew(
    run_one: RunOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = []
    restart = Simulation.restart

    def noted(self: Simulation) -> None:
        times.append(self.now - START)
        restart(self)

    monkeypatch.setattr(Simulation, "restart", noted)
    run_one("""
        restart: [2m, 30s]
        reload: [1m]
        expect: [{at: 5m, incident: {times: 0}}]
    """)
    assert times == [30.0, 60.0, 120.0]


def test_an_acknowledgement_stops_the_next_step(run_one: RunOne) -> None:
    result = run_one(f"""
        signals: [{LASTING}]
        acknowledge: [{{at: 50s, alert: SmsFailing, labels: {{tenant: acme}}, by: alice}}]
        expect:
          - {{at: 50s, alert: SmsFailing, state: acknowledged}}
          - {{at: 50s, incident: {{state: acknowledged}}}}
          - {{until: 15m, not_delivered: {{to: bob}}}}
    """)
    assert result.failures == ()


def test_an_acknowledgement_of_what_does_not_fire_fails_the_test(run_one: RunOne) -> None:
    result = run_one(f"""
        signals: [{LASTING}]
        acknowledge: [{{at: 40s, alert: SmsFailing}}, {{at: 1m, alert: DiskFull}}]
        expect: [{{at: 50s, alert: SmsFailing, state: firing}}]
    """)
    assert [(one.expected, one.found) for one in result.failures] == [
        ("SmsFailing fires, and is acknowledged", "SmsFailing {tenant: acme} is pending since 20s"),
    ]


def test_what_comes_after_the_last_expectation_does_not_happen(run_one: RunOne) -> None:
    result = run_one("""
        acknowledge: [{at: 1m, alert: DiskFull}]
        expect: [{at: 30s, alert: DiskFull, state: absent}]
    """)
    assert result.failures == ()


def test_a_silence_holds_from_its_own_moment_until_it_ends(run_one: RunOne) -> None:
    result = run_one("""
        signals: [{at: 0s, every: 1m, times: 30, metric: {name: disk, value: 95, host: web-1}}]
        silence: [{at: 0s, matchers: ['host="web-1"'], for: 10m}]
        expect:
          - {at: 0s, alert: DiskFull, state: firing}
          - {until: 9m59s, not_delivered: {to: ops-hook}}
          - {between: [10m, 10m], delivered: {to: ops-hook, times: 1}}
    """)
    assert result.failures == ()


def test_signals_of_several_entries_come_in_the_order_of_time(run_one: RunOne) -> None:
    result = run_one("""
        signals:
          - {at: 1m, metric: {name: disk, value: 50, host: web-1}}
          - {at: 0s, every: 2m, times: 2, metric: {name: disk, value: 95, host: web-1}}
        expect:
          - {at: 59s, alert: DiskFull, state: firing}
          - {at: 1m, alert: DiskFull, state: resolved}
          - {at: 2m, alert: DiskFull, state: firing}
    """)
    assert result.failures == ()


def test_fractions_of_a_second_add_up_to_the_moment_that_is_named(run_one: RunOne) -> None:
    rules = RULES.replace("for: 30s", "for: 100ms")
    result = run_one(
        """
        signals: [{at: 100ms, every: 100ms, times: 3, error: {code: SMS_DOWN, tenant: acme}}]
        expect:
          - {at: 300ms, alert: SmsFailing, state: pending}
          - {at: 400ms, alert: SmsFailing, state: firing}
          - {between: [400ms, 400ms], delivered: {to: alice}}
          - {until: 299ms, alert: SmsFailing, state: absent}
        """,
        rules=rules,
    )
    assert result.failures == ()


def test_what_must_hold_for_a_while_is_looked_at_between_signals_too(run_one: RunOne) -> None:
    result = run_one(f"""
        signals:
          - {THREE_ERRORS}
          - {{at: 3m, every: 10s, times: 3, error: {{code: SMS_DOWN, tenant: acme}}}}
        expect: [{{between: [1m, 4m], alert: SmsFailing, state: firing}}]
    """)
    # It ends at 2m, when no signal comes, and fires again at 3m50s.
    assert [(one.at, one.found) for one in result.failures] == [
        (120.0, "SmsFailing {tenant: acme} is resolved since 2m")
    ]


def test_thousands_of_signals_are_taken_in_the_same_order_as_few(run_one: RunOne) -> None:
    result = run_one("""
        signals: [{at: 0s, every: 1s, times: 5000, error: {code: SMS_DOWN, tenant: acme}}]
        expect:
          - {at: 33s, alert: SmsFailing, state: firing}
          - {at: 1h25m16s, alert: SmsFailing, state: firing}
          - {at: 1h25m17s, alert: SmsFailing, state: resolved}
    """)
    assert result.failures == ()


FIRST_OF_A_GROUP = """\
rules:
  - alert: NewError
    on: error
    where: {group_state: new}
    by: [fingerprint]
    labels: {severity: info}
  - alert: Returned
    on: error
    where: {group_state: regressed}
    labels: {severity: info}
"""


def test_the_first_error_of_a_group_is_new_and_further_ones_are_known(run_one: RunOne) -> None:
    result = run_one(
        """
        signals:
          - {at: 0s, error: {type: KeyError, message: a, function: pay}}
          - {at: 10m, error: {type: KeyError, message: a, function: pay}}
          - {at: 20m, error: {type: ValueError, message: b, function: ship}}
          - {at: 30m, error: {type: ValueError, message: b, function: ship, group_state: regressed}}
        expect:
          - {at: 0s, alert: NewError, state: firing}
          - {at: 10m, alert: NewError, state: resolved}
          - {at: 20m, incident: {root: NewError, times: 2}}
          - {at: 30m, alert: Returned, state: firing}
        """,
        rules=FIRST_OF_A_GROUP,
    )
    assert result.failures == ()


KNOWN_BY_THE_CATALOG = """\
rules:
  - alert: Critical
    on: error
    where: {severity: critical}
    by: [tenant, environment]
    labels: {severity: critical}
classify:
  - {name: disk, where: {message: {contains: disk}}, severity: critical}
"""


def test_errors_are_classified_and_stamped_as_the_daemon_does_it(run_one: RunOne) -> None:
    result = run_one(
        """
        signals: [{at: 0s, error: {project: shop, message: the disk is full}}]
        expect:
          - {at: 0s, alert: Critical, state: firing,
             labels: {tenant: acme, environment: production}}
        """,
        rules=KNOWN_BY_THE_CATALOG,
    )
    assert result.failures == ()


def test_what_a_test_says_of_an_error_goes_before_what_is_known_of_it(run_one: RunOne) -> None:
    result = run_one(
        """
        signals: [{at: 0s, error: {message: the disk is full, severity: low}}]
        expect: [{at: 0s, alert: Critical, state: absent}]
        """,
        rules=KNOWN_BY_THE_CATALOG,
    )
    assert result.failures == ()


ON_CALL = """\
rules:
  - {alert: Any, on: metric, labels: {severity: critical}}
routes:
  - {name: default, escalation: platform}
escalations:
  - name: platform
    steps:
      - notify: [schedule:primary]
schedules:
  - name: primary
    layers: [{every: 1d, handoff: "09:00", start: 2026-03-28, people: [alice, bob]}]
"""


@pytest.mark.parametrize(("at", "person"), [("8h59m", "alice"), ("9h", "bob")])
def test_a_start_is_a_day_and_a_time_for_schedules(at: str, person: str, run_one: RunOne) -> None:
    result = run_one(
        f"""
        start: 2026-03-29T00:00
        signals: [{{at: {at}, metric: {{name: m, value: 1}}}}]
        expect: [{{until: 9h, delivered: {{to: {person}, times: 1}}}}]
        """,
        rules=ON_CALL,
    )
    assert result.failures == ()


def test_a_test_without_a_start_begins_at_noon_where_the_installation_is(run_one: RunOne) -> None:
    main = f"timezone: Asia/Tokyo\n{MAIN}"
    assert run_one("expect: [{at: 0s, incident: {times: 0}}]", main=main).start == 1767754800.0


def test_a_detector_that_raises_fails_the_test(
    run_one: RunOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    def observe(*_: object) -> None:
        raise ZeroDivisionError("no events")

    monkeypatch.setattr(Frequency, "observe", observe)
    result = run_one(f"""
        signals: [{THREE_ERRORS}]
        expect: [{{until: 1m, not_delivered: {{to: alice}}}}]
    """)
    assert [(one.line, one.expected, one.found) for one in result.failures] == [
        (
            34,
            "the detector of SmsFailing judges its signals",
            "frequency raised ZeroDivisionError: no events; the rule is off",
        )
    ]


def test_one_test_leaves_nothing_to_the_next(run_all: RunAll) -> None:
    _, results = run_all(f"""
    - name: fires
      signals: [{THREE_ERRORS}]
      expect: [{{at: 50s, alert: SmsFailing, state: firing}}]
    - name: is quiet
      expect: [{{at: 50s, alert: SmsFailing, state: absent}}, {{at: 50s, incident: {{times: 0}}}}]
    """)
    assert [result.passed for result in results] == [True, True]
