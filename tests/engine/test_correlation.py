from typing import Any, Literal

from msgspec.structs import replace

from sentinel.engine.book import Causes
from sentinel.engine.commands import Acknowledge
from sentinel.engine.correlation import MOST_INCIDENTS_OF_A_RULE
from sentinel.engine.routing import Step
from sentinel.model.signal import Status
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, frequency_rule, route

CAUSES = Causes(
    effects={"TWILIO": frozenset({"SMS", "GREETING"}), "GREETING": frozenset()},
    per_tenant=frozenset({"EMPTY"}),
    hold=0.0,
)


def world(*, severities: dict[str, str] | None = None) -> World:
    rules = [
        any_rule(f"{code}Rule", where={"code": code}, by=["tenant"], severity=severity)
        for code, severity in (severities or dict.fromkeys(_CODES, "warning")).items()
    ]
    return World(book(*rules, causes=CAUSES))


_CODES = ("TWILIO", "SMS", "GREETING", "EMPTY")


def test_an_effect_joins_the_incident_of_its_cause_without_a_page() -> None:
    w = world()
    w.run(error(0, code="TWILIO"), error(1, code="SMS"), error(2, code="GREETING"))
    assert [reason for _, _, reason in w.delivered()] == ["firing"]
    assert {a.incident for a in w.history.alerts.values()} == {1}


def test_a_cause_that_comes_late_becomes_the_root_and_is_told() -> None:
    w = world()
    w.run(error(0, code="SMS"), error(1, code="TWILIO"))
    assert [reason for _, _, reason in w.delivered()] == ["firing", "cause_found"]
    assert w.history.incidents[1].code == "TWILIO"


def test_a_late_cause_folds_the_incidents_of_its_effects_into_one() -> None:
    w = world()
    w.run(error(0, code="SMS"), error(1, code="GREETING"), error(2, code="TWILIO"))
    assert w.history.incidents[1].state == "open"
    assert w.history.incidents[2].state == "resolved"
    assert {alert.incident for alert in w.history.alerts.values()} == {1}
    told = [(one.reason, one.incident) for one in w.history.deliveries]
    assert told == [("firing", 1), ("firing", 2), ("folded", 2), ("cause_found", 1)]
    assert w.history.incidents[2].folded_into == 1


def test_who_was_told_of_what_folds_hears_it_and_nobody_else_does() -> None:
    rules = [any_rule(code, where={"code": code}, by=["tenant"]) for code in _CODES]
    routes = [
        route("alices", Step(0.0, (ALICE,)), matchers=['alertname="SMS"']),
        route("bobs", Step(0.0, (BOB,)), matchers=['alertname="GREETING"']),
    ]
    w = World(book(*rules, causes=CAUSES, routes=routes))
    w.run(error(0, code="SMS"), error(1, code="GREETING"), error(2, code="TWILIO"))
    told = [
        (one.recipient.person, one.reason, one.incident, one.bundled)
        for one in w.history.deliveries
    ]
    assert told[2:] == [
        ("bob", "folded", 2, True),
        ("alice", "cause_found", 1, False),
        ("bob", "cause_found", 1, False),
    ]


def test_who_heard_of_both_in_one_groups_messages_is_not_told_that_one_folds() -> None:
    rules = [any_rule(code, where={"code": code}, by=["tenant"]) for code in _CODES]
    grouped = [route(group_by=["severity"], group_wait=1, group_interval=1)]
    w = World(book(*rules, causes=CAUSES, routes=grouped))
    w.run(error(0, code="SMS"), error(0.5, code="GREETING"), error(10, code="TWILIO"))
    assert [reason for _, _, reason in w.delivered()] == ["firing", "cause_found"]


def test_what_folds_before_anybody_was_told_of_it_is_no_news() -> None:
    rules = [any_rule(code, where={"code": code}, by=["tenant"]) for code in _CODES]
    w = World(book(*rules, causes=CAUSES, routes=[route(group_wait=30)]))
    w.run(error(0, code="SMS"), error(1, code="GREETING"), error(2, code="TWILIO"), until=100)
    assert [reason for _, _, reason in w.delivered()] == ["firing"]


def status(at: float, probe: str, status: Literal["up", "down"], component: str = "shop") -> Status:
    return Status(
        received=at,
        at=at,
        seq=int(at * 1000) + 1,
        component=component,
        status=status,
        tags={"probe": probe},
    )


def probed(**options: Any) -> World:
    rule = any_rule(
        "Down", kind="status", where={"status": "down"}, by=["component", "tags.probe"], **options
    )
    return World(book(rule))


