"""Who hears and when: grouping, reminders, gates, quiet hours, acknowledgements that run out."""

from zoneinfo import ZoneInfo

import pytest

from sentinel.engine.commands import Acknowledge, EndSilence, SetSilence
from sentinel.engine.inhibition import InhibitRule
from sentinel.engine.intervals import Window
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.quiet import Quiet
from sentinel.engine.routing import OnCall, Step
from sentinel.engine.schedules import Handoff, Layer, Schedule
from sentinel.model.silence import Silence
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

LONG = 1_000_000.0
UTC = ZoneInfo("UTC")


def silence(*matchers: str, ends: float, starts: float = 0.0) -> SetSilence:
    new = Silence(id=0, matchers=matchers, starts=starts, ends=ends, author="alice")
    return SetSilence(new, starts)


def by_tenant(**options: object) -> World:
    policy = route(group_by=("alertname",), **options)
    return World(book(any_rule(timeframe=LONG, by=["tenant"]), routes=[policy]))


def incident(world: World, at: float, name: str, group: int) -> None:
    world.run(error(at, tenant=name, group=group))


def test_the_first_of_a_group_waits_for_others_and_all_are_one_message() -> None:
    world = by_tenant(group_wait=30.0)
    incident(world, 0, "acme", 1)
    incident(world, 10, "globex", 2)
    world.run(until=29)
    assert world.delivered() == []
    world.run(until=30)
    (one,) = world.history.deliveries
    assert (one.at, one.incident, one.also) == (30, 1, (2,))


def test_a_new_incident_of_a_group_is_told_with_the_next_interval_exactly() -> None:
    world = by_tenant(group_wait=30.0, group_interval=300.0)
    incident(world, 0, "acme", 1)
    incident(world, 47, "globex", 2)
    world.run(until=1_000)
    assert [(d.at, d.incident, d.also) for d in world.history.deliveries] == [
        (30, 1, ()),
        (330, 2, ()),
    ]


def test_after_a_quiet_interval_a_new_incident_is_told_at_once() -> None:
    world = by_tenant(group_wait=30.0, group_interval=300.0)
    incident(world, 0, "acme", 1)
    incident(world, 400, "globex", 2)
    assert [d.at for d in world.history.deliveries] == [30, 400]


def test_reminders_come_exactly_every_repeat_interval() -> None:
    policy = route(repeat=1_000.0, group_wait=30.0, group_interval=300.0)
    world = World(book(any_rule(timeframe=LONG), routes=[policy]))
    world.run(error(0), until=3_100)
    assert [at for at, _, reason in world.delivered() if reason == "reminder"] == [
        1_030,
        2_030,
        3_030,
    ]


def test_an_end_within_a_group_is_told_with_the_next_interval_and_the_last_one_at_once() -> None:
    policy = route(group_by=("alertname",), group_interval=300.0)
    world = World(book(any_rule(timeframe=100, by=["tenant"]), routes=[policy]))
    incident(world, 0, "acme", 1)
    incident(world, 60, "globex", 2)
    world.run(error(130, tenant="globex", group=2), error(220, tenant="globex", group=2))
    world.run(error(310, tenant="globex", group=2), until=1_000)
    ends = [(d.at, d.incident) for d in world.history.deliveries if d.reason == "resolved"]
    assert ends == [(300, 1), (410, 2)]


def test_an_incident_that_ends_before_its_first_message_is_never_told() -> None:
    world = World(book(any_rule(timeframe=20), routes=[route(group_wait=30.0)]))
    world.run(error(0), until=1_000)
    assert world.delivered() == []
    assert not world.pagings


def test_an_escalation_is_repeated_as_often_as_asked() -> None:
    steps = [Step(0.0, (ALICE,)), Step(600.0, (BOB,))]
    world = World(book(any_rule(timeframe=LONG), routes=[route("r", *steps, again=2)]))
    world.run(error(0), until=10_000)
    assert world.delivered() == [
        (0, "alice", "firing"),
        (600, "bob", "firing"),
        (1_200, "alice", "firing"),
        (1_800, "bob", "firing"),
        (2_400, "alice", "firing"),
        (3_000, "bob", "firing"),
    ]


def test_an_acknowledgement_runs_out_after_a_reminder_and_pages_anew() -> None:
    steps = [Step(0.0, (ALICE,)), Step(600.0, (BOB,))]
    policy = route("r", *steps, ack_timeout=3_600.0)
    world = World(book(any_rule(timeframe=LONG), routes=[policy]))
    world.run(error(0), Acknowledge(1, "alice", 100), until=5_000)
    assert world.delivered() == [
        (0, "alice", "firing"),
        (3_100, "alice", "ack_expiring"),
        (3_700, "alice", "firing"),
        (4_300, "bob", "firing"),
    ]
    assert world.incidents[1].state == "open"


