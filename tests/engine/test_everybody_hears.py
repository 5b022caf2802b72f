"""Whatever gates close, whoever acknowledges and however incidents fold: in the end everybody whom
a route names has heard of every incident that nobody took, and who heard that one began hears that
it is over, and nobody else."""

import re
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine import gates
from sentinel.engine.book import Book, Causes
from sentinel.engine.commands import Acknowledge, EndSilence, SetDoNotDisturb, SetSilence
from sentinel.engine.engine import Input
from sentinel.engine.inhibition import InhibitRule
from sentinel.engine.intervals import Window
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.quiet import Digest, Quiet
from sentinel.engine.routing import Step, takers
from sentinel.model.delivery import Recipient
from sentinel.model.signal import Change, Status
from sentinel.model.silence import Silence
from tests.effort import examples
from tests.engine.test_restart import (
    CODES,
    CORRELATIONS,
    EFFECTS,
    MATCHERS,
    TENANTS,
    outage,
)
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

LONG = 1e9
AFTER = 500_000.0
waits = st.sampled_from([0.0, 5.0, 30.0, 90.0])


@st.composite
def books(draw: st.DrawFn) -> Book:
    rules = [
        any_rule(
            f"rule{number}",
            draw(st.sampled_from([60.0, LONG])),
            by=draw(st.sampled_from([[], ["tenant"], ["code"], ["tenant", "code"]])),
            severity=draw(st.sampled_from(["critical", "warning"])),
            where=draw(st.sampled_from([{}, {"code": CODES[0]}, {"code": CODES[1:]}])),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    group_by = draw(st.sampled_from([("incident",), ("alertname",), ("tenant",), ()]))
    routes = [
        route(
            name,
            Step(draw(waits), (ALICE,)),
            Step(draw(waits), (BOB,)),
            matchers=matchers,
            group_by=group_by,
            group_wait=draw(waits),
            group_interval=draw(st.sampled_from([10.0, 70.0, 300.0])),
            ack_timeout=draw(st.sampled_from([None, 50.0])),
            muted=draw(st.sampled_from([(), (Window(40.0, 300.0),)])),
            goes_on=draw(st.booleans()),
        )
        for name, matchers in draw(
            st.sampled_from(
                [
                    [("all", [])],
                    [("acme", ['tenant="acme"']), ("all", [])],
                    [("acme", ['tenant="acme"'])],
                    [("mild", ['severity="warning"'])],
                ]
            )
        )
    ]
    inhibit = InhibitRule(
        "one",
        parse_matchers(['alertname="rule0"']),
        parse_matchers(['alertname="rule1"']),
        draw(st.sampled_from([(), ("tenant",)])),
    )
    during = Maintenance("work", parse_matchers(['tenant="globex"']), (Window(20.0, 150.0),))
    quiet = Quiet(start=0, end=3, zone=ZoneInfo("UTC"), exempt=frozenset({"critical"}))
    digest = Digest(times=(4,), zone=ZoneInfo("UTC"), severities=frozenset({"warning"}))
    return book(
        *rules,
        routes=routes,
        causes=Causes(effects=EFFECTS, hold=draw(st.sampled_from([0.0, 20.0]))),
        correlations=tuple(
            draw(st.lists(st.sampled_from(CORRELATIONS), unique_by=lambda one: one.name))
        ),
        inhibit=draw(st.sampled_from([(), (inhibit,)])),
        maintenance=draw(st.sampled_from([(), (during,)])),
        quiet=draw(st.sampled_from([{}, {"alice": quiet}])),
        digests=draw(st.sampled_from([{}, {"bob": digest}])),
    )


@st.composite
def inputs(draw: st.DrawFn) -> list[Input]:
    time, made = 0.0, []
    for _ in range(draw(st.integers(2, 12))):
        time += draw(st.sampled_from([0.5, 5.0, 30.0, 60.0]))
        made.append(_input(draw, time, len(made) + 1))
        if draw(st.integers(0, 9)) == 0:
            made += outage(draw, time, len(made) + 1)
    return made


def _input(draw: st.DrawFn, time: float, seq: int) -> Input:
    tenant = draw(st.sampled_from(TENANTS))
    common = {"received": time, "at": time, "seq": seq, "tenant": tenant}
    match draw(st.integers(0, 9)):
        case 0:
            by = draw(st.sampled_from(["alice", "bob"]))
            return Acknowledge(draw(st.integers(1, 3)), by, time)
        case 1:
            number = draw(st.sampled_from([0, 1]))
            texts = (draw(st.sampled_from(MATCHERS)),)
            ends = time + draw(st.sampled_from([50.0, 500.0]))
            changed = Silence(id=number, matchers=texts, starts=time, ends=ends, author="bob")
            return SetSilence(changed, time)
        case 2:
            return EndSilence(draw(st.integers(1, 2)), "bob", time)
        case 9:
            until = draw(st.sampled_from([time, time + 40.0, time + 400.0]))
            return SetDoNotDisturb(draw(st.sampled_from(["alice", "bob"])), until, "bob", time)
        case 3:
            return Change(kind="deploy", **common)
        case 4:
            return Status(component="db", status=draw(st.sampled_from(["up", "down"])), **common)
    return error(time, seq, code=draw(st.sampled_from(CODES)), tenant=tenant)


def lived(rules: Book, signals: list[Input]) -> World:
    world = World(rules)
    world.run(*signals)
    world.run(until=AFTER)
    return world


def family(world: World) -> dict[int, set[int]]:
    """Each incident with those that folded into it."""
    into = {number: number for number in world.incidents}
    for one in world.history.decisions:
        if (one.verb, one.reason) == ("incident_resolved", "folded"):
            assert one.incident is not None
            found = re.search(r"incident (\d+)", one.text)
            assert found
            into[one.incident] = int(found[1])
    whole: dict[int, set[int]] = {number: set() for number in into}
    for number in into:
        end = number
        while into[end] != end:
            end = into[end]
        whole[end].add(number)
    return whole


def heard(world: World, incidents: set[int], *reasons: str) -> set[Recipient]:
    return {
        one.recipient
        for one in world.history.deliveries
        if one.reason in reasons and incidents & {one.incident, *one.also}
    }


@settings(max_examples=examples(300), deadline=None)
@given(books(), inputs())
def test_everybody_whom_a_route_names_hears_of_what_nobody_took(
    rules: Book, signals: list[Input]
) -> None:
    world = lived(rules, signals)
    state = world.engine._state
    for number, members in family(world).items():
        incident = world.incidents[number]
        if incident.state != "open" or gates.of_incident(state, incident):
            continue
        taken = any(
            one.escalation
            for alert in state.alerts_in(number)
            for one in takers(rules.routes, alert.labels)
        )
        told = heard(world, members, "firing", "cause_found")
        assert not taken or told == {ALICE, BOB}, (number, told)


@settings(max_examples=examples(300), deadline=None)
@given(books(), inputs())
def test_who_heard_of_the_beginning_hears_of_the_end_and_nobody_else(
    rules: Book, signals: list[Input]
) -> None:
    world = lived(rules, signals)
    for number, members in family(world).items():
        if world.incidents[number].state != "resolved":
            continue
        told = heard(world, members, "firing", "cause_found")
        ended = heard(world, {number}, "resolved")
        assert told <= ended, number
        # Those with whom a group shares its messages hear of all its ends.
        assert ended <= told or rules.routes.routes[0].group_by != ("incident",), number
