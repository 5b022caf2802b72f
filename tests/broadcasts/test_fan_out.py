"""From what is published to a message for each whom it concerns."""

import time
from pathlib import Path
from typing import Any

import pytest

from sentinel.broadcasts.fan_out import CHUNK
from sentinel.engine.commands import WriteUpdate
from sentinel.errors import StoreError
from sentinel.model.client import ClientQuiet
from sentinel.store import broadcasts
from sentinel.testing import FakeClock
from tests.broadcasts.worlds import RULES, Told, sms_error, subscribe, told
from tests.running import START


async def by_hand(world: Told, phase: Any, number: int = 1) -> None:
    of = await world.database.read(lambda conn: broadcasts.get(conn, number))
    assert of is not None
    command = WriteUpdate(
        of=of, phase=phase, text="By hand.", by="bob", publish=True, received=world.clock.now()
    )
    await world.pipeline.command(command)
    await world.tell()


async def test_only_the_tenants_that_are_affected_hear(tmp_path: Path, clock: FakeClock) -> None:
    async with told(tmp_path, clock) as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.subscribe("gus@globex.example", "globex")
        await world.subscribe("passer@by.example")
        await world.failing("acme")
        assert await world.messages() == [("ann@acme.example", "investigating")]


async def test_whoever_comes_to_be_affected_hears_the_latest_and_the_end(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock) as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.subscribe("gus@globex.example", "globex")
        await world.failing("acme")
        await world.failing("globex")
        await world.pass_time(120)
        await world.tell()
        assert await world.messages() == [
            ("ann@acme.example", "investigating"),
            ("gus@globex.example", "investigating"),
            ("ann@acme.example", "resolved"),
            ("gus@globex.example", "resolved"),
        ]


async def test_whoever_becomes_a_client_afterwards_is_not_told_of_the_end(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock) as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.failing("acme")
        await world.subscribe("new@acme.example", "acme")
        await world.pass_time(120)
        await world.tell()
        assert ("new@acme.example", "resolved") not in await world.messages()


async def test_whoever_has_unsubscribed_since_hears_no_more(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock) as world:
        gone = await world.subscribe("ann@acme.example", "acme")
        await world.failing("acme")
        await world.database.write(
            lambda conn: conn.execute(
                "UPDATE subscriptions SET state = 'ended' WHERE id = ?", (gone.id,)
            )
        )
        await world.pass_time(120)
        await world.tell()
        assert await world.messages() == [("ann@acme.example", "investigating")]


async def test_without_a_tenant_nobody_counts_as_affected(tmp_path: Path, clock: FakeClock) -> None:
    async with told(tmp_path, clock) as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.failing(None)
        assert await world.messages() == []
        assert await world.said() == [("investigating", "published")]


async def test_errors_shortly_before_the_alert_make_their_tenants_affected(
    tmp_path: Path, clock: FakeClock
) -> None:
    rules = (
        "rules:\n"
        "  - {alert: SmsFailing, on: error, type: frequency, num_events: 2, timeframe: 5m}\n"
        "broadcasts:\n  - {name: sms, when: {alert: SmsFailing}, publish: auto,"
        " messages: {investigating: Late.}}\n"
    )
    async with told(tmp_path, clock, rules=rules) as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.subscribe("gus@globex.example", "globex")
        await world.failing("acme")
        clock.advance(60)
        await world.failing("globex")
        assert sorted(await world.messages()) == [
            ("ann@acme.example", "investigating"),
            ("gus@globex.example", "investigating"),
        ]


@pytest.mark.parametrize(
    ("audience", "heard"),
    [("subscribers", ["all@x.example", "sms@x.example"]), ("all", None)],
)
async def test_subscribers_hear_of_their_components_and_all_of_everything(
    tmp_path: Path, clock: FakeClock, audience: str, heard: list[str] | None
) -> None:
    everybody = ["all@x.example", "sms@x.example", "voice@x.example"]
    async with told(tmp_path, clock, audience=audience) as world:
        await world.subscribe("all@x.example")
        await world.subscribe("sms@x.example", components=("sms",))
        await world.subscribe("voice@x.example", components=("voice",))
        await world.subscribe("severe@x.example", severity="critical")
        await world.failing("acme")
        assert [to for to, _ in await world.messages()] == (heard or everybody)


