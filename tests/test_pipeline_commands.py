"""What people ask of a running pipeline, and what a stop of the daemon means to what waits."""

import asyncio
import sqlite3
from pathlib import Path

from sentinel.api import Error
from sentinel.engine.commands import Acknowledge
from sentinel.model.silence import Silence
from sentinel.store import audit, commands, silences
from sentinel.store.audit import Noted
from sentinel.store.connection import connect, transaction
from sentinel.store.links import Use
from sentinel.testing import FakeClock
from tests.running import START, Running, running

PAGING = """
rules:
  - alert: Broken
    on: error
    timeframe: 1d
    by: [tenant]
  - alert: Waiting
    on: error
    where: {code: SLOW}
    timeframe: 1d
    for: 1m
routes: [{name: all, escalation: all}]
escalations: [{name: all, steps: [{notify: ["channel:inbox"]}]}]
"""


def boom(**fields: object) -> Error:
    return Error(message="boom", **fields)


def of_tenant(name: str, seconds: float) -> Silence:
    return Silence(
        id=0, matchers=(f'tenant="{name}"',), starts=START, ends=START + seconds, author="alice"
    )


async def test_a_silence_holds_over_a_restart_and_pages_when_it_ends(tmp_path: Path) -> None:
    clock = FakeClock(START)
    async with running(tmp_path, clock, PAGING) as one:
        await one.pipeline.silence(of_tenant("acme", 100))
        await one.send(boom(tenant="acme"))
        assert await one.told() == []
    async with running(tmp_path, clock, PAGING) as one:
        await one.pass_time(95)
        assert await one.told() == []
        await one.pass_time(10)
        assert [reason for _, reason in await one.told()] == ["firing"]


async def test_a_silence_that_is_ended_pages_at_once(tmp_path: Path) -> None:
    async with running(tmp_path, FakeClock(START), PAGING) as one:
        await one.pipeline.silence(of_tenant("acme", 100))
        await one.send(boom(tenant="acme"))
        await one.pipeline.end_silence(1, "bob")
        assert await one.told() == [(0, "firing")]


async def test_a_command_of_another_process_is_taken(tmp_path: Path) -> None:
    async with running(tmp_path, FakeClock(START), PAGING) as one:
        await one.send(boom())
        conn = connect(tmp_path / "state")
        with transaction(conn):
            commands.ask(conn, Acknowledge(1, "alice", START), "alice", START)
        conn.close()
        await one.pass_time(10)
        assert await one.rows("SELECT state FROM incidents") == [("acknowledged",)]
        assert await one.rows("SELECT * FROM commands") == []


async def test_a_pipeline_that_is_woken_takes_a_command_at_once(tmp_path: Path) -> None:
    clock = FakeClock(START)
    async with running(tmp_path, clock, PAGING) as one:
        await one.send(boom())
        command = Acknowledge(1, "alice", START)
        await one.database.write(lambda conn: commands.ask(conn, command, "alice", START))
        one.pipeline.wake()
        async with asyncio.timeout(10):
            while await one.rows("SELECT * FROM commands"):
                pass
        assert await one.rows("SELECT state FROM incidents") == [("acknowledged",)]
        assert clock.now() == START


async def test_a_command_that_came_while_nothing_ran_is_taken_at_the_start(tmp_path: Path) -> None:
    clock = FakeClock(START)
    async with running(tmp_path, clock, PAGING) as one:
        await one.send(boom())
    conn = connect(tmp_path / "state")
    with transaction(conn):
        commands.ask(conn, Acknowledge(1, "alice", START), "alice", START)
    conn.close()
    async with running(tmp_path, clock, PAGING) as one:
        await one.pass_time(5)
        assert await one.rows("SELECT state FROM incidents") == [("acknowledged",)]


async def test_a_stop_does_not_count_as_holding(tmp_path: Path) -> None:
    clock = FakeClock(START)
    one = Running(tmp_path, clock, PAGING)
    await one.pipeline.silence(of_tenant("", 1))
    await one.send(boom(code="SLOW"))
    await one.pass_time(20)
    await one.die()
    clock.advance(1_000)
    async with running(tmp_path, clock, PAGING) as one:
        await one.pass_time(30)
        assert await one.rows("SELECT state FROM alerts WHERE rule = 'Waiting'") == [("pending",)]
        await one.pass_time(20)
        assert await one.rows("SELECT state FROM alerts WHERE rule = 'Waiting'") == [("firing",)]


async def test_a_reload_takes_nothing_from_a_pending_alert(tmp_path: Path) -> None:
    async with running(tmp_path, FakeClock(START), PAGING) as one:
        await one.send(boom(code="SLOW"))
        await one.pass_time(40)
        one.pipeline.reconfigure(one.pipeline._setup)
        await one.pass_time(21)
        assert await one.rows("SELECT state FROM alerts WHERE rule = 'Waiting'") == [("firing",)]


async def test_a_command_that_this_version_cannot_read_is_set_aside(tmp_path: Path) -> None:
    async with running(tmp_path, FakeClock(START), PAGING) as one:
        await one.send(boom())
        conn = connect(tmp_path / "state")
        with transaction(conn):
            conn.execute("INSERT INTO commands (at, actor, body) VALUES (0, 'bob', x'c1')")
            commands.ask(conn, Acknowledge(1, "alice", START), "alice", START)
        conn.close()
        await one.pass_time(10)
        assert await one.rows("SELECT state FROM incidents") == [("acknowledged",)]
        assert await one.rows("SELECT * FROM commands") == []


async def test_what_a_link_did_is_noted_with_it_and_what_it_did_not_is_not(tmp_path: Path) -> None:
    async with running(tmp_path, FakeClock(START), PAGING) as one:
        await one.send(boom(tenant="acme"))
        use = Use("token", "alice", START, START + 100)
        noted = Noted("alice", "incident acknowledged", "incident 1", "by a link")
        found = [await one.pipeline.command(Acknowledge(1, "alice", 0.0), use, lambda _: noted)]
        found.append(await one.pipeline.command(Acknowledge(1, "alice", 0.0), use, lambda _: noted))
        entries = await one.database.read(lambda conn: audit.entries(conn))
    assert found == [True, False]
    assert [(entry.actor, entry.object) for entry in entries] == [("alice", "incident 1")]


async def test_what_is_noted_sees_what_the_command_did(tmp_path: Path) -> None:
    async with running(tmp_path, FakeClock(START), PAGING) as one:
        asked = of_tenant("acme", 100)

        def noting(conn: sqlite3.Connection) -> Noted | None:
            found = silences.like(conn, asked)
            number = "none" if found is None else found.id
            return Noted("alice", "silence set", f"silence {number}")

        await one.pipeline.silence(asked, noting)
        entries = await one.database.read(lambda conn: audit.entries(conn))
    assert [(entry.actor, entry.object) for entry in entries] == [("alice", "silence 1")]
