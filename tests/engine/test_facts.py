"""The state of a component of which several probes tell: the worst that they said last."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine.correlations import Correlation
from sentinel.engine.facts import MOST_PROBES
from sentinel.engine.joining import Part, Pattern
from sentinel.model.signal import State, Status
from sentinel.model.uptime import RANK
from tests.effort import examples
from tests.engine.worlds import World, any_rule, book, error

MINUTE = 60.0
DOWN = Correlation(
    pattern=Pattern(
        "shop-is-down",
        (
            Part("shop", {"on": ("status",), "component": ("shop",), "status": ("down",)}),
            Part("failing", {"on": ("alert",), "alert": ("Failing",)}),
        ),
    ),
    root="shop",
    hold=0.0,
)
states = st.sampled_from(get_args(State))


def shop_world() -> World:
    """A probe looks each 20 seconds: it is patient for a minute."""
    return World(book(any_rule("Failing"), correlations=(DOWN,), patience=lambda _: MINUTE))


def says(at: float, probe: str, state: State, **fields: Any) -> Status:
    tags = {"probe": probe} if probe else {}
    return Status(received=at, at=at, component="shop", status=state, tags=tags, **fields)


def state_in(world: World) -> object:
    [fact] = world.facts.values()
    return fact.fields["status"]


def test_a_probe_that_is_well_does_not_hide_another_that_is_not() -> None:
    world = shop_world()
    world.run(says(0, "http", "down"), says(5, "tls", "up"), error(10, group=1))
    assert world.incidents[1].cause == "shop is down"


def test_a_component_is_well_once_all_its_probes_are() -> None:
    world = shop_world()
    world.run(says(0, "http", "down"), says(1, "tls", "degraded"), says(2, "http", "up"))
    assert state_in(world) == "degraded"
    world.run(says(3, "tls", "up"), error(10, group=1))
    assert state_in(world) == "up"
    assert world.incidents[1].cause == ""


def test_what_a_probe_said_that_is_gone_counts_no_more_while_another_goes_on() -> None:
    world = shop_world()
    world.run(says(0, "old-name", "down"))
    for at in range(0, 140, 20):
        world.run(says(at, "new-name", "up"))
    assert state_in(world) == "up"


def test_what_the_only_probe_said_stands_while_nothing_comes() -> None:
    world = shop_world()
    world.run(says(0, "http", "down"), until=86_400)
    assert state_in(world) == "down"


def test_a_second_probe_does_not_hide_what_the_first_has_said_for_hours() -> None:
    world = shop_world()
    for at in range(0, 7_200, 20):
        world.run(says(at, "http", "down"))
    world.run(says(7_200, "tls", "up"))
    assert state_in(world) == "down"


def test_a_state_that_goes_on_is_not_written_with_every_status() -> None:
    world = shop_world()
    written = sum(bool(world.run(says(at, "http", "up")).facts) for at in range(0, 600, 20))
    assert written <= 600 / MINUTE + 1


def test_made_up_names_of_probes_are_bounded() -> None:
    world = shop_world()
    world.run(*(says(0.0, f"probe-{number}", "up") for number in range(MOST_PROBES + 10)))
    [fact] = world.facts.values()
    assert len(fact.said) == MOST_PROBES


@pytest.mark.parametrize("probe", ["", "http"])
@given(said=st.lists(st.tuples(st.sampled_from([1.0, 50.0, 500.0, 90_000.0]), states), min_size=1))
@settings(deadline=None, max_examples=examples(50))
def test_with_one_probe_the_state_is_what_it_said_last(
    probe: str, said: list[tuple[float, State]]
) -> None:
    world, at = shop_world(), 0.0
    for passed, state in said:
        at += passed
        world.run(says(at, probe, state))
        assert state_in(world) == state


@given(
    said=st.lists(
        st.tuples(st.sampled_from(["http", "tls", ""]), states, st.booleans()),
        min_size=1,
        max_size=40,
    )
)
@settings(deadline=None, max_examples=examples(100))
def test_the_state_is_the_worst_that_the_probes_said_last_whatever_restarts_between(
    said: list[tuple[str, State, bool]],
) -> None:
    world = shop_world()
    last: dict[str, State] = {}
    for at, (probe, state, restarts) in enumerate(said):
        world.run(says(float(at), probe, state))
        last[probe] = state
        if restarts:
            world.restart()
        assert state_in(world) == max(last.values(), key=lambda one: RANK[one])