async def test_what_is_told_twice_is_written_once(tmp_path: Path, clock: FakeClock) -> None:
    async with told(tmp_path, clock, audience="all") as world:
        for number in range(250):
            await world.subscribe(f"{number}@x.example")
        await world.failing("acme")
        await world.database.write(lambda conn: conn.execute("UPDATE updates SET told = NULL"))
        await world.tell()
        assert len(await world.messages()) == 250
        assert await world.rows("SELECT told FROM updates") == [(250,)]


async def test_a_kill_between_two_chunks_leaves_nobody_out(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock, audience="all") as world:
        for number in range(250):
            await world.subscribe(f"{number}@x.example")
        await world.send(sms_error("acme"))
        write, chunks = world.database.write_here, iter([True, True, False])

        async def killed(change: Any) -> Any:
            if not next(chunks):
                raise StoreError("killed")
            return await write(change)

        world.database.write_here = killed  # type: ignore[method-assign]
        with pytest.raises(StoreError, match="killed"):
            await world.tell()
        world.database.write_here = write  # type: ignore[method-assign]
        before = await world.messages()
        await world.tell()
        assert 0 < len(before) < 250
        assert len({to for to, _ in await world.messages()}) == 250
        assert len(await world.messages()) == 250


async def test_addresses_without_a_channel_are_left_out(tmp_path: Path, clock: FakeClock) -> None:
    async with told(tmp_path, clock) as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.database.write(lambda conn: conn.execute("UPDATE subscriptions SET kind='sms'"))
        await world.failing("acme")
        assert await world.messages() == []
        assert await world.rows("SELECT told FROM updates") == [(0,)]


async def test_quiet_hours_and_digests_put_it_off(tmp_path: Path, clock: FakeClock) -> None:
    # 1,800,000,000 is 08:00 UTC.
    async with told(tmp_path, clock, audience="all") as world:
        await world.subscribe("a@x.example", quiet=ClientQuiet(start=7 * 60, end=9 * 60))
        await world.subscribe("b@x.example", digest=18 * 60)
        await world.subscribe("c@x.example", digest=18 * 60, timezone="America/New_York")
        await world.subscribe("d@x.example")
        await world.failing("acme")
        due = await world.rows("SELECT due FROM deliveries WHERE update_id NOT NULL ORDER BY id")
        assert [(row[0] - START) / 3600 for row in due] == [1.0, 10.0, 15.0, 0.0]


async def test_what_is_critical_is_never_put_off(tmp_path: Path, clock: FakeClock) -> None:
    rules = RULES.replace("severity: warning", "severity: critical")
    async with told(tmp_path, clock, audience="all", rules=rules) as world:
        await world.subscribe("a@x.example", quiet=ClientQuiet(start=7 * 60, end=9 * 60))
        await world.failing("acme")
        assert await world.rows("SELECT due FROM deliveries WHERE update_id NOT NULL") == [(START,)]


async def test_a_postmortem_reaches_those_who_were_told(tmp_path: Path, clock: FakeClock) -> None:
    async with told(tmp_path, clock) as world:
        await world.subscribe("ann@acme.example", "acme")
        await world.failing("acme")
        await world.pass_time(120)
        await world.tell()
        await world.subscribe("new@acme.example", "acme")
        await by_hand(world, "postmortem")
        assert (await world.messages())[-1] == ("ann@acme.example", "postmortem")
        assert len(await world.messages()) == 3


async def test_ten_thousand_are_written_within_seconds_in_short_transactions(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with told(tmp_path, clock, audience="all") as world:

        def fill(conn: Any) -> None:
            for number in range(10_000):
                subscribe(conn, f"{number}@x.example")

        await world.database.write(fill)
        spent: list[float] = []
        write = world.database.write_here

        async def timed(change: Any) -> Any:
            def run(conn: Any) -> Any:
                began = time.thread_time()
                found = change(conn)
                spent.append(time.thread_time() - began)
                return found

            return await write(run)

        await world.send(sms_error("acme"))
        world.database.write_here = timed  # type: ignore[method-assign]
        began = time.perf_counter()
        await world.tell()
        assert time.perf_counter() - began < 20
        assert await world.rows("SELECT told FROM updates") == [(10_000,)]
        spent.sort()
        assert len(spent) >= 10_000 // CHUNK
        assert spent[len(spent) // 2] < 0.02
