"""Whoever was not told has a reason beside it."""

import pytest

from sentinel.engine.commands import Acknowledge
from sentinel.engine.conditions import compile_where
from sentinel.engine.routing import Step
from tests.engine.worlds import ALICE, World, any_rule, book, error, route


def unsent(world: World) -> list[tuple[float, str]]:
    return [(one.at, one.reason) for one in world.history.decisions if one.verb == "not_delivered"]


def test_an_incident_that_is_over_before_its_group_had_its_turn_is_accounted_for() -> None:
    world = World(book(any_rule(timeframe=30), routes=[route(group_wait=60.0)]))
    world.run(error(0))
    world.run(until=100)
    assert world.delivered() == []
    assert unsent(world) == [(30, "recovered")]


def test_an_incident_that_is_over_before_its_first_step_is_accounted_for() -> None:
    world = World(book(any_rule(timeframe=30), routes=[route("slow", Step(60.0, (ALICE,)))]))
    world.run(error(0))
    world.run(until=100)
    assert unsent(world) == [(30, "recovered")]


def test_an_incident_that_is_taken_before_anybody_was_told_is_accounted_for() -> None:
    world = World(book(any_rule(), routes=[route(group_wait=60.0)]))
    world.run(error(0))
    world.run(Acknowledge(1, "alice", 10))
    assert unsent(world) == [(10, "acknowledged")]


def test_an_incident_whose_route_is_gone_is_accounted_for() -> None:
    world = World(book(any_rule()))
    world.run(error(0))
    world.restart(book(any_rule(), routes=[]))
    world.run(until=10)
    assert unsent(world) == [(0, "no_route")]


def test_whoever_was_told_of_it_needs_no_reason() -> None:
    world = World(book(any_rule(timeframe=30)))
    world.run(error(0))
    world.run(until=100)
    assert unsent(world) == []


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({}, ""),
        ({"code": "A", "level": ["error", "fatal"]}, 'code "A", level one of "error", "fatal"'),
        ({"line": {"gt": 5, "lt": 9}}, "line gt 5 and lt 9"),
        ({"any": [{"code": "A"}, {"code": "B"}]}, '(code "A") or (code "B")'),
        ({"not": {"all": [{"code": "A"}]}}, 'not ((code "A"))'),
    ],
)
def test_conditions_are_told_in_words(where: dict[str, object], text: str) -> None:
    assert compile_where(where).text == text
