"""Overrides that people set: who is called by a step while one holds."""

from zoneinfo import ZoneInfo

import pytest

from sentinel.engine.commands import EndOverride, SetOverride
from sentinel.engine.routing import OnCall, Step
from sentinel.engine.schedules import Handoff, Layer, Override, Schedule
from sentinel.model import override as model
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

REACH = {"alice": (ALICE,), "bob": (BOB,)}
ALWAYS = Layer(people=(("alice",),), every=86_400, handoff=Handoff(0))


def world(*configured: Override, people: tuple[str, ...] = ("alice", "bob")) -> World:
    """Alice is always on call, and called twice: at once and after a minute."""
    schedule = Schedule(
        name="primary", zone=ZoneInfo("UTC"), layers=(ALWAYS,), overrides=configured
    )
    on_call = OnCall(schedule, REACH)
    steps = Step(0.0, (on_call,)), Step(60.0, (on_call,))
    return World(
        book(
            any_rule(timeframe=1e6),
            routes=[route("default", *steps)],
            people={name: REACH[name] for name in people},
        )
    )


def override(starts: float, ends: float, *people: str, schedule: str = "primary") -> SetOverride:
    asked = model.Override(
        id=0, schedule=schedule, people=people or ("bob",), starts=starts, ends=ends, author="alice"
    )
    return SetOverride(asked, 0.0)


def called(world: World) -> list[tuple[float, str | None]]:
    """By steps: Alice is one address, so that nobody is told twice of one moment."""
    return [(one.at, one.recipient.person) for one in world.history.deliveries]


def test_whoever_stands_in_is_called_while_the_override_holds() -> None:
    under = world()
    under.run(override(0, 150), error(100, code="A"), until=300)
    assert called(under) == [(100, "bob"), (160, "alice")]


def test_an_override_goes_before_those_of_the_configuration() -> None:
    under = world(Override(0, 1_000, ("alice",)))
    under.run(override(0, 1_000), error(100, code="A"), until=110)
    assert called(under) == [(100, "bob")]


def test_one_that_is_ended_holds_no_longer() -> None:
    under = world()
    under.run(override(0, 1_000), error(100, code="A"), EndOverride(1, "bob", 130.0), until=300)
    assert called(under) == [(100, "bob"), (160, "alice")]
    assert under.overrides[1].until == 130


def test_one_that_is_ended_before_it_begins_never_holds() -> None:
    under = world()
    under.run(override(90, 1_000), EndOverride(1, "bob", 10.0), error(100, code="A"), until=110)
    assert called(under) == [(100, "alice")]


@pytest.mark.parametrize(
    ("second", "reason", "kept"),
    [
        (override(120, 300), "overlap", 1),
        (override(200, 300), "person", 2),
        (override(50, 150, schedule="other"), "person", 2),
        (override(10, 0), "too_late", 1),
    ],
)
def test_two_never_hold_at_one_time(second: SetOverride, reason: str, kept: int) -> None:
    under = world()
    under.run(override(100, 200), second)
    assert [one.reason for one in under.history.decisions] == ["person", reason]
    assert len(under.saved().overrides) == kept


def test_one_that_was_ended_leaves_room_for_another() -> None:
    under = world()
    under.run(override(0, 1_000), EndOverride(1, "bob", 5.0), override(10, 500))
    assert [one.id for one in under.saved().overrides] == [2]


def test_one_of_somebody_who_is_gone_leaves_nobody_uncalled() -> None:
    under = world(people=("alice",))
    under.run(override(0, 1_000, "bob"), error(100, code="A"), until=110)
    assert called(under) == [(100, "alice")]


def test_ending_one_that_is_over_says_so() -> None:
    under = world()
    under.run(override(0, 50), EndOverride(1, "bob", 60.0), EndOverride(7, "bob", 60.0))
    assert under.reasons() == ["person", "too_late", "too_late"]


def test_a_restart_keeps_the_overrides() -> None:
    under = world()
    under.run(override(0, 1_000))
    under.restart()
    under.run(error(100, code="A"), until=110)
    assert called(under) == [(100, "bob")]