def test_two_probes_that_find_one_component_down_are_one_incident_and_one_page() -> None:
    w = probed(timeframe=100)
    w.run(status(0, "web", "down"), status(1, "ping", "down"), status(2, "web", "down", "mail"))
    assert [one.incident for one in w.history.deliveries] == [1, 2]
    assert [w.alerts[number].incident for number in (1, 2, 3)] == [1, 1, 2]
    w.run(status(50, "ping", "down"), until=149)
    assert (w.incidents[1].state, w.incidents[2].state) == ("open", "resolved")
    w.run(until=150)
    assert w.incidents[1].state == "resolved"


def test_an_incident_ended_takes_no_other_probe_in() -> None:
    w = probed(timeframe=100)
    w.run(status(0, "web", "down"), status(200, "ping", "down"))
    assert [one.incident for one in w.history.deliveries] == [1, 1, 2]


def test_what_else_tells_two_alerts_of_a_component_apart_keeps_their_incidents_apart() -> None:
    rule = any_rule(
        "Down", kind="status", where={"status": "down"}, by=["component", "tenant", "tags.probe"]
    )
    w = World(book(rule))
    of_acme = replace(status(0, "web", "down"), tenant="acme")
    of_globex = replace(status(1, "ping", "down"), tenant="globex")
    w.run(of_acme, of_globex)
    assert len({alert.incident for alert in w.alerts.values()}) == 2


def test_one_code_of_two_tenants_is_one_incident() -> None:
    w = world()
    w.run(error(0, code="TWILIO", tenant="acme"), error(1, code="TWILIO", tenant="globex"))
    assert len(w.delivered()) == 1


def test_a_code_that_concerns_one_tenant_each_keeps_tenants_apart() -> None:
    w = world()
    w.run(error(0, code="EMPTY", tenant="acme"), error(1, code="EMPTY", tenant="globex"))
    assert len(w.delivered()) == 2


def test_a_more_severe_alert_pages_anew() -> None:
    w = world(severities={"TWILIO": "warning", "SMS": "critical"})
    w.run(error(0, code="TWILIO"), error(1, code="SMS"))
    assert [reason for _, _, reason in w.delivered()] == ["firing", "firing"]
    assert w.history.incidents[1].severity == "critical"


def test_an_incident_ends_with_the_last_of_its_alerts() -> None:
    w = world()
    w.run(error(0, code="TWILIO", tenant="acme"), error(100, code="TWILIO", tenant="globex"))
    w.run(until=399)
    assert w.history.incidents[1].state == "open"
    w.run(until=400)
    assert w.history.incidents[1].state == "resolved"


def test_an_incident_that_meets_a_second_tenant_is_no_longer_the_first_ones() -> None:
    w = world()
    w.run(error(0, code="TWILIO", tenant="acme"), error(1, code="SMS", tenant="acme"))
    assert w.history.incidents[1].tenant == "acme"
    w.run(error(2, code="SMS", tenant="globex"))
    assert w.history.incidents[1].tenant is None


def test_who_waits_for_a_step_of_a_folded_incident_is_told_all_the_same() -> None:
    routes = [
        route("one", matchers=['team="one"']),
        route("two", Step(0.0, (BOB,)), matchers=['team="two"'], group_wait=30),
    ]
    causes = Causes(effects={"CAUSE": frozenset({"FIRST", "SECOND"})}, hold=0.0)
    rules = [
        any_rule(code, where={"code": code}, labels={"team": team})
        for code, team in (("FIRST", "one"), ("SECOND", "two"), ("CAUSE", "one"))
    ]
    world = World(book(*rules, routes=routes, causes=causes))
    world.run(error(0, code="FIRST"), error(1, code="SECOND"), error(5, code="CAUSE"), until=100)
    assert world.delivered() == [
        (0, "alice", "firing"),
        (5, "alice", "cause_found"),
        (31, "bob", "firing"),
    ]


def test_a_severer_alert_opens_an_acknowledged_incident_again() -> None:
    mild = any_rule("Mild", where={"service": "api"})
    severe = any_rule("Severe", where={"service": "db"}, severity="critical")
    world = World(book(mild, severe))
    world.run(error(0, code="A", service="api"), Acknowledge(1, "alice", 1))
    world.run(error(2, code="A", service="db"))
    assert world.delivered() == [(0, "alice", "firing"), (2, "alice", "firing")]
    incident = world.history.incidents[1]
    assert (incident.state, incident.acknowledged_by) == ("open", None)


