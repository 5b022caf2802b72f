"""Ways in which a page could get lost, come twice, or its end be told to the wrong people."""

from zoneinfo import ZoneInfo

import pytest

from sentinel.engine.book import Book, Causes
from sentinel.engine.commands import Acknowledge, SetSilence
from sentinel.engine.correlations import Correlation
from sentinel.engine.intervals import Window
from sentinel.engine.joining import Part, Pattern, SameAs
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.quiet import Quiet
from sentinel.engine.routing import Route, Step
from sentinel.model.signal import Status
from sentinel.model.silence import Silence
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

LONG = 1e6
STEPS = (Step(0.0, (ALICE,)), Step(180.0, (BOB,)))


def told(world: World) -> list[tuple[float, str, str, int | None]]:
    return [
        (d.at, d.recipient.person or "", d.reason, d.incident) for d in world.history.deliveries
    ]


def grouped(timeframe: float = LONG, **options: object) -> World:
    """Two incidents, of acme and of globex, in one group, whose second waits for its turn."""
    policy = route("r", *STEPS, group_by=("alertname",), group_interval=300.0, **options)
    return World(book(any_rule(by=["tenant"], timeframe=timeframe), routes=[policy]))


def incident(at: float, name: str) -> object:
    return error(at, tenant=name, group=len(name))


def test_an_alert_that_joins_what_no_route_took_is_told_by_the_route_that_takes_it() -> None:
    rules = [any_rule("A", LONG, where={"service": "a"}), any_rule("B", LONG)]
    world = World(book(*rules, routes=[route(matchers=['alertname="B"'])]))
    world.run(error(0, code="X", service="a"), error(5, code="X"))
    assert ("alice", "firing") in {(who, reason) for _, who, reason in world.delivered()}


def test_news_of_a_group_whose_first_incident_is_over_goes_through_all_steps() -> None:
    world = grouped(timeframe=100.0)
    world.run(incident(0, "acme"), incident(50, "globex"))
    for at in range(100, 1_000, 50):
        world.run(incident(at, "globex"))
    assert (300, "alice", "firing", 2) in told(world)
    assert (480, "bob", "firing", 2) in told(world)


def test_news_of_a_group_whose_first_incident_was_taken_goes_through_all_steps() -> None:
    world = grouped()
    world.run(incident(0, "acme"), incident(50, "globex"), Acknowledge(1, "alice", 60), until=900)
    assert told(world)[1:] == [(300, "alice", "firing", 2), (480, "bob", "firing", 2)]


def test_a_step_that_others_of_the_group_took_meanwhile_is_made_up_for() -> None:
    world = grouped()
    quiet = Silence(id=0, matchers=('tenant="acme"',), starts=10, ends=700, author="bob")
    world.run(incident(0, "acme"), SetSilence(quiet, 10), incident(50, "globex"), until=2_000)
    assert (700, "bob", "firing", 1) in told(world)
    assert {one for _, who, _, one in told(world) if who == "bob"} == {1, 2}


def test_an_acknowledgement_that_runs_out_after_its_route_is_gone_pages_by_the_new_one() -> None:
    def routes(name: str) -> list[Route]:
        return [route(name, ack_timeout=3_600.0)]

    rule = any_rule(timeframe=LONG)
    world = World(book(rule, routes=routes("old")))
    world.run(error(0), Acknowledge(1, "alice", 10))
    world.restart(book(rule, routes=routes("new")))
    world.run(until=3_610)
    assert told(world)[-1] == (3_610, "alice", "firing", 1)


def mild_and_severe(*routes: Route, **options: object) -> Book:
    rules = [
        any_rule("Mild", LONG, where={"service": "api"}),
        any_rule("Severe", LONG, where={"service": "db"}, severity="critical"),
    ]
    return book(*rules, routes=routes or None, **options)


def test_what_was_taken_is_paged_anew_for_a_severer_alert_that_no_route_takes() -> None:
    world = World(mild_and_severe(route(matchers=['severity="warning"'])))
    world.run(error(0, code="X", service="api"), Acknowledge(1, "alice", 5))
    world.run(error(10, code="X", service="db"), until=1_000)
    assert told(world) == [(0, "alice", "firing", 1), (10, "alice", "firing", 1)]


def test_a_severer_alert_of_the_same_incident_begins_no_second_paging() -> None:
    policy = route("r", *STEPS, group_by=("alertname",))
    world = World(mild_and_severe(policy))
    world.run(error(0, code="X", service="api"), error(10, code="X", service="db"), until=1_000)
    assert len(world.pagings) == 1
    assert [who for _, who, _ in world.delivered()] == ["alice", "alice", "bob"]


BOTH = Correlation(
    pattern=Pattern(
        "both",
        (
            Part("mild", {"on": ("alert",), "alert": ("Mild",)}),
            Part("severe", {"on": ("alert",), "alert": ("Severe",)}),
        ),
    ),
    root="mild",
    hold=0.0,
)
DOWN = Correlation(
    pattern=Pattern(
        "down",
        (
            Part("db", {"on": ("status",), "status": ("down",)}),
            Part("mild", {"on": ("alert",), "alert": ("Mild",), "tenant": SameAs("db", "tenant")}),
            Part("severe", {"on": ("alert",), "alert": ("Severe",)}),
        ),
    ),
    root="db",
    hold=0.0,
)


