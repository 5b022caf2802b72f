"""What operators correlate, cascades that are held back, and those that outlive their cause."""

from sentinel.engine.book import Causes
from sentinel.engine.commands import Acknowledge
from sentinel.engine.correlations import Correlation
from sentinel.engine.joining import Part, Pattern, SameAs
from sentinel.engine.routing import Step
from sentinel.model.signal import Change, Status
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

HELD = Causes(effects={"TWILIO": frozenset({"SMS", "GREETING"})}, hold=30.0)
LONG = 100_000.0


def cascade_world(causes: Causes = HELD, **timeframes: float) -> World:
    rules = [
        any_rule(f"{code}Rule", timeframes.get(code, LONG), where={"code": code})
        for code in ("TWILIO", "SMS", "GREETING")
    ]
    return World(book(*rules, causes=causes))


def firing(world: World) -> list[tuple[float, int | None]]:
    return [(d.at, d.incident) for d in world.history.deliveries if d.reason == "firing"]


def test_a_cascade_is_held_back_to_give_its_cause_time_to_show() -> None:
    world = cascade_world()
    world.run(error(0, code="SMS"), error(5, code="GREETING"), error(20, code="TWILIO"))
    world.run(until=1_000)
    assert firing(world) == [(30, 1)]
    assert world.incidents[1].code == "TWILIO"
    assert {alert.cascade for alert in world.alerts.values()} == {"TWILIO", None}


def test_a_cascade_whose_cause_does_not_show_is_told_after_the_hold() -> None:
    world = cascade_world()
    world.run(error(0, code="SMS"), until=1_000)
    assert firing(world) == [(30, 1)]


def test_what_is_nobodys_effect_is_not_held_back() -> None:
    world = cascade_world()
    world.run(error(0, code="TWILIO"))
    assert firing(world) == [(0, 1)]


def test_a_cascade_that_outlives_its_cause_surfaces_as_an_incident_of_its_own() -> None:
    world = cascade_world(TWILIO=100.0)
    world.run(error(0, code="TWILIO"), error(1, code="SMS"), until=129)
    assert firing(world) == [(0, 1)]
    world.run(until=200)
    assert world.incidents[1].state == "resolved"
    assert (world.incidents[2].code, world.incidents[2].state) == ("SMS", "open")
    assert "outlived" in world.reasons()
    assert [(d.at, d.incident, d.reason) for d in world.history.deliveries] == [
        (0, 1, "firing"),
        (130, 1, "resolved"),
        (160, 2, "firing"),
    ]


def test_cascades_that_end_with_their_cause_never_surface() -> None:
    world = cascade_world(TWILIO=100.0, SMS=120.0)
    world.run(error(0, code="TWILIO"), error(1, code="SMS"), until=1_000)
    assert firing(world) == [(0, 1)]
    assert list(world.incidents) == [1]


def test_a_cause_that_comes_back_in_time_keeps_its_cascades() -> None:
    world = cascade_world(TWILIO=100.0)
    world.run(error(0, code="TWILIO"), error(1, code="SMS"), error(110, code="TWILIO"))
    world.run(until=180)
    assert firing(world) == [(0, 1)]
    assert world.incidents[1].state == "open"


def deploy(at: float, service: str = "shop", **fields: object) -> Change:
    return Change(
        received=at, at=at, seq=int(at) + 900_000, kind="deploy", service=service, **fields
    )


def status(at: float, component: str, state: str) -> Status:
    return Status(received=at, at=at, seq=int(at) + 800_000, component=component, status=state)


DEPLOY = Correlation(
    pattern=Pattern(
        "deploy-broke-checkout",
        (
            Part("deploy", {"on": ("change",), "kind": ("deploy",)}),
            Part(
                "failing",
                {
                    "on": ("alert",),
                    "alert": ("CheckoutErrors",),
                    "service": SameAs("deploy", "service"),
                },
            ),
        ),
    ),
    root="deploy",
    within=900.0,
    hold=30.0,
)
TWO_ALERTS = Correlation(
    pattern=Pattern(
        "queue-behind-database",
        (
            Part("database", {"on": ("alert",), "alert": ("DatabaseSlow",)}),
            Part("queue", {"on": ("alert",), "alert": ("QueueLong",)}),
        ),
    ),
    root="database",
    hold=60.0,
)
COMPONENT = Correlation(
    pattern=Pattern(
        "checkout-without-database",
        (
            Part("db", {"on": ("status",), "component": ("db",), "status": ("down",)}),
            Part("failing", {"on": ("alert",), "alert": ("CheckoutErrors",)}),
        ),
    ),
    root="db",
    hold=0.0,
)


