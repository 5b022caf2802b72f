"""What people do about an incident: who has it, who gives it to whom, who wants more people."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from sentinel.engine.commands import (
    Acknowledge,
    Assign,
    Command,
    Escalate,
    Note,
    Release,
    Resolve,
    SetSilence,
)
from sentinel.engine.quiet import Quiet
from sentinel.engine.routing import Route, Step
from sentinel.model.delivery import Reason, Recipient, is_page
from sentinel.model.silence import Silence
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

CAROL = Recipient("sms", "+15550100", "carol")
TEAM = Recipient("chat")
PEOPLE = {"alice": (ALICE,), "bob": (BOB,), "carol": (CAROL,), "dave": ()}
LONG = 100_000.0


def world(*steps: Step, routes: list[Route] | None = None, **options: object) -> World:
    """One incident that lasts; alice, bob and the team's channel hear of it at once."""
    steps = steps or (Step(0.0, (ALICE, BOB, TEAM)),)
    made = World(
        book(
            any_rule(timeframe=LONG, by=["tenant"], severity="critical"),
            routes=routes or [route("ops", *steps, ack_timeout=3_600.0)],
            people=PEOPLE,
            **options,
        )
    )
    made.run(error(0, tenant="acme", group=1))
    return made


def ladder(**options: object) -> World:
    """Alice is called at once, bob after five minutes, carol after ten more."""
    steps = (Step(0.0, (ALICE,)), Step(300.0, (BOB,)), Step(600.0, (CAROL,)))
    return world(*steps, **options)


def told(one: World, since: float = 1.0) -> list[tuple[float, str, str]]:
    found = [d for d in one.history.deliveries if d.at >= since]
    return [(d.at, d.recipient.person or d.recipient.channel, d.reason) for d in found]


def last(one: World, verb: str) -> tuple[str, str]:
    """Reason and text of the latest such decision."""
    found = [decision for decision in one.history.decisions if decision.verb == verb][-1]
    return found.reason, found.text


def test_the_others_who_were_told_hear_who_has_it() -> None:
    one = world()
    one.run(Acknowledge(1, "alice", 60))
    assert told(one) == [(60, "bob", "acknowledged"), (60, "chat", "acknowledged")]


def test_a_person_who_was_not_told_hears_nothing_of_who_has_it() -> None:
    one = ladder()
    one.run(Acknowledge(1, "alice", 60))
    assert told(one) == []


def test_whoever_acknowledges_again_tells_nobody() -> None:
    one = world()
    one.run(Acknowledge(1, "alice", 60), Acknowledge(1, "alice", 120))
    assert [at for at, _, _ in told(one)] == [60, 60]


def test_two_routes_tell_the_same_person_once_who_has_it() -> None:
    steps = Step(0.0, (BOB,))
    routes = [route("first", steps, goes_on=True), route("second", steps, group_wait=10.0)]
    one = world(routes=routes)
    one.run(until=20)
    one.run(Acknowledge(1, "alice", 60))
    assert told(one, 30) == [(60, "bob", "acknowledged")]


def test_an_incident_of_which_nobody_heard_is_not_told_of_when_somebody_has_it() -> None:
    one = world(routes=[route("ops", Step(0.0, (ALICE, BOB)), group_wait=30.0)])
    one.run(Acknowledge(1, "carol", 10), until=100)
    assert told(one, 0) == []


def test_those_who_heard_only_of_others_of_the_group_do_not_hear_who_has_it() -> None:
    one = world(routes=[route("ops", Step(0.0, (ALICE, BOB)), group_by=())])
    one.run(error(10, tenant="globex", group=2), Acknowledge(2, "alice", 60), until=1_000)
    assert told(one) == []


def test_quiet_hours_drop_the_news_that_somebody_has_it() -> None:
    quiet = {"bob": Quiet(start=2, end=40, zone=ZoneInfo("UTC"), exempt=frozenset())}
    one = world(Step(0.0, (ALICE, BOB)), quiet=quiet)
    one.run(Acknowledge(1, "alice", 180), until=3_000)
    assert told(one) == []
    assert last(one, "not_delivered")[1] == "bob has quiet hours: acknowledged is left out"


