"""The property that holds the engine together: a restart or a reload at any point, and any way
of cutting the signals into steps, gives the same decisions as an uninterrupted run."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine.book import Book, Causes
from sentinel.engine.commands import (
    Acknowledge,
    Assign,
    EndOverride,
    EndSilence,
    Escalate,
    Note,
    Release,
    Resolve,
    SetOverride,
    SetSilence,
)
from sentinel.engine.correlations import Correlation
from sentinel.engine.engine import Input
from sentinel.engine.inhibition import InhibitRule
from sentinel.engine.intervals import Window
from sentinel.engine.joining import Part, Pattern, SameAs
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.quiet import Quiet
from sentinel.engine.routing import OnCall, Step
from sentinel.engine.rules import Flapping
from sentinel.engine.schedules import Handoff, Layer, Schedule
from sentinel.model.override import Override
from sentinel.model.signal import Change, Status
from sentinel.model.silence import Silence
from tests.effort import examples
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, frequency_rule, route

CODES = ["TWILIO", "SMS", "GREETING", "NOTIFY"]
EFFECTS = {
    "TWILIO": frozenset({"SMS", "GREETING", "NOTIFY"}),
    "NOTIFY": frozenset({"SMS"}),
}
TENANTS = ["acme", "globex"]
durations = st.sampled_from([0.0, 5.0, 30.0, 90.0])
TURNS = Layer(people=(("alice",), ("bob",)), every=3_600, handoff=Handoff(0))
PRIMARY = OnCall(
    Schedule(name="primary", zone=ZoneInfo("UTC"), layers=(TURNS,)),
    {"alice": (ALICE,), "bob": (BOB,)},
)
MATCHERS = ['tenant="acme"', 'severity="warning"', 'alertname=~"rule[01]"', 'code!="TWILIO"']
CORRELATIONS = (
    Correlation(
        pattern=Pattern(
            "deploy",
            (
                Part("deploy", {"on": ("change",), "kind": ("deploy",)}),
                Part("failing", {"on": ("alert",), "tenant": SameAs("deploy", "tenant")}),
            ),
        ),
        root="deploy",
        within=60.0,
        hold=5.0,
    ),
    Correlation(
        pattern=Pattern(
            "first-two",
            (
                Part("one", {"on": ("alert",), "alert": ("rule0",)}),
                Part("two", {"on": ("alert",), "alert": ("rule1",)}),
            ),
        ),
        root="one",
        hold=0.0,
    ),
    Correlation(
        pattern=Pattern(
            "component",
            (
                Part("db", {"on": ("status",), "status": ("down",)}),
                Part("failing", {"on": ("alert",), "alert": ("rule1",)}),
            ),
        ),
        root="db",
        within=100.0,
        hold=0.0,
    ),
)


@st.composite
def books(draw: st.DrawFn, *, gates: bool = True) -> Book:
    rules = []
    for number in range(draw(st.integers(1, 4))):
        options = {
            "by": draw(st.sampled_from([[], ["tenant"], ["code"], ["tenant", "code"]])),
            "hold": draw(durations),
            "keep": draw(durations),
            "severity": draw(st.sampled_from(["critical", "warning"])),
            "where": draw(st.sampled_from([{}, {"code": CODES[0]}, {"code": CODES[1:]}])),
            # An alert on missing data may never end, which not every test can do with.
            "on_missing": draw(st.sampled_from(["keep", "resolve", "fire"][: 2 + gates])),
            "missing_after": draw(st.sampled_from([20.0, 120.0])),
            "flapping": draw(st.sampled_from([Flapping(), Flapping(0), Flapping(1, 200.0, 40.0)])),
        }
        timeframe = draw(st.sampled_from([10.0, 60.0, 200.0]))
        if draw(st.booleans()):
            rules.append(any_rule(f"rule{number}", timeframe, **options))
        else:
            often = draw(st.integers(1, 4))
            rules.append(frequency_rule(f"rule{number}", often, timeframe, **options))
    steps = [Step(draw(durations), (ALICE,)), Step(draw(durations), (PRIMARY,))]
    policy = {
        "repeat": draw(st.sampled_from([None, 45.0])),
        "group_wait": draw(durations),
        "group_interval": draw(st.sampled_from([10.0, 300.0])),
        "group_by": draw(st.sampled_from([("incident",), ("alertname",), ("tenant",), ()])),
        "again": draw(st.sampled_from([0, 1])),
    }
    routes = [route("default", *steps, **policy)]
    causes = Causes(effects=EFFECTS, hold=draw(st.sampled_from([0.0, 20.0])))
    correlations = draw(st.lists(st.sampled_from(CORRELATIONS), unique_by=lambda one: one.name))
    if not gates:
        return book(*rules, routes=routes, causes=causes, correlations=tuple(correlations))
    if draw(st.booleans()):
        policy["muted"] = (Window(draw(st.sampled_from([0.0, 40.0])), 300.0),)
    policy["ack_timeout"] = draw(st.sampled_from([None, 50.0]))
    routes = [route("default", *steps, **policy)]
    if draw(st.booleans()):
        routes.insert(0, route("acme", matchers=['tenant="acme"'], goes_on=draw(st.booleans())))
    inhibit = InhibitRule(
        "twilio",
        parse_matchers(['alertname="rule0"']),
        parse_matchers(['alertname="rule1"']),
        draw(st.sampled_from([(), ("tenant",)])),
    )
    during = Maintenance("work", parse_matchers(['tenant="globex"']), (Window(20.0, 150.0),))
    quiet = Quiet(start=0, end=3, zone=ZoneInfo("UTC"), exempt=frozenset({"critical"}))
    return book(
        *rules,
        routes=routes,
        causes=causes,
        correlations=tuple(correlations),
        inhibit=draw(st.sampled_from([(), (inhibit,)])),
        maintenance=draw(st.sampled_from([(), (during,)])),
        quiet=draw(st.sampled_from([{}, {"alice": quiet}])),
        people={"alice": (ALICE,), "bob": (BOB,)},
        only=draw(st.sampled_from([{}, {"mail": frozenset({"firing", "resolved"})}])),
    )


@st.composite
def inputs(draw: st.DrawFn) -> list[Input]:
    time, made = 0.0, []
    for _ in range(draw(st.integers(1, 25))):
        time += draw(st.sampled_from([0.0, 0.5, 5.0, 10.0, 30.0, 60.0, 250.0]))
        made.append(_input(draw, time, len(made) + 1))
        if draw(st.integers(0, 9)) == 0:
            made += outage(draw, time, len(made) + 1)
    return made


def outage(draw: st.DrawFn, time: float, first: int) -> list[Input]:
    """What depends on one cause fails at once, and the cause is silent."""
    tenants = draw(st.lists(st.sampled_from(TENANTS), min_size=3, max_size=3))
    codes = draw(st.permutations(CODES[1:]))
    return [
        error(time, first + number, code=code, tenant=tenant)
        for number, (code, tenant) in enumerate(zip(codes, tenants, strict=True))
    ]


def _input(draw: st.DrawFn, time: float, seq: int) -> Input:
    tenant = draw(st.sampled_from(TENANTS))
    common = {"received": time, "at": time, "seq": seq, "tenant": tenant}
    number, by = draw(st.integers(1, 3)), draw(st.sampled_from(["alice", "bob"]))
    match draw(st.integers(0, 20)):
        case 0:
            return Acknowledge(number, by, time)
        case 1:
            ends = time + draw(st.sampled_from([5.0, 50.0, 500.0]))
            texts = (draw(st.sampled_from(MATCHERS)),)
            silence = Silence(id=0, matchers=texts, starts=time, ends=ends, author="bob")
            return SetSilence(silence, time)
        case 2:
            return EndSilence(draw(st.integers(1, 2)), "bob", time)
        case 19:
            starts = time + draw(st.sampled_from([0.0, 40.0]))
            override = Override(
                id=0,
                schedule="primary",
                people=(draw(st.sampled_from(["alice", "bob", "carol"])),),
                starts=starts,
                ends=starts + draw(st.sampled_from([-5.0, 30.0, 400.0])),
                author="bob",
            )
            return SetOverride(override, time)
        case 20:
            return EndOverride(draw(st.integers(1, 2)), by, time)
        case 3:
            return Change(kind="deploy", **common)
        case 4:
            return Status(component="db", status=draw(st.sampled_from(["up", "down"])), **common)
        case 5:
            return Release(number, by, time)
        case 6:
            return Assign(number, draw(st.sampled_from(["alice", "bob", "carol"])), by, time)
        case 7:
            return Escalate(number, by, time)
        case 8:
            return Resolve(number, by, time)
        case 9:
            return Note(number, by, "it is the disk", time)
    return error(time, seq, code=draw(st.sampled_from(CODES)), tenant=tenant)


def plain(world: World) -> tuple[object, ...]:
    history = world.history
    return (
        history.alerts,
        history.incidents,
        history.deliveries,
        history.decisions,
        history.matches,
        world.saved(),
    )


def nothing_is_lost(world: World) -> None:
    """Every open incident is on its way to somebody, or waits for a reason that is recorded."""
    recorded = {(one.incident, one.reason) for one in world.history.decisions}
    for number, incident in world.incidents.items():
        pagings = [one for one in world.pagings.values() if number in one.incidents]
        if incident.state == "open" and not pagings:
            assert (number, "no_route") in recorded
        for paging in pagings if incident.state == "open" else ():
            if number in paging.news:
                assert paging.due is not None or paging.stalled
                assert paging.due is None or paging.due > world.now
            elif not paging.gate:
                ended = paging.step > 0 and paging.step_at is None
                assert ended or paging.step_at is not None
    for paging in world.pagings.values():
        assert set(paging.news) <= set(paging.incidents)
        assert all(world.incidents[one].state != "resolved" for one in paging.incidents)


@settings(max_examples=examples(300), deadline=None)
@given(books(), inputs(), st.data())
def test_a_restart_at_any_point_changes_nothing(
    rules: Book, signals: list[Input], data: st.DataObject
) -> None:
    end = signals[-1].received + 1_000
    straight = World(rules)
    straight.run(*signals, until=signals[-1].received)
    straight.run(until=end)

    broken = World(rules)
    rest = list(signals)
    while rest:
        count = data.draw(st.integers(1, len(rest)))
        now, rest = rest[:count], rest[count:]
        broken.run(*now)
        if data.draw(st.booleans()):
            broken.restart()
        nothing_is_lost(broken)
    broken.run(until=end)
    for ours, theirs in zip(plain(broken), plain(straight), strict=True):
        assert ours == theirs


@settings(max_examples=examples(200), deadline=None)
@given(books(gates=False), inputs())
def test_the_books_balance(rules: Book, signals: list[Input]) -> None:
    world = World(rules)
    world.run(*signals, until=signals[-1].received)
    world.run(until=signals[-1].received + 10_000)
    history = world.history
    for match in history.matches:
        assert match.reason if match.outcome == "suppressed" else match.outcome
    merged = sum(match.outcome in ("opened", "merged") for match in history.matches)
    waited = sum(m.outcome == "waiting" and m.alert is not None for m in history.matches)
    assert merged + waited == sum(alert.count for alert in history.alerts.values())
    assert all(alert.state == "resolved" for alert in history.alerts.values())
    assert all(incident.state == "resolved" for incident in history.incidents.values())
    assert not world.saved().windows
    fired = [alert for alert in history.alerts.values() if alert.fired is not None]
    assert all(alert.incident in history.incidents for alert in fired)


@settings(max_examples=examples(200), deadline=None)
@given(books(gates=False), inputs())
def test_nobody_is_paged_for_an_incident_after_its_acknowledgement(
    rules: Book, signals: list[Input]
) -> None:
    world = World(rules)
    world.run(*signals, until=signals[-1].received)
    world.run(until=signals[-1].received + 10_000)
    for incident in world.history.incidents.values():
        if incident.acknowledged is None:
            continue
        after = [
            delivery
            for delivery in world.history.deliveries
            if delivery.incident == incident.id
            and delivery.reason in ("firing", "reminder")
            and delivery.at > incident.acknowledged
        ]
        assert after == []


def test_a_clock_that_was_far_ahead_leaves_nothing_stuck() -> None:
    world = World(book(any_rule(), any_rule("Waiting", hold=60)))
    wrong, right = 10_000_000.0, 1_000.0
    world.run(error(wrong, code="A"))
    world.restart(now=right)
    world.run(until=right)
    assert world.saved().alerts == []
    assert "clock_stepped" in {decision.reason for decision in world.history.decisions}
    world.run(error(right + 10, seq=2, code="A"))
    world.run(until=right + 400)
    assert [reason for _, _, reason in world.delivered()] == ["firing", "resolved"] * 2


def test_a_clock_that_was_a_little_ahead_is_waited_for() -> None:
    world = World(book(any_rule(timeframe=300)))
    world.run(error(1_000, code="A"))
    world.restart(now=970)
    world.run(until=1_299)
    assert world.history.alerts[1].state == "firing"