def test_a_rule_that_finds_thousands_of_causes_pages_a_bounded_number_of_times() -> None:
    w = World(book(any_rule(by=["fingerprint"])))
    storm = MOST_INCIDENTS_OF_A_RULE + 200
    for number in range(storm):
        w.run(error(number / 100, group=number, fingerprint=str(number)))
    assert len(w.delivered()) == MOST_INCIDENTS_OF_A_RULE
    latest = w.history.incidents[MOST_INCIDENTS_OF_A_RULE]
    assert latest.size == 201
    assert sum(d.reason == "storm" for d in w.history.decisions) == latest.size - 1
    w.run(until=1_000)
    assert not w.saved().incidents


def test_a_late_cause_also_pages_those_whose_route_takes_it() -> None:
    routes = [
        route("twilio", Step(0.0, (BOB,)), matchers=['code="TWILIO"']),
        route("others", Step(0.0, (ALICE,))),
    ]
    rules = [any_rule(f"{c}Rule", where={"code": c}) for c in ("TWILIO", "SMS")]
    w = World(book(*rules, routes=routes, causes=CAUSES))
    w.run(error(0, code="SMS"), error(1, code="TWILIO"))
    assert w.delivered() == [
        (0, "alice", "firing"),
        (1, "alice", "cause_found"),
        (1, "bob", "firing"),
    ]


def test_a_more_severe_alert_on_another_route_leaves_the_first_one_going() -> None:
    routes = [
        route("twilio", Step(0.0, (ALICE,)), Step(300.0, (BOB,)), matchers=['code="TWILIO"']),
        route("others", Step(0.0, (BOB,))),
    ]
    rules = [
        any_rule("TWILIORule", 10_000, where={"code": "TWILIO"}),
        any_rule("SMSRule", 10_000, where={"code": "SMS"}, severity="critical"),
    ]
    w = World(book(*rules, routes=routes, causes=CAUSES))
    w.run(error(0, code="TWILIO"), error(1, code="SMS"))
    w.run(until=301)
    assert w.delivered() == [(0, "alice", "firing"), (1, "bob", "firing"), (300, "bob", "firing")]


def test_a_more_severe_alert_of_the_same_cause_speaks_for_the_incident() -> None:
    new = any_rule("New", severity="info", annotations={"summary": "never seen before"})
    said = {"summary": "it is down"}
    down = frequency_rule("Down", num_events=2, severity="critical", annotations=said)
    w = World(book(new, down))
    w.run(error(0, code="TWILIO"), error(1, code="TWILIO"))
    incident = w.history.incidents[1]
    assert (incident.title, incident.rule) == ("it is down", "Down")
    assert w.history.alerts[incident.root].rule == "Down"


def test_without_a_summary_an_incident_is_called_by_the_title_of_its_error() -> None:
    w = World(book(any_rule("Fatal")))
    w.run(error(0, title="KeyError: plan", group=1))
    assert w.history.incidents[1].title == "KeyError: plan"


def of_hosts() -> World:
    full = any_rule("Full", 10_000, where={"code": "DISK"}, by=["host"])
    shared = any_rule("Shared", 10_000, where={"code": "DISK", "type": "app"}, by=["tenant"])
    effect = any_rule("Effect", 10_000, where={"code": "DATABASE"}, by=["host"])
    causes = Causes(effects={"DISK": frozenset({"DATABASE"})}, hold=0.0)
    return World(book(full, shared, effect, causes=causes))


def test_the_same_on_a_second_host_is_an_incident_of_its_own() -> None:
    w = of_hosts()
    w.run(error(0, code="DISK", host="web-1"), error(5, code="DISK", host="web-2"))
    w.run(error(10, code="DISK", host="web-1"))
    assert [(d.at, d.incident) for d in w.history.deliveries] == [(0, 1), (5, 2)]


def test_an_effect_on_another_host_belongs_to_its_cause() -> None:
    w = of_hosts()
    w.run(error(0, code="DISK", host="web-1"), error(5, code="DATABASE", host="db-1"))
    assert {alert.incident for alert in w.alerts.values()} == {1}


def test_an_alert_that_knows_no_host_joins_the_incident_of_one() -> None:
    w = of_hosts()
    w.run(error(0, code="DISK", host="web-1"))
    w.run(error(5, code="DISK", type="app", host="web-1", tenant="acme"))
    assert {alert.incident for alert in w.alerts.values()} == {1}
