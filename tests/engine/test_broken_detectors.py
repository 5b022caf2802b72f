"""A detector may be anybody's plugin: what it does wrong costs its own rule and nothing else."""

from typing import Any

from sentinel.api import AnySignal, Verdict
from sentinel.detectors.any import AnyMatch, AnyParams
from sentinel.engine.rules import Rule, make_rule
from tests.engine.worlds import World, any_rule, book, error


class Speechless(AnyMatch):
    def explain(self, state: float | None, now: float) -> str:
        raise RuntimeError("no words")


class Unwritable(AnyMatch):
    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return object(), Verdict(True)


class Wordy(AnyMatch):
    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]:
        return now, "it holds"  # type: ignore[return-value]


def rule_of(made: type[AnyMatch]) -> Rule:
    detector: Any = made(AnyParams())
    return make_rule(name="Broken", kind="error", where={}, detector=detector)


def fired(world: World) -> set[str]:
    return {alert.rule for alert in world.history.alerts.values() if alert.state == "firing"}


def test_an_alert_fires_even_if_its_detector_can_not_explain_it() -> None:
    world = World(book(rule_of(Speechless)))
    world.run(error(0))
    assert world.delivered() == [(0, "alice", "firing")]
    assert "RuntimeError" in world.history.alerts[1].verdict


def test_a_state_that_can_not_be_saved_sets_its_rule_aside() -> None:
    world = World(book(rule_of(Unwritable), any_rule("Sound")))
    world.run(error(0))
    world.run(error(1))
    assert "Sound" in fired(world)
    assert world.verbs().count("detector_failed") == 1
    assert [match.outcome for match in world.history.matches][2:] == ["suppressed", "merged"]


def test_a_verdict_that_is_none_sets_its_rule_aside() -> None:
    world = World(book(rule_of(Wordy), any_rule("Sound")))
    world.run(error(0))
    assert fired(world) == {"Sound"}
    assert world.verbs().count("detector_failed") == 1


def test_a_saved_state_that_can_not_be_read_begins_anew() -> None:
    world = World(book(any_rule("Sound")))
    world.run(error(0))
    world.windows = dict.fromkeys(world.windows, b"\xc1 no MessagePack")
    world.restart()
    world.run(error(1))
    assert world.delivered() == [
        (0, "alice", "firing"),
        (0, "alice", "resolved"),
        (1, "alice", "firing"),
    ]
