from sentinel.engine.routing import Step
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, frequency_rule, route


def test_one_match_pages_once_however_many_follow() -> None:
    world = World(book(any_rule()))
    for second in range(50):
        world.run(error(second))
    assert world.delivered() == [(0, "alice", "firing")]
    assert world.history.alerts[1].count == 50


def test_an_alert_ends_when_no_signal_has_come_for_its_timeframe() -> None:
    world = World(book(any_rule(timeframe=300)))
    world.run(error(0), error(100))
    world.run(until=399.9)
    assert world.history.alerts[1].state == "firing"
    world.run(until=400)
    assert world.history.alerts[1].state == "resolved"
    assert world.delivered() == [(0, "alice", "firing"), (400, "alice", "resolved")]


def test_frequency_fires_with_the_last_of_the_wanted_number() -> None:
    world = World(book(frequency_rule(num_events=3, timeframe=60)))
    world.run(error(0), error(30))
    assert world.delivered() == []
    world.run(error(59))
    assert world.delivered() == [(59, "alice", "firing")]


def test_signals_exactly_a_timeframe_apart_do_not_count_together() -> None:
    world = World(book(frequency_rule(num_events=2, timeframe=60)))
    world.run(error(0), error(60))
    assert world.delivered() == []
    world.run(error(119.999))
    assert len(world.delivered()) == 1


def test_each_group_key_has_an_alert_of_its_own() -> None:
    world = World(book(any_rule(by=["tenant"])))
    world.run(error(0, tenant="acme", code="A"), error(1, tenant="globex", code="A"))
    assert {alert.key["tenant"] for alert in world.history.alerts.values()} == {"acme", "globex"}
    assert {alert.incident for alert in world.history.alerts.values()} == {1}


def test_a_condition_must_hold_for_its_time_before_it_pages() -> None:
    world = World(book(any_rule(hold=60, timeframe=300)))
    world.run(error(0))
    world.run(until=59.9)
    assert world.delivered() == []
    assert world.history.alerts[1].state == "pending"
    world.run(until=60)
    assert world.delivered() == [(60, "alice", "firing")]


def test_a_pending_alert_that_goes_away_tells_nobody() -> None:
    world = World(book(any_rule(hold=60, timeframe=30)))
    world.run(error(0))
    world.run(until=1000)
    assert world.delivered() == []
    assert "alert_dropped" in world.verbs()


def test_keep_firing_for_bridges_a_gap() -> None:
    world = World(book(any_rule(timeframe=30, keep=120)))
    world.run(error(0))
    world.run(until=100)
    world.run(error(140))
    world.run(until=289.9)
    assert [reason for _, _, reason in world.delivered()] == ["firing"]
    world.run(until=290)
    assert [reason for _, _, reason in world.delivered()] == ["firing", "resolved"]


def test_an_acknowledgement_stops_steps_and_reminders() -> None:
    from sentinel.engine.commands import Acknowledge

    policy = route("default", Step(0.0, (ALICE,)), Step(300.0, (BOB,)), repeat=600.0)
    world = World(book(any_rule(timeframe=10_000), routes=[policy]))
    world.run(error(0))
    world.run(Acknowledge(1, "alice", 200.0))
    world.run(until=5_000)
    assert world.delivered() == [(0, "alice", "firing")]
    assert world.history.incidents[1].acknowledged_by == "alice"


def test_without_an_acknowledgement_the_next_step_and_reminders_follow() -> None:
    policy = route("default", Step(0.0, (ALICE,)), Step(300.0, (BOB,)), repeat=600.0)
    world = World(book(any_rule(timeframe=10_000), routes=[policy]))
    world.run(error(0))
    world.run(until=901)
    assert world.delivered() == [
        (0, "alice", "firing"),
        (300, "bob", "firing"),
        (900, "alice", "reminder"),
        (900, "bob", "reminder"),
    ]


def test_only_those_who_heard_of_it_hear_of_its_end() -> None:
    policy = route("default", Step(0.0, (ALICE,)), Step(300.0, (BOB,)))
    world = World(book(any_rule(timeframe=60), routes=[policy]))
    world.run(error(0))
    world.run(until=1_000)
    assert world.delivered() == [(0, "alice", "firing"), (60, "alice", "resolved")]


