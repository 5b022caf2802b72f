"""Digests, and people who do not want to be disturbed."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sentinel.engine.commands import Acknowledge, SetDoNotDisturb
from sentinel.engine.quiet import Digest, Quiet, digest_at
from sentinel.engine.rests import wait_of
from sentinel.engine.state import State
from sentinel.engine.telling import keep
from sentinel.model.delivery import Recipient
from sentinel.model.paging import Held, Paging
from tests.engine.worlds import World, any_rule, book, error, route

UTC = ZoneInfo("UTC")
HOUR = 3_600.0
NINE = Digest(times=(9 * 60,), zone=UTC)


def digested(severity: str = "info", **options: Any) -> World:
    rule = any_rule(by=("code",), severity=severity, keep=100 * 86_400.0)
    return World(book(rule, routes=[route()], digests={"alice": NINE}, **options))


def told(world: World) -> list[tuple[float, str]]:
    return [(at / HOUR, reason) for at, _, reason in world.delivered()]


def test_what_is_not_urgent_waits_for_the_digest() -> None:
    world = digested()
    world.run(error(2 * HOUR, code="A"), error(3 * HOUR, code="B"), until=12 * HOUR)
    assert told(world) == [(9.0, "firing"), (9.0, "firing")]
    assert all(one.bundled for one in world.history.deliveries), "so that they become one message"


def test_what_is_urgent_comes_at_once() -> None:
    world = digested("warning")
    world.run(error(2 * HOUR, code="A"), until=12 * HOUR)
    assert told(world) == [(2.0, "firing")]
    assert not world.history.deliveries[0].bundled


def test_after_the_digest_it_waits_for_the_next_one() -> None:
    world = digested()
    world.run(error(9 * HOUR + 30.0, code="A"), until=40 * HOUR)
    assert told(world) == [(33.0, "firing")]


def test_what_somebody_took_before_the_digest_is_not_in_it() -> None:
    world = digested()
    world.run(error(2 * HOUR, code="A"), Acknowledge(1, "bob", 3 * HOUR), until=12 * HOUR)
    assert told(world) == []


def test_a_digest_that_falls_into_quiet_hours_waits_for_their_end() -> None:
    world = digested(quiet={"alice": Quiet(start=0, end=10 * 60, zone=UTC)})
    world.run(error(11 * HOUR, code="A"), until=48 * HOUR)
    assert told(world) == [(34.0, "firing")]


@pytest.mark.parametrize(
    ("at", "expected"),
    [(8.9, 9.0), (9.5, 33.0), (0.0, 9.0)],
)
def test_the_next_digest_is_the_next_time_of_day(at: float, expected: float) -> None:
    assert digest_at(NINE, at * HOUR, "info") == expected * HOUR


def test_a_digest_keeps_to_the_clock_on_the_wall() -> None:
    london = Digest(times=(9 * 60,), zone=ZoneInfo("Europe/London"))
    # On 29 March 2026 the clocks go forward: 09:00 is 08:00 UTC from then on.
    before, after = 1_774_656_000.0, 1_774_742_400.0
    assert digest_at(london, before, "info") == before + 9 * HOUR
    assert digest_at(london, after, "info") == after + 8 * HOUR


def disturbed(severity: str = "warning") -> World:
    return World(
        book(any_rule(by=("code",), severity=severity, keep=100 * 86_400.0), routes=[route()])
    )


def test_who_does_not_want_to_be_disturbed_hears_afterwards() -> None:
    world = disturbed()
    world.run(SetDoNotDisturb("alice", 5 * HOUR, "alice", HOUR), error(2 * HOUR, code="A"))
    world.run(until=8 * HOUR)
    assert told(world) == [(5.0, "firing")]
    assert ("not_delivered", "do_not_disturb") in zip(world.verbs(), world.reasons(), strict=True)


def test_what_is_critical_comes_through() -> None:
    world = disturbed("critical")
    world.run(SetDoNotDisturb("alice", 5 * HOUR, "alice", HOUR), error(2 * HOUR, code="A"))
    assert told(world) == [(2.0, "firing")]


def test_ending_it_early_tells_what_waited_at_once() -> None:
    world = disturbed()
    world.run(SetDoNotDisturb("alice", 5 * HOUR, "alice", HOUR), error(2 * HOUR, code="A"))
    world.run(SetDoNotDisturb("alice", 3 * HOUR, "bob", 3 * HOUR), until=8 * HOUR)
    assert told(world) == [(3.0, "firing")]


def test_it_can_be_made_longer() -> None:
    world = disturbed()
    world.run(
        SetDoNotDisturb("alice", 5 * HOUR, "alice", HOUR),
        error(2 * HOUR, code="A"),
        SetDoNotDisturb("alice", 7 * HOUR, "alice", 4 * HOUR),
        until=9 * HOUR,
    )
    assert told(world) == [(7.0, "firing")]


def test_a_restart_and_a_reload_keep_it() -> None:
    world = disturbed()
    world.run(SetDoNotDisturb("alice", 5 * HOUR, "alice", HOUR))
    world.restart()
    world.run(error(2 * HOUR, code="A"), until=8 * HOUR)
    assert told(world) == [(5.0, "firing")]


def test_it_ends_after_a_month_whatever_was_asked_for() -> None:
    world = disturbed()
    world.run(SetDoNotDisturb("alice", 1e12, "alice", HOUR), error(2 * HOUR, code="A"))
    world.run(until=40 * 24 * HOUR)
    assert len(told(world)) == 1


def test_ending_what_there_is_not_is_said_to_be_too_late() -> None:
    world = disturbed()
    world.run(SetDoNotDisturb("alice", 0.0, "alice", HOUR))
    assert (world.verbs(), world.reasons()) == (["dnd_ended"], ["too_late"])


def test_what_was_given_to_a_person_waits_for_nothing() -> None:
    state = State(book(any_rule(), digests={"alice": NINE}))
    assert wait_of(state, "alice", "assigned", "info", kept=False) is None
    assert wait_of(state, None, "firing", "info", kept=False) is None


@pytest.mark.parametrize("at", [9.0 - 1 / 3600, 9.0 - 59 / 3600])
def test_within_the_last_minute_it_still_is_the_next_digest(at: float) -> None:
    assert digest_at(NINE, at * HOUR, "info") == 9 * HOUR


def test_what_waits_for_a_digest_does_not_keep_what_waits_for_the_morning() -> None:
    to = Recipient("mail", "alice@example.com", "alice")
    night = Held(7 * HOUR, to, "firing", (1,), "critical")
    digest = Held(9 * HOUR, to, "firing", (2,), "info")
    for first, second in ((night, digest), (digest, night)):
        (kept,) = keep(keep(Paging(route="r", key="k"), first), second).held
        assert (kept.until, kept.severity, set(kept.incidents)) == (7 * HOUR, "critical", {1, 2})


def left_alone() -> World:
    world = disturbed()
    world.run(SetDoNotDisturb("alice", 5 * HOUR, "alice", HOUR))
    return world


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (digested(), "digest_due"),
        (digested(quiet={"alice": Quiet(start=0, end=600, zone=UTC)}), "quiet_hours_over"),
        (left_alone(), "do_not_disturb_over"),
    ],
)
def test_what_has_waited_is_told_with_what_it_waited_for(world: World, why: str) -> None:
    world.run(error(2 * HOUR, code="A"), until=12 * HOUR)
    told = zip(world.verbs(), world.reasons(), strict=True)
    assert [reason for verb, reason in told if verb == "delivery_enqueued"] == [why]
