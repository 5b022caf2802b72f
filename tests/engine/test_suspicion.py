"""What depends on one cause fails at once, and the cause itself is silent."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sentinel.engine.book import Causes
from sentinel.engine.commands import Acknowledge
from sentinel.engine.quiet import Quiet
from sentinel.engine.routing import Step
from sentinel.engine.suspicion import LATER
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

LONG = 100_000.0
HOLD = 30.0
WINDOW = HOLD + LATER
TWILIO = {
    "TWILIO": frozenset({"SMS", "GREETING", "NOTIFY"}),
    "NOTIFY": frozenset({"SMS"}),
}
DNS = {"DNS": TWILIO["TWILIO"] | {"TWILIO", "MAIL", "REDIS"}}
NEAR = {"DNS": frozenset({"TWILIO", "MAIL", "REDIS"})}
CODES = ("DNS", "TWILIO", "SMS", "GREETING", "NOTIFY", "MAIL", "REDIS", "HEALTH")
THREE = ("SMS", "GREETING", "NOTIFY")


def world(
    causes: Causes | None = None,
    *,
    severe: tuple[str, ...] = (),
    timeframes: dict[str, float] | None = None,
    by: tuple[str, ...] = ("tenant",),
    **options: Any,
) -> World:
    """A rule for each code."""
    rules = [
        any_rule(
            code,
            (timeframes or {}).get(code, LONG),
            where={"code": code},
            by=list(by),
            severity="critical" if code in severe else "warning",
        )
        for code in CODES
    ]
    return World(book(*rules, causes=causes or Causes(effects=TWILIO, hold=HOLD), **options))


def fail(w: World, *codes: str, at: float = 0.0, apart: float = 1.0, **fields: str) -> None:
    for number, code in enumerate(codes):
        w.run(error(at + number * apart, code=code, **fields))


def told(w: World) -> list[tuple[float, str, int]]:
    return [(d.at, d.reason, d.incident) for d in w.history.deliveries]


def homes(w: World) -> dict[str, int | None]:
    return {alert.rule: alert.incident for alert in w.alerts.values()}


@pytest.mark.parametrize(
    "codes",
    [
        ("SMS", "GREETING", "NOTIFY"),
        ("GREETING", "NOTIFY", "SMS"),
        ("NOTIFY", "SMS", "GREETING"),
        ("SMS", "NOTIFY", "GREETING"),
        ("GREETING", "SMS", "NOTIFY"),
    ],
)
def test_three_dependants_of_a_silent_cause_are_one_page(codes: tuple[str, ...]) -> None:
    w = world()
    fail(w, *codes)
    w.run(until=1_000)
    assert told(w) == [(30, "firing", 1)]
    assert w.incidents[1].suspect == "TWILIO"
    assert set(homes(w).values()) == {1}


def test_two_dependants_may_be_chance() -> None:
    w = world()
    fail(w, "SMS", "GREETING")
    w.run(until=1_000)
    assert told(w) == [(30, "firing", 1), (31, "firing", 2)]
    assert w.incidents[1].suspect is None


def test_one_that_brings_about_the_others_is_their_cause_and_no_other_is_suspected() -> None:
    effects = {"C": frozenset({"NOTIFY", "SMS", "MAIL"}), "NOTIFY": frozenset({"SMS", "MAIL"})}
    w = world(Causes(effects=effects, hold=HOLD))
    fail(w, "NOTIFY", "SMS", "MAIL")
    assert (w.incidents[1].code, w.incidents[1].suspect) == ("NOTIFY", None)


def test_it_is_said_what_failed_and_what_is_suspected() -> None:
    w = world()
    fail(w, "SMS", "GREETING", "NOTIFY")
    said = {one.text for one in w.history.decisions if one.reason == "shared_cause"}
    assert said == {
        "GREETING, NOTIFY and SMS fail at once: all of them depend on TWILIO, which reports nothing"
    }


@pytest.mark.parametrize(("last", "count"), [(WINDOW, 1), (WINDOW + 0.1, 2)])
def test_all_must_begin_within_the_hold_and_ninety_seconds(last: float, count: int) -> None:
    w = world()
    w.run(error(0, code="SMS"), error(1, code="NOTIFY"), error(last, code="GREETING"))
    assert len({alert.incident for alert in w.alerts.values()}) == count


@pytest.mark.parametrize(
    "codes", [("NOTIFY", "GREETING", "SMS"), ("SMS", "GREETING", "NOTIFY")], ids=str
)
def test_a_fold_after_the_first_pages_went_out_tells_nobody_anew(codes: tuple[str, ...]) -> None:
    w = world()
    w.run(error(0, code=codes[0]), error(5, code=codes[1]), error(100, code=codes[2]), until=1_000)
    assert told(w) == [(30, "firing", 1), (35, "firing", 2), (100, "folded", 2)]
    assert w.incidents[2].state == "resolved"
    assert w.incidents[1].suspect == "TWILIO"


def test_all_who_were_told_hear_of_the_end_once() -> None:
    w = world(timeframes={"SMS": 300, "GREETING": 200, "NOTIFY": 400})
    w.run(error(0, code="GREETING"), error(5, code="SMS"), error(100, code="NOTIFY"))
    w.run(until=499)
    assert w.incidents[1].state == "open"
    w.run(until=1_000)
    assert [one for one in told(w) if one[1] == "resolved"] == [(500, "resolved", 1)]
    assert "outlived" not in w.reasons()


def test_the_cause_that_shows_itself_later_becomes_the_root() -> None:
    w = world()
    fail(w, *THREE)
    w.run(error(600, code="TWILIO"), until=1_000)
    incident = w.incidents[1]
    assert (incident.code, incident.suspect, incident.dependants) == ("TWILIO", None, ())
    assert told(w) == [(30, "firing", 1), (600, "cause_found", 1)]
    assert {a.rule: a.cascade for a in w.alerts.values()} == {
        **dict.fromkeys(THREE, "TWILIO"),
        "TWILIO": None,
    }


def test_a_cause_of_the_suspect_becomes_the_root_too() -> None:
    w = world(Causes(effects={**TWILIO, **DNS}, direct={**TWILIO, **NEAR}, hold=HOLD))
    fail(w, *THREE)
    w.run(error(600, code="DNS"))
    assert (w.incidents[1].code, w.incidents[1].suspect) == ("DNS", None)


def test_what_explains_only_a_part_of_it_is_an_incident_of_its_own() -> None:
    effects = {**TWILIO, "REDIS": frozenset({"GREETING"})}
    w = world(Causes(effects=effects, hold=HOLD))
    fail(w, *THREE)
    w.run(error(600, code="REDIS"))
    assert w.incidents[1].suspect == "TWILIO"
    assert homes(w)["REDIS"] not in (None, 1)


def test_more_of_what_fails_joins_however_late_and_whoever_it_meets() -> None:
    w = world()
    fail(w, *THREE, tenant="acme")
    for code in THREE:
        w.run(error(5_000 + THREE.index(code), code=code, tenant="globex"))
    assert {alert.incident for alert in w.alerts.values()} == {1}
    assert {alert.cascade for alert in w.alerts.values()} == {"TWILIO"}
    assert w.incidents[1].tenant is None


def test_an_effect_of_what_fails_joins_however_late_and_more_of_it_too() -> None:
    effects = {"TWILIO": TWILIO["TWILIO"] | {"MAIL"}, "GREETING": frozenset({"MAIL"})}
    w = world(Causes(effects=effects, hold=HOLD), timeframes={"GREETING": 700})
    fail(w, *THREE)
    w.run(error(600, code="MAIL", tenant="acme"), error(5_000, code="MAIL", tenant="globex"))
    assert {alert.incident for alert in w.alerts.values()} == {1}


def test_another_dependant_that_fails_later_is_news() -> None:
    effects = {"TWILIO": TWILIO["TWILIO"] | {"MAIL"}}
    w = world(Causes(effects=effects, hold=HOLD))
    fail(w, *THREE)
    w.run(error(600, code="MAIL"), until=1_000)
    assert homes(w)["MAIL"] != 1
    assert told(w)[-1][:2] == (630, "firing")


def test_another_dependant_that_fails_soon_joins() -> None:
    effects = {"TWILIO": TWILIO["TWILIO"] | {"MAIL"}}
    w = world(Causes(effects=effects, hold=HOLD))
    fail(w, *THREE)
    w.run(error(60, code="MAIL"), error(5_000, code="MAIL", tenant="acme"), until=9_000)
    assert homes(w)["MAIL"] == 1
    assert told(w) == [(30, "firing", 1)]


def test_nothing_folds_into_an_incident_that_somebody_took_long_ago() -> None:
    effects = {"TWILIO": TWILIO["TWILIO"] | {"MAIL"}, "NOTIFY": frozenset({"SMS", "MAIL"})}
    w = world(Causes(effects=effects, hold=HOLD))
    w.run(error(0, code="NOTIFY"), Acknowledge(1, "alice", 60))
    fail(w, "SMS", "GREETING", "MAIL", at=600)
    w.run(until=1_000)
    assert homes(w) == {"NOTIFY": 1, "SMS": 1, "MAIL": 1, "GREETING": 2}
    assert told(w)[-1] == (631, "firing", 2)


def test_of_several_suspects_the_nearest_is_named() -> None:
    w = world(Causes(effects={**TWILIO, **DNS}, hold=HOLD))
    fail(w, *THREE)
    assert w.incidents[1].suspect == "TWILIO"


def test_a_suspect_that_explains_more_goes_before_a_nearer_one() -> None:
    near = frozenset({"SMS", "GREETING", "MAIL"})
    effects = {"TWILIO": near, "DNS": near | {"REDIS"}}
    direct = {"TWILIO": near, "DNS": frozenset({"MAIL", "REDIS"})}
    w = world(Causes(effects=effects, direct=direct, hold=HOLD))
    fail(w, "REDIS", "SMS", "GREETING")
    assert w.incidents[1].suspect is None
    fail(w, "MAIL", at=10)
    assert (w.incidents[1].suspect, set(homes(w).values())) == ("DNS", {1})


@pytest.mark.parametrize("last", [(), ("HEALTH",)])
def test_what_another_suspect_explains_in_part_does_not_fold_into_it(last: tuple[str, ...]) -> None:
    effects = {
        "TWILIO": TWILIO["TWILIO"] | {"HEALTH"},
        "GREETING": frozenset({"HEALTH"}),
        "DNS": frozenset({"SMS", "NOTIFY", "MAIL", "REDIS"}),
    }
    w = world(Causes(effects=effects, hold=HOLD))
    fail(w, *THREE, "MAIL", "REDIS", *last)
    assert w.incidents[1].suspect == "TWILIO"
    assert {homes(w)["MAIL"], homes(w)["REDIS"]}.isdisjoint({1})


def test_what_more_fails_at_once_moves_the_suspicion_further_back() -> None:
    w = world(Causes(effects={**TWILIO, **DNS}, direct={**TWILIO, **NEAR}, hold=HOLD))
    fail(w, *THREE, "MAIL", "REDIS")
    assert w.incidents[1].suspect == "DNS"
    assert set(homes(w).values()) == {1}


def test_a_far_cause_is_not_suspected_for_what_does_not_depend_on_it_directly() -> None:
    far = {"FAR": frozenset({"A", "SMS", "MAIL", "REDIS"})}
    w = world(Causes(effects=far, direct={"FAR": frozenset({"A"})}, hold=HOLD))
    fail(w, "SMS", "MAIL", "REDIS")
    assert [one.suspect for one in w.incidents.values()] == [None] * 3


def test_a_cause_that_fires_for_somebody_else_is_not_silent() -> None:
    w = world(Causes(effects=TWILIO, per_tenant=frozenset({"TWILIO"}), hold=HOLD))
    fail(w, "TWILIO", tenant="globex")
    fail(w, *THREE, at=5, tenant="acme")
    assert all(one.suspect is None for one in w.incidents.values())


@pytest.mark.parametrize("own", ["TWILIO", "GREETING"])
@pytest.mark.parametrize(("tenant", "count"), [("acme", 1), ("globex", 2)])
def test_what_concerns_one_tenant_each_is_never_shared_by_two(
    own: str, tenant: str, count: int
) -> None:
    w = world(Causes(effects=TWILIO, per_tenant=frozenset({own}), hold=HOLD))
    fail(w, "SMS", "NOTIFY", tenant="acme")
    fail(w, "GREETING", at=10, tenant=tenant)
    assert len(set(homes(w).values())) == count


def test_a_second_tenant_joins_no_incident_of_one_tenants_silent_cause() -> None:
    w = world(Causes(effects=TWILIO, per_tenant=frozenset({"TWILIO"}), hold=HOLD))
    fail(w, *THREE, tenant="acme")
    fail(w, "GREETING", at=300, tenant="globex")
    assert homes(w)["GREETING"] != 1


def test_one_tenants_own_trouble_keeps_the_others_from_nothing() -> None:
    effects = {"TWILIO": TWILIO["TWILIO"] | {"MAIL"}}
    w = world(Causes(effects=effects, per_tenant=frozenset({"MAIL"}), hold=HOLD))
    fail(w, "MAIL", "SMS", tenant="acme")
    fail(w, "GREETING", "NOTIFY", at=5, tenant="globex")
    assert homes(w) == {"MAIL": 1, "SMS": 2, "GREETING": 2, "NOTIFY": 2}


def test_one_tenants_own_trouble_comes_last_whenever_it_began() -> None:
    effects = {"TWILIO": TWILIO["TWILIO"] | {"MAIL"}}
    w = world(Causes(effects=effects, per_tenant=frozenset({"MAIL"}), hold=HOLD))
    fail(w, "MAIL", tenant="acme")
    fail(w, "GREETING", at=1, tenant="globex")
    fail(w, "SMS", "NOTIFY", at=2, tenant="acme")
    assert homes(w) == {"MAIL": 1, "GREETING": 2, "SMS": 2, "NOTIFY": 2}


def test_tenants_may_share_a_cause_that_all_depend_on() -> None:
    w = world()
    for number, tenant in enumerate(("acme", "globex", "acme")):
        w.run(error(number, code=THREE[number], tenant=tenant))
    assert set(homes(w).values()) == {1}
    assert w.incidents[1].tenant is None


def test_a_severer_one_pages_anew() -> None:
    w = world(severe=("NOTIFY",))
    w.run(error(0, code="SMS"), error(5, code="GREETING"), Acknowledge(1, "alice", 50))
    w.run(error(100, code="NOTIFY"), until=1_000)
    assert w.incidents[1].severity == "critical"
    assert told(w)[-1] == (130, "firing", 1)


def test_a_severer_one_that_nobody_has_heard_of_yet_is_not_lost() -> None:
    w = world(severe=("GREETING",))
    w.run(error(0, code="SMS"), error(40, code="GREETING"), error(50, code="NOTIFY"), until=1_000)
    assert [one for one in told(w) if one[1] == "firing"] == [(30, "firing", 1), (80, "firing", 1)]


def test_a_severer_one_is_not_lost_either_when_another_one_joins_what_was_told() -> None:
    w = world(severe=("GREETING", "SMS"))
    w.run(error(0, code="NOTIFY"), error(40, code="GREETING"), error(50, code="SMS"), until=1_000)
    assert [one for one in told(w) if one[1] == "firing"] == [(30, "firing", 1), (80, "firing", 1)]


def test_a_severer_one_does_not_wait_for_the_end_of_quiet_hours() -> None:
    night = Quiet(start=0, end=60, zone=ZoneInfo("UTC"), exempt=frozenset({"critical"}))
    w = world(severe=("GREETING",), quiet={"alice": night})
    w.run(error(0, code="SMS"), error(40, code="GREETING"), error(50, code="NOTIFY"), until=1_000)
    assert told(w) == [(80, "firing", 1)]


def test_a_severer_one_is_told_by_its_own_route_though_nobody_has_heard_yet() -> None:
    routes = [
        route("severe", Step(0.0, (BOB,)), matchers=['severity="critical"']),
        route("others", Step(0.0, (ALICE,))),
    ]
    w = world(severe=("NOTIFY",), routes=routes)
    fail(w, "GREETING", "SMS", "NOTIFY")
    w.run(until=1_000)
    assert {d.recipient for d in w.history.deliveries} == {ALICE, BOB}


def test_a_lesser_one_is_told_of_no_more_than_an_effect_of_a_cause_that_fires() -> None:
    w = world(severe=("SMS",))
    w.run(error(0, code="GREETING"), error(1, code="SMS"), error(100, code="NOTIFY"), until=1_000)
    assert sum(reason == "firing" for _, reason, _ in told(w)) == 2


def test_who_waits_for_another_route_hears_all_the_same() -> None:
    routes = [
        route("one", matchers=['alertname="SMS"']),
        route("two", Step(0.0, (BOB,)), group_wait=200),
    ]
    rules = [any_rule(code, LONG, where={"code": code}) for code in THREE]
    w = World(book(*rules, routes=routes, causes=Causes(effects=TWILIO, hold=HOLD)))
    fail(w, "SMS", "GREETING", "NOTIFY")
    w.run(until=1_000)
    assert {(d.recipient, d.incident) for d in w.history.deliveries} == {(ALICE, 1), (BOB, 1)}


def test_hosts_that_fail_together_are_one_incident_of_no_single_host() -> None:
    w = world(by=("host",))
    for number, host in enumerate(("web-1", "web-2", "web-1")):
        w.run(error(number, code=THREE[number], host=host))
    assert (w.incidents[1].host, set(homes(w).values())) == (None, {1})


def test_what_fails_later_on_another_host_is_news() -> None:
    w = world(by=("host",))
    fail(w, *THREE, host="web-1")
    fail(w, *THREE, at=600, apart=200, host="web-2")
    incidents = {alert.incident for alert in w.alerts.values() if alert.key["host"] == "web-2"}
    assert 1 not in incidents


def test_what_outlived_its_cause_together_is_no_sign_of_a_silent_one() -> None:
    effects = {**TWILIO, "TWILIO": TWILIO["TWILIO"] | {"MAIL"}}
    w = world(Causes(effects=effects, hold=HOLD), timeframes={"TWILIO": 100})
    fail(w, "TWILIO", *THREE)
    w.run(until=150)
    assert "outlived" in w.reasons()
    fail(w, "MAIL", *THREE, at=160, tenant="acme")
    assert all(one.suspect is None for one in w.incidents.values())


def test_effects_of_what_is_over_do_not_surface_once_a_silent_cause_is_suspected() -> None:
    effects = {**TWILIO, "TWILIO": TWILIO["TWILIO"] | {"MAIL"}}
    w = world(Causes(effects=effects, hold=HOLD), timeframes={"NOTIFY": 10})
    fail(w, "NOTIFY", "SMS")
    fail(w, "GREETING", "MAIL", at=15)
    w.run(until=1_000)
    assert told(w) == [(30, "firing", 1)]
    assert "outlived" not in w.reasons()


def test_a_restart_keeps_the_suspicion_and_what_belongs_to_it() -> None:
    w = world()
    fail(w, "SMS", "GREETING")
    w.restart()
    fail(w, "NOTIFY", at=10)
    w.restart()
    w.run(error(700, code="GREETING", tenant="acme"), error(800, code="TWILIO"), until=1_000)
    assert {alert.incident for alert in w.alerts.values()} == {1}
    assert told(w) == [(30, "firing", 1), (800, "cause_found", 1)]


def test_an_incident_that_was_folded_leaves_nothing_behind() -> None:
    w = world(timeframes=dict.fromkeys(THREE, 300.0))
    fail(w, *THREE)
    w.run(until=5_000)
    state = w.engine._state
    assert [*state.index.with_code, *state.members, *state.causes_in, *state.incidents] == []
    assert not any(state.links.is_open(code) for code in CODES)