def test_every_match_is_accounted_for() -> None:
    world = World(book(frequency_rule(num_events=3, timeframe=60)))
    world.run(*[error(second) for second in range(5)])
    outcomes = [match.outcome for match in world.history.matches]
    assert outcomes == ["waiting", "waiting", "opened", "merged", "merged"]


def test_an_alert_that_no_route_takes_is_a_decision_with_its_reason() -> None:
    world = World(book(any_rule(), routes=[route(matchers=['team="other"'])]))
    world.run(error(0))
    assert world.delivered() == []
    reasons = [d.reason for d in world.history.decisions if d.verb == "not_delivered"]
    assert reasons == ["no_route"]


def test_a_detector_that_raises_sets_only_its_own_rule_aside() -> None:
    broken, fine = any_rule("Broken"), any_rule("Fine")

    class Raising(type(broken.detector)):  # type: ignore[misc]
        def observe(self, signal: object, state: object, now: float) -> None:
            raise RuntimeError("no")

    broken.detector.__class__ = Raising
    world = World(book(broken, fine))
    world.run(error(0), error(1))
    assert [alert.rule for alert in world.history.alerts.values()] == ["Fine"]
    assert world.verbs().count("detector_failed") == 1
    outcomes = [m.outcome for m in world.history.matches if m.rule == "Broken"]
    assert outcomes == ["suppressed", "suppressed"]


def test_a_removed_rule_ends_its_alert_and_says_so() -> None:
    world = World(book(any_rule(), any_rule("Other", where={"code": "X"})))
    world.run(error(0))
    world.restart(book(any_rule("Other", where={"code": "X"})), now=10)
    world.run(until=10)
    assert world.history.alerts[1].state == "resolved"
    assert [reason for _, _, reason in world.delivered()] == ["firing", "resolved"]


def test_an_incident_whose_route_is_gone_is_paged_by_the_new_one() -> None:
    world = World(book(any_rule()))
    world.run(error(0))
    renamed = route("renamed", Step(0.0, (BOB,)))
    world.restart(book(any_rule(), routes=[renamed]), now=10)
    world.run(until=10)
    assert world.delivered() == [(0, "alice", "firing"), (10, "bob", "firing")]


def test_an_overdue_step_leaves_its_people_their_time_after_a_long_absence() -> None:
    policy = route("default", Step(0.0, (ALICE,)), Step(300.0, (ALICE,)), Step(300.0, (BOB,)))
    world = World(book(any_rule(timeframe=100_000), routes=[policy]))
    world.run(error(0))
    world.restart(now=5_000)
    world.run(until=5_299)
    assert world.delivered() == [(0, "alice", "firing"), (5_000, "alice", "firing")]
    world.run(until=5_300)
    assert world.delivered()[-1] == (5_300, "bob", "firing")


def test_a_condition_that_ends_in_the_moment_its_time_is_over_tells_nobody() -> None:
    world = World(book(any_rule(hold=300, timeframe=300)))
    world.run(error(0))
    world.run(until=1000)
    assert world.delivered() == []
    assert "alert_dropped" in world.verbs()


def test_each_route_reminds_only_those_whom_it_told() -> None:
    routes = [
        route("team", Step(0.0, (ALICE,)), repeat=3600.0, goes_on=True),
        route("rest", Step(0.0, (BOB,)), repeat=7200.0),
    ]
    world = World(book(any_rule(timeframe=100_000), routes=routes))
    world.run(error(0), until=7200)
    reminders = sorted((at, who) for at, who, reason in world.delivered() if reason == "reminder")
    assert reminders == [
        (3600, "alice"),
        (7200, "alice"),
        (7200, "bob"),
    ]


def test_a_severer_alert_that_no_route_takes_leaves_the_escalation_running() -> None:
    policy = route(
        "warnings", Step(0.0, (ALICE,)), Step(300.0, (BOB,)), matchers=['severity="warning"']
    )
    mild = any_rule("Mild", where={"service": "api"}, timeframe=10_000)
    severe = any_rule("Severe", where={"service": "db"}, timeframe=10_000, severity="critical")
    world = World(book(mild, severe, routes=[policy]))
    world.run(error(0, code="A", service="api"), error(10, code="A", service="db"), until=300)
    assert world.delivered() == [(0, "alice", "firing"), (300, "bob", "firing")]