def test_a_silence_keeps_quiet_who_has_it() -> None:
    one = world()
    silence = Silence(id=0, matchers=('tenant="acme"',), starts=10, ends=500, author="carol")
    one.run(SetSilence(silence, 10), Acknowledge(1, "alice", 60))
    assert told(one) == []
    assert last(one, "not_delivered")[0] == "silenced"


def test_a_channel_that_is_not_used_for_it_does_not_ring_for_who_has_it() -> None:
    one = world(only={"chat": frozenset({"firing", "resolved"})})
    one.run(Acknowledge(1, "alice", 60))
    assert told(one) == [(60, "bob", "acknowledged")]
    assert last(one, "not_delivered") == (
        "not_by_channel",
        "the channel chat is not used for acknowledged",
    )


def test_what_is_given_back_begins_anew() -> None:
    one = ladder()
    one.run(Acknowledge(1, "alice", 60), Release(1, "alice", 100), until=500)
    assert told(one) == [(100, "alice", "firing"), (400, "bob", "firing")]
    assert last(one, "incident_unacknowledged") == ("released", "alice gave it back")
    assert one.incidents[1].state == "open"


def test_somebody_else_takes_it_back_by_name() -> None:
    one = ladder()
    one.run(Acknowledge(1, "alice", 60), Release(1, "bob", 100))
    assert last(one, "incident_unacknowledged")[1] == "bob took it back from alice"


def test_whoever_is_given_it_is_told_and_has_it() -> None:
    one = world(Step(0.0, (ALICE, BOB)), Step(300.0, (TEAM,)))
    one.run(Assign(1, "carol", "alice", 60), until=1_000)
    assert told(one) == [(60, "bob", "acknowledged"), (60, "carol", "assigned")]
    assert (one.incidents[1].state, one.incidents[1].acknowledged_by) == ("acknowledged", "carol")


def test_what_was_given_to_somebody_runs_out_as_if_they_had_taken_it() -> None:
    one = ladder()
    one.run(Assign(1, "carol", "alice", 60), until=3_700)
    assert told(one, 100) == [(3_060, "carol", "ack_expiring"), (3_660, "alice", "firing")]


@pytest.mark.parametrize(
    ("reason", "severity", "wakes"),
    [
        ("assigned", "critical", True),
        ("assigned", "warning", False),
        ("acknowledged", "critical", False),
    ],
)
def test_only_what_somebody_is_given_overtakes_all_else(
    reason: Reason, severity: str, wakes: bool
) -> None:
    assert is_page(reason, severity) is wakes


def test_whoever_was_given_it_hears_its_end() -> None:
    one = ladder()
    one.run(Assign(1, "carol", "alice", 60), Resolve(1, "carol", 100))
    assert told(one, 100) == [(100, "alice", "resolved"), (100, "carol", "resolved")]


def test_quiet_hours_do_not_keep_from_a_person_what_somebody_gave_them() -> None:
    quiet = {"carol": Quiet(start=0, end=60, zone=ZoneInfo("UTC"), exempt=frozenset())}
    one = ladder(quiet=quiet)
    one.run(Assign(1, "carol", "alice", 60))
    assert told(one) == [(60, "carol", "assigned")]


def test_whoever_gives_it_to_themselves_takes_it_over_without_a_message() -> None:
    one = world()
    one.run(Acknowledge(1, "alice", 60), Assign(1, "bob", "bob", 100))
    assert told(one, 100) == [(100, "alice", "acknowledged"), (100, "chat", "acknowledged")]
    assert one.incidents[1].acknowledged_by == "bob"


def test_an_incident_that_no_route_takes_can_be_given_to_somebody() -> None:
    one = world(routes=[route("ops", matchers=['team="none"'])])
    one.run(Assign(1, "carol", "alice", 60))
    assert told(one) == [(60, "carol", "assigned")]


def test_the_next_step_runs_at_once_when_somebody_asks_for_it() -> None:
    one = ladder()
    one.run(Escalate(1, "alice", 60), until=1_000)
    assert told(one) == [(60, "bob", "firing"), (660, "carol", "firing")]
    assert last(one, "incident_escalated")[1].startswith("alice asks for the next step")


def test_what_somebody_has_goes_on_from_the_next_step_when_they_ask_for_more_people() -> None:
    one = ladder()
    one.run(until=400)
    one.run(Acknowledge(1, "bob", 450), Escalate(1, "bob", 500), until=2_000)
    assert told(one, 451) == [(500, "carol", "firing")]
    assert last(one, "incident_unacknowledged")[0] == "escalated"


