"""From a checked configuration to what the engine runs with."""

from pathlib import Path

import pytest

from sentinel import installation
from sentinel.api import Capabilities, Status
from sentinel.clock import Clock
from sentinel.config.problem import Problem
from sentinel.detectors.frequency import Frequency
from sentinel.engine.book import Book
from sentinel.engine.routing import OnCall
from sentinel.engine.rules import Flapping
from sentinel.joins import open_joins
from sentinel.model.delivery import Recipient
from sentinel.testing.clock import FakeClock
from sentinel.wiring import build_book

MAIN = """
hold: 45s
channels:
  mail: {type: email, host: localhost, sender: a@example.com}
  console: {type: console}
people:
  alice: {email: alice@example.com, quiet: {from: "22:00", until: "07:00"}}
  bob: {email: bob@example.com}
"""
RULES = """
rules:
- alert: Checkout
  on: error
  type: frequency
  num_events: 5
  recover_when: {num_events: 2}
  on_missing: resolve
  missing_after: 10m
  flapping: {times: 2, within: 30m, quiet: 5m}
- alert: Share
  on: error
  type: ratio
  above: 0.05
  of: {on: span, where: {op: http}}
routes:
- name: default
  escalation: platform
  group_by: [alertname]
  group_interval: 1m
  mute_time_intervals: [nights]
  active_time_intervals: [weekdays]
escalations:
- name: platform
  repeat: 3
  ack_timeout: 1h
  steps:
  - notify: [schedule:primary, channel:console]
schedules:
- {name: primary, layers: [{every: 1w, handoff: "Mon 09:00", people: [alice, bob]}]}
time_intervals:
- {name: nights, time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]}
- {name: weekdays, time_intervals: [{weekdays: [monday:friday]}, {days_of_month: [1]}]}
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning]}]
maintenance: [{name: move, matchers: [host=a], time_intervals: [nights]}]
correlations:
- name: deploy
  all: [{deploy: {on: change}}, {failing: {alert: Checkout, service: {same_as: deploy.service}}}]
  root_cause: deploy
"""


def read(
    folder: Path, rules: str, clock: Clock | None = None
) -> tuple[installation.Installation, list[Problem]]:
    (folder / "rules").mkdir()
    (folder / "rules" / "a.yaml").write_text(rules)
    (folder / "sentinel.yaml").write_text(MAIN)
    found, problems = installation.read(folder / "sentinel.yaml", {}, clock)
    assert found, problems
    return found, problems


@pytest.fixture
def book(tmp_path: Path) -> Book:
    found, _ = read(tmp_path, RULES)
    return build_book(found.config, found.registry, found.catalog)


def test_a_rule_has_a_second_detector_to_recover_by(book: Book) -> None:
    rule = book.rules.by_name["Checkout"]
    assert isinstance(rule.recover, Frequency)
    assert isinstance(rule.detector, Frequency)
    assert (rule.detector.params.num_events, rule.recover.params.num_events) == (5, 2)


def test_a_rule_knows_what_to_do_without_data_and_when_it_flaps(book: Book) -> None:
    rule = book.rules.by_name["Checkout"]
    assert (rule.on_missing, rule.missing_after) == ("resolve", 600.0)
    assert rule.flapping == Flapping(2, 1800.0, 300.0)
    assert rule.population is None


def test_a_share_is_taken_of_its_population(book: Book) -> None:
    population = book.rules.by_name["Share"].population
    assert population is not None
    assert population.kind == "span"
    assert population.condition.equal == {"op": frozenset({"http"})}


def test_a_route_knows_its_groups_and_its_hours(book: Book) -> None:
    [route] = book.routes.routes
    assert (route.group_by, route.group_interval) == (("alertname",), 60.0)
    assert len(route.muted) == 1
    assert len(route.active) == 2


def test_a_step_asks_the_schedule_who_is_on_call(book: Book) -> None:
    escalation = book.routes.routes[0].escalation
    assert escalation is not None
    console, on_call = escalation.steps[0].recipients
    assert (escalation.repeat, escalation.ack_timeout) == (3, 3600.0)
    assert console == Recipient("console")
    assert isinstance(on_call, OnCall)
    assert on_call.schedule.name == "primary"
    assert on_call.reach["bob"] == (Recipient("mail", "bob@example.com", "bob"),)


def test_what_holds_alerts_back_reaches_the_engine(book: Book) -> None:
    assert [one.name for one in book.inhibit] == ["inhibit-1"]
    assert [one.name for one in book.maintenance] == ["move"]
    assert list(book.quiet) == ["alice"]
    assert book.causes.hold == 45.0


def test_the_join_engine_takes_every_correlation(book: Book) -> None:
    joins = open_joins([one.pattern for one in book.correlations])
    joins.close()
    assert [one.name for one in book.correlations] == ["deploy"]


def test_gaps_on_call_are_looked_for_from_the_clocks_time(tmp_path: Path) -> None:
    ending = RULES.replace("people: [alice, bob]", "people: [alice], start: 2026-01-05")
    _, problems = read(tmp_path, ending, FakeClock(1_767_000_000.0))
    assert [p.id for p in problems if p.id.startswith("schedule/")] == ["schedule/gap"]


def test_everybody_is_reached_where_no_step_says_otherwise(tmp_path: Path) -> None:
    found, _ = read(tmp_path, RULES)
    book = build_book(found.config, found.registry, found.catalog)
    assert book.people == {
        "alice": (Recipient("mail", "alice@example.com", "alice"),),
        "bob": (Recipient("mail", "bob@example.com", "bob"),),
    }


def test_a_channel_says_itself_what_it_is_used_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = read(tmp_path, RULES)
    mail = found.registry.get("notifier", "email")
    monkeypatch.setattr(mail, "capabilities", Capabilities(only=frozenset({"firing"})))
    book = build_book(found.config, found.registry, found.catalog)
    assert book.only == {"mail": frozenset({"firing"})}


def test_the_engine_knows_how_long_what_a_probe_said_holds(tmp_path: Path) -> None:
    main = tmp_path / "sentinel.yaml"
    probe = "{name: shop, type: tcp, host: localhost, port: 80, interval: 1m, timeout: 10s}"
    main.write_text(f"channels: {{console: {{type: console}}}}\nprobes: [{probe}]\n")
    found, _ = installation.require(main, {})
    patience = build_book(found.config, found.registry, found.catalog).patience
    assert patience(Status(status="up", component="shop", tags={"probe": "shop"})) == 190
    assert patience(Status(status="up", component="other")) == 3_600
