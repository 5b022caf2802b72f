"""What becomes of a run: one at a time, bounded, recorded, and never begun twice."""

import asyncio
from typing import Any

import pytest

from sentinel.acting.performer import MOST_TEXT
from sentinel.api import ActionResult
from sentinel.engine.commands import ActionDone
from sentinel.model.action import ActionIntent, ActionRun
from sentinel.store import action_runs, retention

from .conftest import Behaviour, World


async def hang() -> ActionResult:
    await asyncio.Event().wait()
    raise AssertionError


async def fail() -> ActionResult:
    raise ValueError("s3cr3t-of-acme is wrong")


async def leave() -> ActionResult:
    raise SystemExit(1)


async def give_nothing() -> Any:
    return None


async def refuse() -> ActionResult:
    return ActionResult(ok=False, text="no", facts={"token": "s3cr3t-of-acme", "count": 3})


async def flood() -> ActionResult:
    return ActionResult(ok=True, text="x\x1b[31m" * 10_000)


@pytest.mark.parametrize(
    ("behaviour", "state", "text"),
    [
        (refuse, "failed", "no\ntoken: ***\ncount: 3"),
        (fail, "failed", "it raised ValueError: *** is wrong"),
        (leave, "failed", "it raised Exited: called exit(1)"),
        (
            give_nothing,
            "failed",
            "it raised TypeError: run() gave NoneType, expected an ActionResult",
        ),
    ],
)
async def test_whatever_it_does_its_run_has_an_end(
    world: World, behaviour: Behaviour, state: str, text: str
) -> None:
    world.told.add("act", behaviour)
    world.told.add("other")
    world.start()
    run = await world.ended(await world.ask("act"))
    assert (run.state, run.text) == (state, text)
    assert (await world.ended(await world.ask("other"))).state == "succeeded"


async def test_a_run_that_hangs_ends_with_its_time_and_holds_up_no_other(world: World) -> None:
    world.told.add("act", hang, timeout=20.0)
    world.told.add("other")
    world.start()
    hanging = await world.ask("act")
    await world.began(hanging)
    assert (await world.ended(await world.ask("other"))).state == "succeeded"
    # The worker's own, and the time-out.
    while world.clock.sleepers() < 2:  # noqa: ASYNC110 - the clock knows of no loop
        await asyncio.sleep(0)
    world.clock.advance(20)
    run = await world.ended(hanging)
    assert (run.state, run.text) == ("failed", "no answer within 20 s")


async def test_what_it_says_is_bounded_and_steers_no_terminal(world: World) -> None:
    world.told.add("act", flood)
    world.start()
    run = await world.ended(await world.ask("act"))
    assert len(run.text) == MOST_TEXT
    assert "\x1b" not in run.text


async def test_what_it_says_is_scrubbed_as_an_error_is(world: World) -> None:
    async def leaks() -> ActionResult:
        text = "it ended with 1\npassword: hunter2\nto bob@example.com"
        return ActionResult(ok=False, text=text, facts={"url": "postgres://shop:hunter2@db/shop"})

    async def raises() -> ActionResult:
        raise ValueError("Authorization: Bearer abcdefghijklmnop")

    world.told.add("leaks", leaks)
    world.told.add("raises", raises)
    world.start()
    told = [(await world.ended(await world.ask(name))).text for name in ("leaks", "raises")]
    assert "hunter2" not in told[0]
    assert "bob@" not in told[0]
    assert told[0].startswith("it ended with 1\npassword: [")
    assert "abcdefghijklmnop" not in told[1]


async def test_one_at_a_time_of_each_action(world: World) -> None:
    under_way, most = 0, 0

    async def count() -> ActionResult:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return ActionResult(ok=True, text="")

    world.told.add("act", count)
    numbers = [await world.ask("act") for _ in range(4)]
    world.start()
    assert {(await world.ended(number)).state for number in numbers} == {"succeeded"}
    assert most == 1


async def test_a_run_by_a_clock_that_was_wrong_forbids_none(world: World) -> None:
    world.told.add("act", cooldown=60.0)
    world.start()
    world.clock.step(86_400)
    await world.ended(await world.ask("act"))
    world.clock.step(-86_400)
    assert (await world.ended(await world.ask("act"))).state == "succeeded"


async def test_a_cooldown_holds_whoever_asks(world: World) -> None:
    world.told.add("act", cooldown=60.0)
    world.start()
    await world.ended(await world.ask("act"))
    world.clock.advance(40)
    run = await world.ended(await world.ask("act"))
    assert (run.state, run.text) == ("refused", "it ran less than 1m ago: wait 20s more")
    world.clock.advance(21)
    assert (await world.ended(await world.ask("act"))).state == "succeeded"