def test_an_acknowledgement_that_was_made_to_last_longer_forgets_no_step() -> None:
    one = ladder()
    one.run(Acknowledge(1, "alice", 10), Acknowledge(1, "alice", 20), Escalate(1, "alice", 30))
    assert told(one) == [(30, "bob", "firing")]


def test_after_the_last_step_the_first_one_is_next() -> None:
    one = ladder()
    one.run(until=1_000)
    one.run(Escalate(1, "carol", 2_000), until=4_000)
    assert told(one, 1_001) == [
        (2_000, "alice", "firing"),
        (2_300, "bob", "firing"),
        (2_900, "carol", "firing"),
    ]


def test_what_waits_for_its_first_step_does_not_when_somebody_asks_for_it() -> None:
    steps = (Step(60.0, (ALICE,)), Step(300.0, (BOB,)))
    one = world(routes=[route("ops", *steps, group_wait=30.0)])
    one.run(Escalate(1, "carol", 10), until=400)
    assert told(one, 0) == [(10, "alice", "firing"), (310, "bob", "firing")]


def test_a_first_step_without_a_wait_runs_alone_when_somebody_asks_for_it() -> None:
    steps = (Step(0.0, (ALICE,)), Step(300.0, (BOB,)))
    one = world(routes=[route("ops", *steps, group_wait=30.0)])
    one.run(Escalate(1, "carol", 10))
    assert told(one, 0) == [(10, "alice", "firing")]


def test_what_is_kept_quiet_is_told_when_that_ends_though_somebody_asks_for_more_people() -> None:
    one = ladder()
    silence = Silence(id=0, matchers=('tenant="acme"',), starts=10, ends=500, author="carol")
    one.run(Acknowledge(1, "alice", 5), SetSilence(silence, 10), Escalate(1, "alice", 60))
    assert told(one) == []
    assert ("silenced") in [d.reason for d in one.history.decisions if d.at == 60]
    one.run(until=501)
    assert told(one) == [(500, "alice", "firing")]


def test_a_note_stands_in_the_time_line_and_tells_nobody() -> None:
    one = world()
    one.run(Note(1, "alice", " the disk is\nfull ", 60))
    assert told(one) == []
    assert last(one, "incident_noted") == ("person", "alice: the disk is full")


HANDLINGS: list[Callable[[float], Command]] = [
    lambda at: Release(1, "alice", at),
    lambda at: Assign(1, "bob", "alice", at),
    lambda at: Escalate(1, "alice", at),
    lambda at: Resolve(1, "alice", at),
    lambda at: Note(1, "alice", "it is the disk", at),
]


@pytest.mark.parametrize("command", HANDLINGS)
def test_nothing_can_be_done_about_an_incident_that_is_over(
    command: Callable[[float], Command],
) -> None:
    one = world()
    one.run(Resolve(1, "bob", 60))
    before = one.incidents[1]
    one.run(command(100))
    reason, text = last(one, "command_refused")
    assert reason == "too_late"
    assert text.startswith("alice wanted to ")
    assert one.incidents[1] == before
    assert told(one, 61) == []


@pytest.mark.parametrize(
    ("command", "reason", "said"),
    [
        (Release(1, "alice", 60), "nobody_has_it", "nobody has it"),
        (Assign(1, "erin", "alice", 60), "unknown_person", "found no person 'erin'"),
        (Assign(1, "dave", "alice", 60), "unreachable", "no channel reaches dave"),
        (Note(1, "alice", " \n ", 60), "empty", "found a note without any text"),
        (Note(1, "alice", "x" * 1_001, 60), "too_long", "found 1,001 characters"),
        (Resolve(7, "alice", 60), "too_late", "it is over"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    command: Command, reason: str, said: str
) -> None:
    one = world()
    one.run(command)
    found, text = last(one, "command_refused")
    assert (found, said in text) == (reason, True)
    assert one.incidents[1].state == "open"
    assert told(one) == []


def test_whoever_has_it_is_not_given_it_again() -> None:
    one = world()
    one.run(Acknowledge(1, "bob", 30), Assign(1, "bob", "alice", 60))
    assert last(one, "command_refused") == (
        "has_it",
        "alice wanted to hand it over: bob has it already",
    )