def test_the_same_person_can_make_an_acknowledgement_last_longer() -> None:
    policy = route("r", Step(0.0, (ALICE,)), ack_timeout=3_600.0)
    world = World(book(any_rule(timeframe=LONG), routes=[policy]))
    world.run(error(0), Acknowledge(1, "alice", 100), Acknowledge(1, "alice", 3_000), until=6_599)
    assert [reason for _, _, reason in world.delivered()] == ["firing", "ack_expiring"]
    assert world.incidents[1].state == "acknowledged"


def test_a_step_that_reaches_nobody_is_reported_and_skipped() -> None:
    nobody = OnCall(Schedule(name="empty", zone=UTC, layers=(), overrides=()), {})
    steps = [Step(0.0, (nobody,)), Step(600.0, (BOB,))]
    world = World(book(any_rule(timeframe=LONG), routes=[route("r", *steps)]))
    world.run(error(0), until=1_000)
    assert world.delivered() == [(0, "bob", "firing")]
    assert "nobody" in world.reasons()


def test_a_step_pages_whoever_is_on_call_when_it_runs() -> None:
    layer = Layer(people=(("alice",), ("bob",)), every=3_600, handoff=Handoff(0, None))
    schedule = Schedule(name="primary", zone=UTC, layers=(layer,), overrides=())
    target = OnCall(schedule, {"alice": (ALICE,), "bob": (BOB,)})
    steps = [Step(0.0, (target,)), Step(3_600.0, (target,))]
    world = World(book(any_rule(timeframe=LONG), routes=[route("r", *steps)]))
    world.run(error(0), until=10_000)
    assert {who for _, who, _ in world.delivered()} == {"alice", "bob"}


def test_a_silenced_alert_pages_nobody_until_the_silence_ends() -> None:
    world = World(book(any_rule(timeframe=LONG, by=["tenant"])))
    world.run(silence('tenant="acme"', ends=500), error(10, tenant="acme"), until=499)
    assert world.delivered() == []
    assert world.reasons().count("silenced") == 1
    world.run(until=500)
    assert world.delivered() == [(500, "alice", "firing")]


def test_a_silence_that_is_ended_early_pages_at_once() -> None:
    world = World(book(any_rule(timeframe=LONG, by=["tenant"])))
    world.run(silence('tenant=~"ac.*"', ends=500), error(10, tenant="acme"))
    world.run(EndSilence(1, "bob", 60))
    assert world.delivered() == [(60, "alice", "firing")]


def test_a_silence_that_has_not_begun_silences_nothing() -> None:
    world = World(book(any_rule(timeframe=LONG, by=["tenant"])))
    later = SetSilence(silence('tenant="acme"', ends=900, starts=100).silence, 0)
    world.run(later, error(10, tenant="acme"))
    assert world.delivered() == [(10, "alice", "firing")]


def test_a_silence_during_an_escalation_holds_its_next_step_and_reminders() -> None:
    steps = [Step(0.0, (ALICE,)), Step(300.0, (BOB,))]
    policy = route("r", *steps, repeat=400.0)
    world = World(book(any_rule(timeframe=LONG), routes=[policy]))
    world.run(error(0))
    world.run(silence('alertname="Any"', starts=100, ends=1_000), until=999)
    assert world.delivered() == [(0, "alice", "firing")]
    world.run(until=1_000)
    assert world.delivered()[1:] == [(1_000, "bob", "firing")]


def test_a_silenced_incident_that_another_alert_joins_is_told() -> None:
    quiet = any_rule("Quiet", LONG, where={"service": "a"})
    loud = any_rule("Loud", LONG, where={"service": "b"})
    world = World(book(quiet, loud))
    world.run(silence('alertname="Quiet"', ends=LONG), error(1, code="X", service="a"))
    assert world.delivered() == []
    world.run(error(2, code="X", service="b"))
    assert world.delivered() == [(2, "alice", "firing")]


def test_whoever_was_told_hears_of_the_end_also_of_a_silenced_incident() -> None:
    world = World(book(any_rule(timeframe=100)))
    world.run(error(0), silence('alertname="Any"', starts=10, ends=500), until=500)
    assert world.delivered() == [(0, "alice", "firing"), (100, "alice", "resolved")]


def inhibiting(*, equal: tuple[str, ...] = ("tenant",)) -> World:
    rules = [
        any_rule("Down", 100, where={"service": "db"}, by=["tenant"]),
        any_rule("Slow", LONG, where={"service": "api"}, by=["tenant"]),
    ]
    rule = InhibitRule(
        "db",
        source=parse_matchers(['alertname="Down"']),
        target=parse_matchers(['alertname="Slow"']),
        equal=equal,
    )
    return World(book(*rules, inhibit=(rule,)))


def test_an_inhibited_alert_is_told_once_its_source_is_over() -> None:
    world = inhibiting()
    world.run(error(0, service="db", tenant="acme", code="A"))
    world.run(error(5, service="api", tenant="acme", code="B"), until=99)
    assert [(at, reason) for at, _, reason in world.delivered()] == [(0, "firing")]
    world.run(until=200)
    assert [(d.at, d.incident, d.reason) for d in world.history.deliveries] == [
        (0, 1, "firing"),
        (100, 1, "resolved"),
        (100, 2, "firing"),
    ]


