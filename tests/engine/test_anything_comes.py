"""Whatever comes in, in whatever order and over however many restarts and reloads: no fault, no
rule that is set aside, nobody forgotten."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.detectors import change
from sentinel.detectors.cardinality import Cardinality, CardinalityParams
from sentinel.detectors.flatline import Flatline, FlatlineParams
from sentinel.detectors.forecast import Forecast, ForecastParams
from sentinel.detectors.ratio import Ratio, RatioParams
from sentinel.detectors.spike import Spike, SpikeParams
from sentinel.detectors.threshold import Threshold, ThresholdParams
from sentinel.engine.book import Book, Causes
from sentinel.engine.commands import (
    Acknowledge,
    EndOverride,
    EndSilence,
    SetDoNotDisturb,
    SetOverride,
    SetSilence,
)
from sentinel.engine.engine import Input
from sentinel.engine.inhibition import InhibitRule
from sentinel.engine.intervals import TimeInterval, Window
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.quiet import Quiet
from sentinel.engine.routing import Step
from sentinel.engine.rules import Flapping, Rule, make_rule
from sentinel.model.override import Override
from sentinel.model.signal import Activity, Change, Checkin, Error, Metric, Span, Status
from sentinel.model.silence import Silence
from sentinel.model.values import Duration
from tests.effort import examples
from tests.engine.test_restart import CODES, CORRELATIONS, EFFECTS, nothing_is_lost
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, frequency_rule, route

UTC = ZoneInfo("UTC")
MINUTE = Duration(60.0)
durations = st.sampled_from([0.0, 5.0, 90.0])
texts = st.sampled_from(
    [None, "", "acme", "globex", "\x00\x1b[2J", "{tenant} {x}", '"quoted\\', "é" * 5_000, "a/b"]
)
numbers = st.sampled_from(
    [0.0, -0.0, 1.0, 99.5, -1e300, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")]
)
GROUPS = [(), ("tenant",), ("service", "tags.a"), ("release",)]


def _detected() -> list[dict[str, object]]:
    easier = Threshold(ThresholdParams(above=0.5, over=MINUTE))
    metric, error = {"kind": "metric", "where": {}}, {"kind": "error", "where": {}}
    return [
        {
            **metric,
            "detector": Threshold(ThresholdParams(above=50.0, over=MINUTE)),
            "recover": easier,
        },
        {
            **error,
            "detector": Ratio(RatioParams(above=0.4, over=MINUTE, min_events=2)),
            "population": ("activity", {}),
        },
        {**error, "detector": Flatline(FlatlineParams(timeframe=MINUTE))},
        {**error, "detector": Spike(SpikeParams(spike_height=2.0, spike_type="both"))},
        {**metric, "detector": Forecast(ForecastParams(within=MINUTE, above=100.0))},
        {
            "kind": "change",
            "where": {},
            "detector": change.Change(change.ChangeParams(compare="release")),
        },
        {**error, "detector": Cardinality(CardinalityParams(field="user", max=1))},
        {
            "kind": "checkin",
            "where": {"status": ["error", "missed"]},
            "detector": any_rule().detector,
        },
        {"kind": "span", "where": {"duration": {"gt": 1.0}}, "detector": any_rule().detector},
        {"kind": "status", "where": {"status": "down"}, "detector": any_rule().detector},
    ]


@st.composite
def rules(draw: st.DrawFn, number: int) -> Rule:
    name = f"rule{number}"
    options = {
        "by": draw(st.sampled_from(GROUPS)),
        "hold": draw(durations),
        "keep": draw(durations),
        "severity": draw(st.sampled_from(["critical", "warning", "info"])),
        "on_missing": draw(st.sampled_from(["keep", "resolve", "fire"])),
        "missing_after": draw(st.sampled_from([20.0, 120.0])),
        "flapping": draw(st.sampled_from([Flapping(), Flapping(0), Flapping(1, 200.0, 40.0)])),
        "annotations": {"summary": "{tenant} {count} {value} {tags.a} {nothing}"},
    }
    match draw(st.integers(0, 2)):
        case 0:
            options["by"] = draw(st.sampled_from([*GROUPS, ("code",)]))
            return any_rule(name, draw(st.sampled_from([10.0, 1e6])), **options)
        case 1:
            where = draw(st.sampled_from([{}, {"code": CODES}, {"message": {"matches": "a+"}}]))
            return frequency_rule(name, 2, 60.0, where=where, **options)
    return make_rule(name=name, **draw(st.sampled_from(_detected())), **options)


@st.composite
def books(draw: st.DrawFn) -> Book:
    policy = {
        "group_by": draw(st.sampled_from([("incident",), ("alertname",), ("incident", "x"), ()])),
        "group_wait": draw(durations),
        "group_interval": draw(st.sampled_from([0.0, 70.0])),
        "repeat": draw(st.sampled_from([None, 45.0])),
        "again": draw(st.integers(0, 1)),
        "ack_timeout": draw(st.sampled_from([None, 50.0])),
        "muted": draw(st.sampled_from([(), (Window(40.0, 300.0),), (TimeInterval(zone=UTC),)])),
        "active": draw(st.sampled_from([(), (Window(0.0, 600.0),)])),
    }
    steps = [
        Step(draw(durations), (ALICE,)),
        Step(draw(durations), draw(st.sampled_from([(BOB,), ()]))),
    ]
    some = draw(st.sampled_from(['tenant="acme"', 'severity=~"critical|info"', 'code!="SMS"']))
    routes = [route("some", *steps, matchers=[some], goes_on=draw(st.booleans()), **policy)]
    if draw(st.booleans()):
        routes.append(route(draw(st.sampled_from(["all", "rest"])), *steps, **policy))
    either = ['alertname=~"rule[01]"'], ['alertname=~"rule[12]"']
    inhibit = InhibitRule(
        "some",
        parse_matchers(draw(st.sampled_from(either))),
        parse_matchers(draw(st.sampled_from(either))),
        draw(st.sampled_from([(), ("tenant",)])),
    )
    during = Maintenance("work", parse_matchers(['tenant!="acme"']), (Window(20.0, 150.0),))
    return book(
        *[draw(rules(number)) for number in range(draw(st.integers(1, 4)))],
        routes=routes,
        causes=Causes(
            effects=draw(st.sampled_from([{}, EFFECTS])),
            per_tenant=draw(st.sampled_from([frozenset(), frozenset({"SMS"})])),
            hold=20.0,
        ),
        correlations=tuple(
            draw(st.lists(st.sampled_from(CORRELATIONS), unique_by=lambda one: one.name))
        ),
        inhibit=draw(st.sampled_from([(), (inhibit,)])),
        maintenance=draw(st.sampled_from([(), (during,)])),
        quiet=draw(st.sampled_from([{}, {"alice": Quiet(start=0, end=3, zone=UTC)}])),
    )


@st.composite
def inputs(draw: st.DrawFn, after: float, first: int) -> list[Input]:
    time, made = after, []
    for seq in range(first, first + draw(st.integers(1, 8))):
        time += draw(st.sampled_from([-5.0, 0.0, 0.5, 10.0, 60.0, 250.0]))
        made.append(_input(draw, max(0.0, time), seq))
    return made


def _input(draw: st.DrawFn, time: float, seq: int) -> Input:
    common = {
        "received": time,
        "at": draw(numbers),
        "seq": seq,
        "tenant": draw(texts),
        "service": draw(texts),
        "release": draw(texts),
        "component": draw(texts),
        "tags": draw(st.sampled_from([{}, {"a": "b"}, {"tenant": "\x00"}])),
    }
    number = draw(st.sampled_from([-1, 0, 1, 2, 99]))
    match draw(st.integers(0, 14)):
        case 0:
            return Acknowledge(number, draw(st.sampled_from(["alice", "", "\x00"])), time)
        case 1:
            matcher = draw(st.sampled_from(['tenant=~"ac.*"', "no matcher", 'x=~"("', 'x!="y"']))
            starts, ends = draw(st.permutations([time - 10.0, time, time + 200.0]))[:2]
            silence = Silence(id=number, matchers=(matcher,), starts=starts, ends=ends, author="a")
            return SetSilence(silence, time)
        case 2:
            return EndSilence(number, "bob", time)
        case 13:
            times = [-1e300, time - 10.0, time, time + 200.0, 1e300]
            starts, ends = draw(st.permutations(times))[:2]
            people = draw(st.sampled_from([(), ("alice",), ("\x00", "nobody")]))
            override = Override(
                id=number, schedule="x", people=people, starts=starts, ends=ends, author=""
            )
            return SetOverride(override, time)
        case 14:
            return EndOverride(number, "bob", time)
        case 12:
            until = draw(st.sampled_from([-1.0, time, time + 100.0, 1e12]))
            return SetDoNotDisturb(draw(st.sampled_from(["alice", ""])), until, "bob", time)
        case 3:
            return Change(kind=draw(st.sampled_from(["deploy", ""])), **common)
        case 4:
            return Status(status=draw(st.sampled_from(["up", "down", "unknown"])), **common)
        case 5:
            return Metric(name="cpu", value=draw(numbers), **common)
        case 6:
            status = draw(st.sampled_from(["ok", "error", "missed"]))
            return Checkin(monitor="backup", status=status, duration=draw(numbers), **common)
        case 7:
            return Activity(name="login", user=draw(texts), **common)
        case 8:
            return Span(name="load", duration=draw(numbers), **common)
    return Error(
        code=draw(st.sampled_from([None, "", *CODES])),
        message=draw(texts) or "",
        user=draw(texts),
        group=draw(st.sampled_from([None, 1, 2])),
        **common,
    )


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(books(), min_size=1, max_size=2), st.data())
def test_anything_may_come(choices: list[Book], data: st.DataObject) -> None:
    world = World(choices[0])
    for turn in range(data.draw(st.integers(1, 4))):
        world.run(*data.draw(inputs(world.now, 1 + turn * 100)))
        nothing_is_lost(world)
        match data.draw(st.sampled_from(["go on", "restart", "reload", "stop", "clock"])):
            case "restart":
                world.restart()
            case "reload":
                world.restart(data.draw(st.sampled_from(choices)))
            case "stop":
                world.restart(now=world.now + 100.0, unseen=100.0)
            case "clock":
                world.restart(now=world.now - data.draw(st.sampled_from([30.0, 3_000.0])))
        world.run(until=world.now + data.draw(st.sampled_from([0.0, 0.1, 500.0])))
        nothing_is_lost(world)
    world.run(until=world.now + 10_000.0)
    nothing_is_lost(world)
    assert not {"detector_failed", "engine_failed"} & set(world.verbs())