def test_a_severer_alert_that_a_correlation_folds_into_what_was_taken_is_paged() -> None:
    world = World(mild_and_severe(correlations=(BOTH,)))
    world.run(error(0, service="api", group=1), Acknowledge(1, "alice", 5))
    world.run(error(10, service="db", group=2), until=1_000)
    assert world.incidents[1].state == "open"
    assert told(world)[-1] == (10, "alice", "firing", 1)


def test_a_severer_incident_that_a_fact_folds_into_what_was_taken_goes_on() -> None:
    world = World(mild_and_severe(route("r", *STEPS), correlations=(DOWN,)))
    world.run(error(0, service="api", group=1, tenant="acme"), Acknowledge(1, "alice", 5))
    world.run(error(10, service="db", group=2))
    world.run(Status(received=20, seq=9, component="db", status="down", tenant="acme"), until=1_000)
    assert world.incidents[1].state == "open"
    assert (200, "bob", "firing", 1) in told(world)


def test_a_cause_does_not_quiet_a_severer_effect_under_a_lesser_one_that_was_taken() -> None:
    causes = Causes(effects={"CAUSE": frozenset({"SMALL", "LARGE"})}, hold=0.0)
    world = World(mild_and_severe(route("r", *STEPS), causes=causes))
    world.run(error(0, code="SMALL", service="api"), Acknowledge(1, "alice", 5))
    world.run(error(10, code="LARGE", service="db"))
    rules = [*world.book.rules.by_name.values(), any_rule("Cause", LONG, where={"code": "CAUSE"})]
    world.restart(book(*rules, routes=[route("r", *STEPS)], causes=causes))
    world.run(error(20, code="CAUSE"), until=1_000)
    assert world.incidents[1].state == "open"
    assert (200, "bob", "firing", 1) in told(world)


@pytest.mark.parametrize("taken", [False, True])
def test_a_fold_during_quiet_hours_loses_nobody(taken: bool) -> None:
    causes = Causes(effects={"CAUSE": frozenset({"ONE", "TWO"})}, hold=0.0)
    night = Quiet(start=0, end=60, zone=ZoneInfo("UTC"))
    rules = [any_rule(code, LONG, where={"code": code}) for code in ("ONE", "TWO", "CAUSE")]
    routes = [route("two", matchers=['code="TWO"']), route("r", Step(0.0, (BOB,)))]
    world = World(book(*rules, routes=routes, causes=causes, quiet={"alice": night}))
    world.run(error(0, code="ONE"), error(10, code="TWO"), error(20, code="CAUSE"))
    if taken:
        world.run(Acknowledge(1, "bob", 30))
    world.run(until=4_000)
    alice = [(at, reason, one) for at, who, reason, one in told(world) if who == "alice"]
    assert alice == ([] if taken else [(3_600, "firing", 1)])


def test_who_is_to_hear_again_of_an_incident_hears_of_its_end() -> None:
    world = World(book(any_rule(timeframe=1_000), routes=[route("r", ack_timeout=100.0)]))
    world.run(error(0), Acknowledge(1, "alice", 10))
    quiet = Silence(id=0, matchers=('alertname="Any"',), starts=20, ends=LONG, author="bob")
    world.run(SetSilence(quiet, 20), until=2_000)
    assert told(world)[-1] == (1_000, "alice", "resolved", 1)


def test_who_never_heard_of_an_incident_does_not_hear_of_its_end() -> None:
    world = grouped(timeframe=200.0)
    world.run(incident(0, "acme"), incident(10, "globex"), Acknowledge(2, "bob", 20), until=1_000)
    assert {one for _, _, _, one in told(world)} == {1}


def test_a_page_that_quiet_hours_held_until_somebody_took_it_has_no_end_to_tell() -> None:
    night = Quiet(start=0, end=60, zone=ZoneInfo("UTC"))
    policy = route("r", Step(0.0, (ALICE,)))
    world = World(book(any_rule(timeframe=300), routes=[policy], quiet={"alice": night}))
    world.run(error(0), Acknowledge(1, "bob", 100), until=5_000)
    assert world.delivered() == []


def test_a_restart_while_a_second_gate_closes_says_no_more_than_none() -> None:
    during = Maintenance("work", parse_matchers(['alertname="Any"']), (Window(0.0, 500.0),))
    policy = route(muted=(Window(100.0, 200.0),))

    def lived(*, restarted: bool) -> World:
        world = World(book(any_rule(timeframe=LONG), routes=[policy], maintenance=(during,)))
        world.run(error(10), until=150)
        if restarted:
            world.restart()
        world.run(until=1_000)
        return world

    assert lived(restarted=True).history == lived(restarted=False).history


def test_nothing_is_kept_of_incidents_that_are_over() -> None:
    causes = Causes(effects={"CAUSE": frozenset({"ONE"})}, hold=30.0)
    rules = [
        any_rule("Cause", 50, where={"code": "CAUSE"}),
        any_rule("One", 200, where={"code": "ONE"}),
    ]
    world = World(book(*rules, causes=causes))
    world.run(error(0, code="CAUSE"), error(1, code="ONE"), until=5_000)
    state = world.engine._state
    assert "outlived" in world.reasons()
    assert [*state.members, *state.causes_in, *state.pagings_of, *state.alerts] == []