async def test_a_dry_run_does_nothing_and_says_what_it_would(world: World) -> None:
    done: list[int] = []

    async def do() -> ActionResult:
        done.append(1)
        return ActionResult(ok=True, text="")

    world.told.add("act", do, cooldown=60.0)
    world.start()
    for _ in range(2):
        run = await world.ended(await world.ask("act", dry=True))
        assert (run.state, run.text) == ("succeeded", "Dry run: Do act with ***.")
    assert done == []
    assert (await world.ended(await world.ask("act"))).state == "succeeded"


async def test_what_waited_too_long_is_not_run_any_more(world: World) -> None:
    world.told.add("act")
    number = await world.ask("act")
    world.clock.advance(61)
    world.start()
    run = await world.ended(number)
    assert (run.state, run.began) == ("refused", None)


async def test_an_action_that_there_is_not_is_refused(world: World) -> None:
    world.start()
    run = await world.ended(await world.ask("act"))
    assert (run.state, run.text) == (
        "refused",
        "there is no action act: `sentinel action list` lists them",
    )


async def test_who_ran_what_is_audited_before_it_begins(world: World) -> None:
    world.told.add("act", hang)
    world.start()
    number = await world.ask("act")
    await world.began(number)
    assert await world.audited() == [("alice", "action run", "action act")]


async def test_what_a_kill_cut_off_ends_as_unknown_and_is_not_run_again(world: World) -> None:
    number = await world.ask("act")

    def die_over_it(conn: Any) -> None:
        (run,) = action_runs.waiting(conn)
        assert action_runs.claim(conn, run, world.clock.now())

    await world.database.write(die_over_it)
    await world.database.write(lambda conn: action_runs.release(conn, world.clock.now()))
    began: list[int] = []

    async def do() -> ActionResult:
        began.append(1)
        return ActionResult(ok=True, text="")

    world.told.add("act", do)
    world.told.add("other")
    world.start()
    await world.ended(await world.ask("other"))
    assert (await world.run_of(number)).state == "unknown"
    assert began == []


async def test_a_stop_waits_and_then_cuts_off(world: World) -> None:
    world.told.add("act", hang)
    world.start()
    number = await world.ask("act")
    await world.began(number)
    await world.stop()
    run = await world.run_of(number)
    assert run.state == "unknown"
    assert run.text.startswith("Sentinel stopped while it ran")


def intent(alert: int = 7, **more: Any) -> ActionIntent:
    at = more.pop("at", 1_760_000_000.0)
    return ActionIntent(action="act", rule="Stuck", alert=alert, incident=3, at=at, **more)


async def enqueue(world: World, *intents: ActionIntent) -> list[ActionRun]:
    def write(conn: Any) -> list[ActionRun]:
        for one in intents:
            action_runs.enqueue(conn, one)
        return action_runs.waiting(conn)

    return await world.database.write(write)


@pytest.mark.parametrize("dry", [False, True])
async def test_the_engine_hears_what_came_of_a_rule_s_run(world: World, dry: bool) -> None:
    world.told.add("act")
    (run,) = await enqueue(world, intent(dry=dry))
    world.start()
    ended = await world.ended(run.id)
    (report,) = await world.reported()
    assert report == ActionDone(
        action="act",
        rule="Stuck",
        alert=7,
        incident=3,
        outcome="succeeded",
        text=ended.text,
        received=world.clock.now(),
        dry=dry,
    )
    assert world.reports == 1
    assert (await world.audited())[0][0] == "rule Stuck"


async def test_an_alert_has_one_run_whatever_is_replayed(world: World) -> None:
    assert len(await enqueue(world, intent(), intent(), intent(alert=8))) == 2


async def test_the_engine_is_given_the_runs_of_rules_that_it_counts(world: World) -> None:
    start = world.clock.now()
    await enqueue(
        world, intent(1, at=start - 40 * 86_400), intent(2, at=start), intent(3, at=start + 5)
    )
    await world.ask("act")
    found = await world.database.read(lambda conn: action_runs.of_rules(conn, start + 10))
    assert found == {"Stuck": (start, start + 5)}


async def test_a_run_is_claimed_once(world: World) -> None:
    await world.ask("act")

    def claim_twice(conn: Any) -> list[bool]:
        (run,) = action_runs.waiting(conn)
        return [action_runs.claim(conn, run, world.clock.now()) for _ in range(2)]

    assert await world.database.write(claim_twice) == [True, False]
    assert len(await world.audited()) == 1


async def test_old_runs_are_forgotten_and_those_under_way_are_not(world: World) -> None:
    old, under_way = await world.ask("act"), await world.ask("other")

    def sweep(conn: Any) -> int:
        run = action_runs.get(conn, old)
        assert run is not None
        action_runs.finish(conn, run, "succeeded", "", world.clock.now())
        now = world.clock.now() + 1
        limits = retention.Limits(signals=0.0, raw=0.0, decisions=0.0, deliveries=0.0, actions=now)
        return retention.sweep(conn, limits, 100)

    assert await world.database.write(sweep) == 1
    assert (await world.run_of(under_way)).state == "pending"