def world_of(*correlations: Correlation) -> World:
    rules = [
        any_rule("CheckoutErrors", LONG, where={"type": "Checkout"}),
        any_rule("DatabaseSlow", LONG, where={"type": "Database"}),
        any_rule("QueueLong", LONG, where={"type": "Queue"}),
    ]
    routes = [
        route("database", Step(0.0, (BOB,)), matchers=['alertname="DatabaseSlow"']),
        route("default", Step(0.0, (ALICE,))),
    ]
    return World(book(*rules, routes=routes, correlations=correlations))


def checkout(at: float, service: str = "shop") -> object:
    return error(at, type="Checkout", service=service, group=1)


def test_a_deploy_before_an_alert_of_its_service_is_named_as_the_cause() -> None:
    world = world_of(DEPLOY)
    world.run(deploy(0, summary="shop 1.4.2"), checkout(60), until=200)
    assert world.incidents[1].cause == "deploy: shop 1.4.2"
    assert firing(world) == [(90, 1)]


def test_a_deploy_of_another_service_is_no_cause() -> None:
    world = world_of(DEPLOY)
    world.run(deploy(0, "other"), checkout(60), until=200)
    assert world.incidents[1].cause == ""


def test_a_deploy_longer_ago_than_within_is_no_cause() -> None:
    world = world_of(DEPLOY)
    world.run(deploy(0), checkout(901), until=2_000)
    assert world.incidents[1].cause == ""
    assert not world.facts


def test_a_change_that_is_reported_late_is_told_to_those_who_were_paged() -> None:
    world = world_of(DEPLOY)
    world.run(checkout(0), until=50)
    world.run(deploy(60))
    assert [(d.at, d.reason) for d in world.history.deliveries] == [
        (30, "firing"),
        (60, "cause_found"),
    ]


def test_two_alerts_fold_into_the_incident_of_the_cause() -> None:
    world = world_of(TWO_ALERTS)
    world.run(error(0, type="Database", group=2), error(10, type="Queue", group=3), until=500)
    assert {alert.incident for alert in world.alerts.values()} == {1}
    assert [(d.at, d.recipient.person) for d in world.history.deliveries] == [(0, "bob")]


def test_an_effect_before_its_cause_is_held_back_and_folds() -> None:
    world = world_of(TWO_ALERTS)
    world.run(error(0, type="Queue", group=3), error(10, type="Database", group=2), until=500)
    assert {alert.incident for alert in world.alerts.values()} == {2}
    assert world.incidents[1].state == "resolved"
    assert {d.recipient.person for d in world.history.deliveries} >= {"bob"}
    assert all(d.incident == 2 for d in world.history.deliveries)


def test_an_effect_that_was_told_before_its_cause_showed_gets_the_news() -> None:
    world = world_of(TWO_ALERTS)
    world.run(error(0, type="Queue", group=3), error(100, type="Database", group=2), until=500)
    told = [(d.at, d.recipient.person, d.reason, d.incident) for d in world.history.deliveries]
    assert told == [
        (60, "alice", "firing", 1),
        (100, "alice", "folded", 1),
        (100, "alice", "cause_found", 2),
        (100, "bob", "firing", 2),
    ]


def test_a_components_state_is_a_cause_while_it_lasts() -> None:
    world = world_of(COMPONENT)
    world.run(status(0, "db", "down"), status(10, "db", "up"), checkout(20))
    assert world.incidents[1].cause == ""
    world.run(status(30, "db", "down"))
    assert world.incidents[1].cause == "db is down"


def test_correlations_hold_after_a_restart() -> None:
    world = world_of(DEPLOY)
    world.run(deploy(0, summary="shop 1.4.2"))
    world.restart()
    world.run(checkout(60), until=200)
    assert world.incidents[1].cause == "deploy: shop 1.4.2"


def test_a_correlation_that_is_new_with_a_reload_folds_what_begins_from_then_on() -> None:
    world = world_of()
    world.run(error(0, type="Database", group=2))
    world.restart(world_of(TWO_ALERTS).book)
    world.run(error(10, type="Queue", group=3))
    assert {alert.incident for alert in world.alerts.values()} == {1}


def test_an_acknowledged_cause_keeps_its_effects_quiet() -> None:
    world = world_of(TWO_ALERTS)
    world.run(error(0, type="Database", group=2), Acknowledge(1, "bob", 5))
    world.run(error(10, type="Queue", group=3), until=500)
    assert len(world.delivered()) == 1


def test_a_component_of_which_nothing_comes_any_more_is_forgotten() -> None:
    world = world_of(COMPONENT)
    world.run(status(0, "db", "down"), status(4 * 86_400, "db", "down"), until=8 * 86_400)
    assert list(world.facts)
    world.run(until=11 * 86_400)
    assert not world.facts
