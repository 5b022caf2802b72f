"""What holds of broadcasts whatever happens: see `tests/engine/test_restart.py`."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sentinel.engine.book import Book
from sentinel.engine.broadcast_rules import BroadcastRule
from sentinel.engine.commands import (
    EditUpdate,
    EndBroadcast,
    PublishUpdate,
    VetoUpdate,
    WriteUpdate,
)
from sentinel.engine.engine import Input
from sentinel.model.broadcast import Broadcast, Update
from tests.effort import examples
from tests.engine.broadcast_worlds import FULL, MESSAGES, entry
from tests.engine.test_restart import books, inputs
from tests.engine.worlds import World

_END = 5_000.0


@st.composite
def entries(draw: st.DrawFn) -> tuple[BroadcastRule, ...]:
    found = []
    for name in ("first", "second")[: draw(st.integers(1, 2))]:
        rules = st.sampled_from([frozenset(), frozenset({"rule0"}), frozenset({"rule1", "rule2"})])
        found.append(
            entry(
                name,
                alerts=draw(rules),
                severities=draw(st.sampled_from([frozenset(), frozenset({"critical"})])),
                audience=draw(st.sampled_from(["affected", "subscribers"])),
                mode=draw(st.sampled_from(["auto", "hold", "draft"])),
                hold=draw(st.sampled_from([10.0, 60.0])),
                messages=draw(st.sampled_from([MESSAGES, FULL])),
                resolve_after=draw(st.sampled_from([0.0, 30.0, 200.0])),
            )
        )
    return tuple(found)


@st.composite
def told_books(draw: st.DrawFn) -> Book:
    return replace(draw(books()), broadcasts=draw(entries()))


@st.composite
def much(draw: st.DrawFn, *, commands: bool = True) -> list[Input]:
    """All that may come in, with people who decide on updates in between."""
    made = draw(inputs())
    times = [one.received for one in made]
    for _ in range(draw(st.integers(0, 6)) if commands else 0):
        time = draw(st.sampled_from(times)) + draw(st.sampled_from([0.0, 1.0, 20.0]))
        number = draw(st.integers(1, 4))
        made.append(_decision(draw, number, time))
    return sorted(made, key=lambda one: one.received)


def _decision(draw: st.DrawFn, number: int, time: float) -> Input:
    match draw(st.integers(0, 5)):
        case 0:
            return PublishUpdate(number, "alice", time)
        case 1 | 2:
            return VetoUpdate(number, "alice", time)
        case 3:
            return EditUpdate(number, "In other words.", "bob", time)
        case 4:
            return EndBroadcast(number, "bob", time)
    phase = draw(st.sampled_from(["identified", "resolved", "correction", "retraction"]))
    of = Broadcast(id=draw(st.integers(0, 2)), title="By hand", opened=time, phase="investigating")
    return WriteUpdate(
        of=of, phase=phase, text="By hand.", by="bob", publish=draw(st.booleans()), received=time
    )


def told(world: World) -> tuple[object, ...]:
    return world.broadcasts, world.updates, world.history.decisions, world.saved()


@settings(max_examples=examples(150), deadline=None)
@given(told_books(), much(), st.data())
def test_a_restart_at_any_point_tells_clients_the_same(
    book: Book, given: list[Input], data: st.DataObject
) -> None:
    whole = World(book)
    for one in given:
        whole.run(one)
    whole.run(until=_END)
    cut = data.draw(st.integers(0, len(given)))
    restarted = World(book)
    for one in given[:cut]:
        restarted.run(one)
    restarted.restart()
    for one in given[cut:]:
        restarted.run(one)
    restarted.run(until=_END)
    assert told(restarted) == told(whole)


@settings(max_examples=examples(100), deadline=None)
@given(told_books(), much())
def test_how_inputs_are_cut_into_steps_makes_no_difference_to_clients(
    book: Book, given: list[Input]
) -> None:
    apart, together = World(book), World(book)
    for one in given:
        apart.run(one)
    apart.run(until=_END)
    together.run(*given, until=_END)
    assert told(apart) == told(together)


class _Watched(World):
    """Follows each update through all of its states."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.lives: dict[int, list[Update]] = {}

    def watch(self, given: list[Input]) -> None:
        for one in given:
            self._note(self.run(one).updates)
        self._note(self.run(until=_END).updates)

    def _note(self, updates: dict[int, Update]) -> None:
        for number, update in updates.items():
            self.lives.setdefault(number, []).append(update)


@settings(max_examples=examples(150), deadline=None)
@given(told_books(), much())
def test_what_was_stopped_never_goes_out_and_what_went_out_never_changes(
    book: Book, given: list[Input]
) -> None:
    world = _Watched(book)
    world.watch(given)
    for life in world.lives.values():
        for before, after in itertools.pairwise(life):
            if before.state in ("vetoed", "published"):
                assert after == before


@settings(max_examples=examples(150), deadline=None)
@given(told_books(), much(commands=False))
def test_whoever_heard_that_it_began_hears_once_that_it_is_over(
    book: Book, given: list[Input]
) -> None:
    world = World(book)
    world.run(*given, until=_END)
    for broadcast in world.broadcasts.values():
        said = [one for one in world.updates.values() if one.broadcast == broadcast.id]
        ends = [one for one in said if one.phase == "resolved"]
        heard = any(one.state == "published" for one in said)
        if broadcast.merged is not None:
            # Those who heard of it are told of the end with those of the other.
            assert not ends
            assert world.broadcasts[broadcast.merged].phase is not None or not heard
        elif broadcast.ended is not None:
            assert [one.state for one in ends] == (["published"] if heard else [])
        else:
            assert not ends


@settings(max_examples=examples(150), deadline=None)
@given(told_books(), much())
def test_one_entry_begins_one_broadcast_of_an_incident(book: Book, given: list[Input]) -> None:
    world = World(book)
    world.run(*given, until=_END)
    running = [
        (one.rule, one.incident)
        for one in world.broadcasts.values()
        if one.rule and one.ended is None and one.cleared is None
    ]
    assert len(running) == len(set(running))
    for _, incident in running:
        assert world.incidents[incident or 0].state != "resolved"


@settings(max_examples=examples(150), deadline=None)
@given(told_books(), much())
def test_nothing_waits_in_a_broadcast_that_is_over(book: Book, given: list[Input]) -> None:
    world = World(book)
    world.run(*given, until=_END)
    for update in world.updates.values():
        broadcast = world.broadcasts[update.broadcast]
        if update.waits and update.phase != "correction":
            assert broadcast.ended is None
