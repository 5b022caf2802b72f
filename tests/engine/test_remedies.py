"""What a rule's own action is allowed to do, and who hears when it does not help."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine import remedies
from sentinel.engine.book import Book
from sentinel.engine.commands import Acknowledge, ActionDone, SetSilence
from sentinel.engine.engine import Input
from sentinel.engine.routing import Step
from sentinel.engine.rules import Remedy
from sentinel.model.action import ActionIntent, Outcome
from sentinel.model.signal import Status
from sentinel.model.silence import Silence
from sentinel.web.phrases import PHRASES
from tests.effort import examples

from .worlds import ALICE, BOB, World, any_rule, book, error, route

LASTS = 60.0


def world(remedy: Remedy, *steps: Step, by: Sequence[str] = (), **options: Any) -> World:
    return World(_book(remedy, *steps, by=by, **options))


def _book(remedy: Remedy, *steps: Step, by: Sequence[str] = (), **options: Any) -> Book:
    rule = any_rule("Stuck", timeframe=LASTS, by=list(by), remedy=remedy, **options)
    return book(rule, routes=[route("default", *(steps or (Step(0.0, (ALICE,)),)))])


def remedy(**options: Any) -> Remedy:
    return Remedy(action="restart", **options)


def reported(at: float, outcome: Outcome = "succeeded", alert: int = 1, **more: Any) -> ActionDone:
    return ActionDone(
        action="restart",
        rule="Stuck",
        alert=alert,
        incident=1,
        outcome=outcome,
        text="it said so",
        received=at,
        **more,
    )


def told_of_action(world: World) -> list[tuple[str, str]]:
    found = world.history.decisions
    return [(one.verb, one.reason) for one in found if one.verb.startswith("action_")]


def times(world: World) -> list[float]:
    return [one.at for one in world.actions]


def test_an_alert_that_fires_has_its_action_run_at_once() -> None:
    one = world(remedy())
    one.run(error(0.0))
    assert one.actions == [ActionIntent(action="restart", rule="Stuck", alert=1, incident=1, at=0)]
    assert told_of_action(one) == [("action_started", "remedy")]


def test_its_action_waits_for_as_long_as_the_rule_says() -> None:
    one = world(remedy(after=20.0))
    one.run(error(0.0), until=19.0)
    assert times(one) == []
    one.run(until=21.0)
    assert times(one) == [20.0]


def test_an_alert_that_is_over_before_is_left_alone() -> None:
    one = world(remedy(after=90.0))
    one.run(error(0.0), until=200.0)
    assert times(one) == []
    assert told_of_action(one) == [("action_refused", "recovered")]


def test_a_dry_run_is_asked_for_as_such() -> None:
    one = world(remedy(dry=True, page_after=True))
    one.run(error(0.0))
    one.run(reported(1.0, dry=True))
    assert [intent.dry for intent in one.actions] == [True]
    assert told_of_action(one) == [("action_started", "dry_run"), ("action_done", "dry_run")]
    assert one.delivered() == [(0.0, "alice", "firing")]


@pytest.mark.parametrize(
    ("fires", "rails", "ran", "reason"),
    [
        ((0, 100, 300), {"cooldown": 150.0}, [0, 300], "cooldown"),
        ((0, 100, 200), {"cooldown": 0.0, "most": 2, "within": 250.0}, [0, 100], "too_many_runs"),
        ((0, 100, 260), {"cooldown": 0.0, "most": 2, "within": 250.0}, [0, 100, 260], None),
        ((0, 100), {"cooldown": 100.0}, [0, 100], None),
        ((0, 99.5), {"cooldown": 100.0}, [0], "cooldown"),
    ],
)
def test_guard_rails_forbid_a_run(
    fires: Sequence[float], rails: dict[str, Any], ran: Sequence[float], reason: str | None
) -> None:
    one = world(remedy(**rails))
    for at in fires:
        one.run(error(float(at)))
    assert times(one) == ran
    refused = [why for verb, why in told_of_action(one) if verb == "action_refused"]
    assert refused == ([reason] if reason else [])


def test_groups_of_one_rule_share_its_guard_rails() -> None:
    one = world(remedy(cooldown=300.0), by=["tenant"])
    one.run(error(0.0, tenant="acme"), error(1.0, tenant="globex"))
    assert [intent.alert for intent in one.actions] == [1]


def test_whoever_has_the_incident_is_not_interfered_with() -> None:
    one = world(remedy(after=30.0))
    one.run(error(0.0), Acknowledge(1, "bob", 10.0), until=40.0)
    assert told_of_action(one) == [("action_refused", "acknowledged")]


def test_what_is_silenced_is_not_repaired() -> None:
    one = world(remedy())
    silence = Silence(id=0, matchers=('alertname="Stuck"',), starts=0.0, ends=900.0, author="bob")
    one.run(SetSilence(silence, 0.0), error(1.0))
    assert told_of_action(one) == [("action_refused", "silenced")]


def test_a_page_is_not_held_back() -> None:
    one = world(remedy(verify_after=30.0))
    one.run(error(0.0))
    assert one.delivered() == [(0.0, "alice", "firing")]


@pytest.mark.parametrize("outcome", ["failed", "refused", "unknown"])
def test_what_fails_pages_at_once(outcome: Outcome) -> None:
    one = world(remedy(verify_after=30.0), Step(300.0, (ALICE,)))
    one.run(error(0.0), reported(5.0, outcome))
    assert told_of_action(one)[1:] == [("action_failed", outcome)]
    assert one.delivered() == [(5.0, "alice", "firing")]


def test_what_does_not_help_pages_at_once_and_stops() -> None:
    one = world(remedy(verify_after=30.0), Step(300.0, (ALICE,)))
    one.run(error(0.0), reported(5.0), until=36.0)
    assert told_of_action(one)[1:] == [("action_done", "succeeded"), ("action_no_help", "no_help")]
    assert one.delivered() == [(35.0, "alice", "firing")]
    assert times(one) == [0.0]
    assert one.engine.due_of(("remedy", f"{1:012d}", "")) is None


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("succeeded", [(35.0, "alice", "remedy_failed")]),
        ("failed", [(5.0, "alice", "remedy_failed")]),
        ("unknown", [(5.0, "alice", "remedy_failed")]),
        ("refused", []),
    ],
)
def test_who_was_told_already_hears_that_what_ran_did_not_help(
    outcome: Outcome, told: list[tuple[float, str, str]]
) -> None:
    one = world(remedy(verify_after=30.0))
    one.run(error(0.0), reported(5.0, outcome), until=36.0)
    assert one.delivered() == [(0.0, "alice", "firing"), *told]


def test_a_dry_run_that_fails_is_told_to_nobody() -> None:
    one = world(remedy(dry=True))
    one.run(error(0.0), reported(5.0, "failed", dry=True))
    assert one.delivered() == [(0.0, "alice", "firing")]


def test_nobody_hears_both_of_what_is_broken_and_of_what_was_tried() -> None:
    routes = [
        route("first", Step(0.0, (ALICE,)), goes_on=True),
        route("second", Step(300.0, (BOB,))),
    ]
    one = World(book(any_rule("Stuck", timeframe=LASTS, remedy=remedy()), routes=routes))
    one.run(error(0.0), reported(5.0, "failed"))
    assert one.delivered() == [
        (0.0, "alice", "firing"),
        (5.0, "alice", "remedy_failed"),
        (5.0, "bob", "firing"),
    ]


def test_a_rule_may_let_people_wait_for_its_action() -> None:
    held = remedy(verify_after=30.0, page_after=True)
    helped, failed = world(held), world(held)
    for one in (helped, failed):
        one.run(error(0.0), reported(5.0), until=30.0)
        assert one.delivered() == []
    helped.run(until=34.0)
    failed.run(error(20.0), until=36.0)
    assert failed.delivered() == [(35.0, "alice", "firing")]


def test_an_alert_that_ends_meanwhile_has_been_helped() -> None:
    one = world(remedy(verify_after=90.0, page_after=True))
    one.run(error(0.0), reported(5.0), until=200.0)
    assert told_of_action(one)[1:] == [("action_done", "succeeded"), ("action_done", "helped")]
    assert one.delivered() == []


def test_an_alert_whose_condition_is_gone_has_been_helped() -> None:
    one = world(remedy(verify_after=70.0), keep=600.0)
    one.run(error(0.0), reported(5.0), until=80.0)
    assert told_of_action(one)[-1] == ("action_done", "helped")


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([("redis", "up")], "action_done"),
        ([("redis", "down"), ("redis", "up")], "action_done"),
        ([("redis", "up"), ("redis", "down")], "action_no_help"),
        ([("redis", "unknown")], "action_no_help"),
        ([("mail", "up")], "action_no_help"),
        ([], "action_no_help"),
    ],
)
def test_a_component_that_is_up_proves_that_it_helped(
    statuses: list[tuple[str, Any]], verdict: str
) -> None:
    one = world(remedy(verify_after=30.0, component="redis"))
    one.run(error(0.0), Status(received=1.0, component="redis", status="up"), reported(5.0))
    for number, (component, status) in enumerate(statuses):
        one.run(Status(received=6.0 + number, component=component, status=status))
    one.run(until=36.0)
    assert told_of_action(one)[-1][0] == verdict


def test_the_probe_looks_when_the_time_of_the_proof_has_come() -> None:
    one = world(remedy(verify_after=30.0, probe="redis", component="redis", look_limit=20.0))
    one.run(error(0.0), reported(5.0), until=34.0)
    assert one.history.looks == []
    one.run(until=36.0)
    assert one.history.looks == ["redis"]
    assert told_of_action(one)[-1] == ("action_done", "succeeded")


@pytest.mark.parametrize(
    ("said", "at", "verdict"),
    [
        (Status(received=37.0, component="redis", status="up"), 37.0, "action_done"),
        (Status(received=37.0, component="redis", status="down"), 37.0, "action_no_help"),
        (None, 55.0, "action_no_help"),
    ],
)
def test_what_the_probe_finds_then_is_the_verdict_and_its_silence_too(
    said: Status | None, at: float, verdict: str
) -> None:
    one = world(remedy(verify_after=30.0, probe="redis", component="redis", look_limit=20.0))
    one.run(error(0.0), reported(5.0), until=36.0)
    if said is not None:
        one.run(said)
    one.run(until=at)
    last = next(d for d in reversed(one.history.decisions) if d.verb.startswith("action_"))
    assert (last.verb, last.at) == (verdict, at)


def test_another_probe_of_the_same_component_proves_nothing() -> None:
    one = world(remedy(verify_after=30.0, probe="shop", component="shop", look_limit=20.0))
    one.run(error(0.0), reported(5.0))
    one.run(
        Status(received=6.0, component="shop", status="up", tags={"probe": "shop-certificate"}),
        until=56.0,
    )
    assert told_of_action(one)[-1] == ("action_no_help", "no_help")


def test_a_restart_while_the_probe_looks_asks_for_no_second_look() -> None:
    one = world(remedy(verify_after=30.0, probe="redis", component="redis", look_limit=20.0))
    one.run(error(0.0), reported(5.0), until=36.0)
    one.restart()
    one.run(Status(received=37.0, component="redis", status="up"), until=60.0)
    assert one.history.looks == ["redis"]
    assert told_of_action(one)[-1] == ("action_done", "helped")


def test_a_run_that_is_never_reported_does_not_wait_for_ever() -> None:
    one = world(remedy(limit=50.0, page_after=True))
    one.run(error(0.0), until=51.0)
    assert told_of_action(one)[-1] == ("action_failed", "unreported")
    assert one.delivered() == [(50.0, "alice", "firing")]


def test_a_report_that_comes_late_is_noted_all_the_same() -> None:
    one = world(remedy())
    one.run(error(0.0), until=100.0)
    one.run(reported(101.0, "unknown"))
    last = one.history.decisions[-1]
    assert (last.verb, last.reason, last.incident) == ("action_failed", "unknown", 1)


def test_what_fell_due_long_ago_is_not_run_on_old_knowledge() -> None:
    one = world(remedy(after=60.0), keep=9_999.0)
    one.run(error(0.0))
    one.restart(now=3_600.0, unseen=3_600.0)
    one.run(until=3_601.0)
    assert times(one) == []
    assert told_of_action(one) == [("action_refused", "stale")]


def test_a_rule_that_names_no_action_any_more_runs_none() -> None:
    one = world(remedy(after=30.0))
    one.run(error(0.0))
    one.restart(book(any_rule("Stuck", timeframe=LASTS)))
    one.run(until=31.0)
    assert times(one) == []
    assert told_of_action(one) == [("action_refused", "rule_changed")]


def test_an_alert_whose_rule_is_gone_has_not_been_helped() -> None:
    one = world(remedy(verify_after=30.0))
    one.run(error(0.0), reported(5.0))
    one.restart(book(any_rule("Other")))
    one.run(until=60.0)
    assert told_of_action(one)[1:] == [("action_done", "succeeded")]


def test_runs_by_a_clock_that_was_wrong_forbid_no_more_than_others() -> None:
    one = world(remedy(cooldown=100.0))
    one.run(error(100_000.0))
    one.restart(now=1_000.0)
    one.run(error(1_050.0, seq=2), until=1_120.0)
    one.run(error(1_130.0, seq=3))
    assert times(one) == [100_000.0, 1_130.0]


def test_every_reason_has_words() -> None:
    code = Path(remedies.__file__).read_text()
    reasons = set(re.findall(r'"action_[a-z_]+",\s*"([a-z_]+)"', code))
    reasons |= set(re.findall(r'Refusal\(\s*"([a-z_]+)"', code))
    assert reasons >= {"helped", "no_help", "cooldown", "stale"}
    outcomes = {"succeeded", "failed", "refused", "unknown", "dry_run"}
    assert reasons | outcomes <= set(PHRASES["because"])


def _story(gaps: list[int], outcomes: list[Outcome]) -> list[Input]:
    story: list[Input] = []
    at = 0.0
    for number, (gap, outcome) in enumerate(zip(gaps, outcomes, strict=True)):
        at += gap
        story.append(error(at, seq=2 * number + 1, tenant=f"t{number % 3}"))
        story.append(reported(at + 2.0, outcome, alert=number + 1))
    return sorted(story, key=lambda one: one.received)


@settings(max_examples=examples(60))
@given(
    st.lists(
        st.tuples(st.integers(1, 200), st.sampled_from(["succeeded", "failed"])),
        min_size=1,
        max_size=25,
    ),
    st.sets(st.integers(0, 49)),
    st.fixed_dictionaries(
        {
            "after": st.sampled_from([0.0, 30.0]),
            "cooldown": st.sampled_from([0.0, 90.0, 400.0]),
            "most": st.integers(1, 3),
            "within": st.sampled_from([200.0, 900.0]),
            "verify_after": st.sampled_from([None, 40.0]),
            "page_after": st.booleans(),
        }
    ),
)
def test_guard_rails_hold_and_a_restart_changes_nothing(
    events: list[tuple[int, Any]], cuts: set[int], rails: dict[str, Any]
) -> None:
    one = world(remedy(**rails), by=["tenant"])
    other = world(remedy(**rails), by=["tenant"])
    story = _story([gap for gap, _ in events], [outcome for _, outcome in events])
    for number, item in enumerate(story):
        one.run(item)
        other.run(item)
        if number in cuts:
            other.restart()
    end = story[-1].received + 1_000
    one.run(until=end)
    other.run(until=end)
    ran = times(one)
    assert all(later - earlier >= rails["cooldown"] for earlier, later in pairwise(ran))
    for start in ran:
        assert sum(start <= at < start + rails["within"] for at in ran) <= rails["most"]
    assert len({intent.alert for intent in one.actions}) == len(ran)
    assert other.actions == one.actions
    assert other.history.decisions == one.history.decisions
    assert other.delivered() == one.delivered()
