"""What fails is left out and reported, and the pages of everything else go out."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.detectors.any import AnyMatch, AnyParams
from sentinel.engine import correlation, paging
from sentinel.engine.book import Causes
from sentinel.engine.commands import SetSilence
from sentinel.engine.inhibition import InhibitRule
from sentinel.engine.joining import Join, Pattern
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.rules import make_rule
from sentinel.model.silence import Silence
from sentinel.model.values import Duration
from sentinel.model.verdict import Verdict
from tests.engine.worlds import World, any_rule, book, error, route

LONG = 1e6
CAUSES = Causes(effects={"CAUSE": frozenset({"EFFECT"})}, hold=0.0)


class Broken:
    """Joins that fail as native code does."""

    overflowed = False

    def add(self, id: str, fields: Mapping[str, object]) -> list[Join]:
        raise RuntimeError("durable-rules answered 302")

    def remove(self, id: str) -> None:
        raise RuntimeError("durable-rules answered 302")

    def close(self) -> None: ...


def open_nothing(patterns: Sequence[Pattern]) -> Broken:
    raise ImportError("no module named durable_rules_engine")


def open_broken(patterns: Sequence[Pattern]) -> Broken:
    return Broken()


@pytest.mark.parametrize("opened", [open_nothing, open_broken])
def test_joins_that_fail_stop_no_page_and_are_reported_once(opened: Any) -> None:
    rules = [any_rule(by=["code"], timeframe=100)]
    world = World(replace(book(*rules, causes=CAUSES), open_joins=opened), may_fail=True)
    world.run(error(0, code="CAUSE"), error(10, code="EFFECT"))
    world.restart()
    world.run(until=1_000)
    assert [reason for _, _, reason in world.delivered()] == ["firing"] * 2 + ["resolved"] * 2
    assert world.verbs().count("engine_failed") == 2  # by the engine before and the one after


def test_a_timer_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(
        book(any_rule(by=["tenant"], timeframe=LONG), routes=[route(group_wait=10.0)]),
        may_fail=True,
    )
    world.run(error(0, tenant="acme", group=1), error(1, tenant="globex", group=2))
    run = paging.run

    def failing(state: Any, key: tuple[str, str], **options: Any) -> None:
        if state.pagings[key].incidents == (1,):
            raise RuntimeError("no")
        run(state, key, **options)

    monkeypatch.setattr(paging, "run", failing)
    world.run(until=100)
    assert [one.incident for one in world.history.deliveries] == [2]
    assert world.verbs().count("engine_failed") == 1
    monkeypatch.setattr(paging, "run", run)
    world.restart()
    world.run(until=101)
    assert [one.incident for one in world.history.deliveries] == [2, 1]


def test_an_alert_that_a_fault_kept_from_its_incident_is_told_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(book(any_rule(hold=10.0, timeframe=LONG)), may_fail=True)
    world.run(error(0))
    with monkeypatch.context() as broken:

        def failing(*_: Any) -> None:
            raise RuntimeError("no")

        broken.setattr(correlation, "place", failing)
        world.run(until=20)
    assert (world.alerts[1].state, world.alerts[1].incident) == ("firing", None)
    world.restart()
    world.run(until=21)
    assert world.delivered() == [(20, "alice", "firing")]


@pytest.mark.parametrize("recheck", [float("nan"), "soon"])
def test_a_detector_that_asks_to_be_called_at_no_time_is_set_aside(recheck: Any) -> None:
    class Odd(AnyMatch):
        def observe(self, signal: Any, state: Any, now: float) -> tuple[Any, Verdict]:
            return now, Verdict(True, recheck)

    odd = make_rule(name="Odd", kind="error", where={}, detector=Odd(AnyParams(Duration(60))))
    world = World(book(odd, any_rule("Fine", timeframe=60)))
    world.run(error(0), until=100)
    assert [reason for _, _, reason in world.delivered()] == ["firing", "resolved"]
    assert world.verbs().count("detector_failed") == 1


def test_a_silence_that_is_none_is_refused_and_says_why() -> None:
    world = World(book(any_rule()))
    wrong = Silence(id=0, matchers=('tenant=~"("',), starts=0, ends=100, author="bob")
    world.run(SetSilence(wrong, 0), error(1))
    assert world.reasons()[0] == "invalid"
    assert not world.silences
    assert len(world.delivered()) == 1


def test_a_restart_names_the_same_inhibiting_alert_whichever_fired_first() -> None:
    late = any_rule("Late", LONG, hold=30, severity="critical", where={"service": "a"})
    early = any_rule("Early", LONG, severity="critical", where={"service": "b"})
    mild = any_rule("Mild", LONG, where={"service": "c"})
    source, target = parse_matchers(['severity="critical"']), parse_matchers(['alertname="Mild"'])
    world = World(book(late, early, mild, inhibit=(InhibitRule("x", source, target),)))
    world.run(*[error(n, service=name, group=n) for n, name in enumerate("abc")], until=100)
    world.run(error(101, service="c", group=2))
    before = len(world.history.decisions)
    world.restart()
    world.run(until=102)
    assert world.history.decisions[before:] == []