@pytest.mark.parametrize(
    ("equal", "tenant", "inhibited"),
    [
        (("tenant",), "acme", True),
        (("tenant",), "globex", False),
        ((), "globex", True),
        # A label that both sides lack is equal.
        (("tenant", "cluster"), "acme", True),
    ],
)
def test_inhibition_holds_for_equal_labels(
    equal: tuple[str, ...], tenant: str, inhibited: bool
) -> None:
    world = inhibiting(equal=equal)
    world.run(error(0, service="db", tenant="acme", code="A"))
    world.run(error(5, service="api", tenant=tenant, code="B"))
    assert ("inhibited" in world.reasons()) is inhibited
    assert len(world.delivered()) == (1 if inhibited else 2)


def test_an_alert_does_not_inhibit_itself_nor_another_of_both_sides() -> None:
    same = parse_matchers(['severity="warning"'])
    rules = [
        any_rule("One", LONG, where={"service": "db"}),
        any_rule("Two", LONG, where={"service": "api"}),
    ]
    world = World(book(*rules, inhibit=(InhibitRule("same", source=same, target=same),)))
    world.run(error(0, service="db", code="A"), error(1, service="api", code="B"))
    assert len(world.delivered()) == 2


def test_a_muted_route_tells_when_its_mute_time_is_over() -> None:
    policy = route(muted=(Window(100.0, 900.0),))
    world = World(book(any_rule(timeframe=LONG), routes=[policy]))
    world.run(error(200), until=1_000)
    assert world.delivered() == [(900, "alice", "firing")]


def test_a_route_that_is_not_active_yet_tells_when_it_is() -> None:
    policy = route(active=(Window(500.0, 900.0),))
    world = World(book(any_rule(timeframe=LONG), routes=[policy]))
    world.run(error(200), until=1_000)
    assert world.delivered() == [(500, "alice", "firing")]


def test_maintenance_holds_the_escalation_of_what_it_matches_alone() -> None:
    during = Maintenance("patching", parse_matchers(['tenant="acme"']), (Window(0.0, 600.0),))
    steps = [Step(0.0, (ALICE,)), Step(300.0, (BOB,))]
    rule = any_rule(timeframe=LONG, by=["tenant"])
    world = World(book(rule, routes=[route("r", *steps)], maintenance=(during,)))
    world.run(error(10, tenant="acme", group=1), error(20, tenant="globex", group=2), until=900)
    assert world.delivered() == [
        (20, "alice", "firing"),
        (320, "bob", "firing"),
        (600, "alice", "firing"),
        (900, "bob", "firing"),
    ]


NIGHT = Quiet(start=0, end=60, zone=UTC, exempt=frozenset({"critical"}))


def quiet_world(severity: str = "warning", timeframe: float = LONG, **options: object) -> World:
    rule = any_rule(timeframe=timeframe, severity=severity)
    policy = route("r", Step(0.0, (ALICE,)), Step(600.0, (BOB,)), **options)
    return World(book(rule, routes=[policy], quiet={"alice": NIGHT}))


def test_a_page_waits_for_the_end_of_quiet_hours_while_the_escalation_goes_on() -> None:
    world = quiet_world()
    world.run(error(60), until=4_000)
    assert world.delivered() == [(660, "bob", "firing"), (3_600, "alice", "firing")]


def test_what_is_critical_goes_through_quiet_hours() -> None:
    world = quiet_world("critical")
    world.run(error(60))
    assert world.delivered() == [(60, "alice", "firing")]


def test_what_was_acknowledged_during_quiet_hours_is_not_told_afterwards() -> None:
    world = quiet_world()
    world.run(error(60), Acknowledge(1, "bob", 700), until=4_000)
    assert world.delivered() == [(660, "bob", "firing")]


def test_what_began_and_ended_within_quiet_hours_is_not_told_at_all() -> None:
    world = quiet_world(timeframe=300)
    world.run(error(60), until=4_000)
    assert world.delivered() == []
    assert not world.pagings


def test_reminders_are_left_out_during_quiet_hours() -> None:
    world = quiet_world(repeat=1_000.0)
    world.run(error(60), until=3_599)
    assert {who for _, who, _ in world.delivered()} == {"bob"}


def test_whom_two_routes_would_tell_at_one_moment_hears_once() -> None:
    routes = [
        route("first", Step(0.0, (ALICE, BOB)), goes_on=True, group_wait=10.0),
        route("second", Step(0.0, (ALICE,)), Step(60.0, (ALICE,)), group_wait=10.0),
    ]
    world = World(book(any_rule(timeframe=LONG), routes=routes))
    world.run(error(0), until=100)
    assert world.delivered() == [
        (10, "alice", "firing"),
        (10, "bob", "firing"),
        (70, "alice", "firing"),
    ]
    assert world.reasons().count("same_message") == 1
