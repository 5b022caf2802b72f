"""The property that holds the engine together: a restart or a reload at any point, and any way
of cutting the signals into steps, gives the same decisions as an uninterrupted run."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine.book import Book, Causes
from sentinel.engine.engine import Acknowledge, Input
from sentinel.engine.routing import Step
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, frequency_rule, route

CODES = ["TWILIO", "SMS", "GREETING"]
CAUSES = Causes(effects={"TWILIO": frozenset({"SMS", "GREETING"})})
durations = st.sampled_from([0.0, 5.0, 30.0, 90.0])


@st.composite
def books(draw: st.DrawFn) -> Book:
    rules = []
    for number in range(draw(st.integers(1, 4))):
        options = {
            "by": draw(st.sampled_from([[], ["tenant"], ["code"], ["tenant", "code"]])),
            "hold": draw(durations),
            "keep": draw(durations),
            "severity": draw(st.sampled_from(["critical", "warning"])),
            "where": draw(st.sampled_from([{}, {"code": CODES[0]}, {"code": CODES[1:]}])),
        }
        timeframe = draw(st.sampled_from([10.0, 60.0, 200.0]))
        if draw(st.booleans()):
            rules.append(any_rule(f"rule{number}", timeframe, **options))
        else:
            often = draw(st.integers(1, 4))
            rules.append(frequency_rule(f"rule{number}", often, timeframe, **options))
    steps = [Step(draw(durations), (ALICE,)), Step(draw(durations), (BOB,))]
    repeat = draw(st.sampled_from([None, 45.0]))
    routes = [route("default", *steps, repeat=repeat, group_wait=draw(durations))]
    return book(*rules, routes=routes, causes=CAUSES)


@st.composite
def inputs(draw: st.DrawFn) -> list[Input]:
    time, made = 0.0, []
    for seq in range(draw(st.integers(1, 25))):
        time += draw(st.sampled_from([0.0, 0.5, 5.0, 10.0, 30.0, 60.0, 250.0]))
        if draw(st.integers(0, 9)) == 0:
            made.append(Acknowledge(draw(st.integers(1, 3)), "alice", time))
        else:
            code, tenant = draw(st.sampled_from(CODES)), draw(st.sampled_from(["acme", "globex"]))
            made.append(error(time, seq + 1, code=code, tenant=tenant))
    return made


def plain(world: World) -> tuple[object, ...]:
    history = world.history
    return (
        history.alerts,
        history.incidents,
        history.deliveries,
        history.decisions,
        history.matches,
        world.saved.alerts,
        world.saved.incidents,
        world.saved.windows,
    )


@settings(max_examples=300, deadline=None)
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
    broken.run(until=end)
    assert plain(broken) == plain(straight)


@settings(max_examples=200, deadline=None)
@given(books(), inputs())
def test_the_books_balance(rules: Book, signals: list[Input]) -> None:
    world = World(rules)
    world.run(*signals, until=signals[-1].received)
    world.run(until=signals[-1].received + 10_000)
    history = world.history
    merged = sum(match.outcome in ("opened", "merged") for match in history.matches)
    waited = sum(m.outcome == "waiting" and m.alert is not None for m in history.matches)
    assert merged + waited == sum(alert.count for alert in history.alerts.values())
    assert all(alert.state == "resolved" for alert in history.alerts.values())
    assert all(incident.state == "resolved" for incident in history.incidents.values())
    assert not world.saved.windows
    fired = [alert for alert in history.alerts.values() if alert.fired is not None]
    assert all(alert.incident in history.incidents for alert in fired)


@settings(max_examples=200, deadline=None)
@given(books(), inputs())
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
    assert world.saved.alerts == []
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
