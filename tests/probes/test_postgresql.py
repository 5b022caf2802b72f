import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from tests.probes.databases import NOWHERE, look, postgresql, reveals, seen
from tests.servers import PASSWORD, PostgresqlServer

from sentinel.api import Context
from sentinel.clock import SystemClock
from sentinel.probes.postgresql import PostgresqlParams, PostgresqlProbe
from sentinel.testing import params_of, plugin_context
from sentinel.testing.contracts import ProbeContract

__all__ = ["postgresql"]


def url(server: PostgresqlServer, user: str = "sentinel", database: str = "postgres") -> str:
    return f"postgresql://{user}@127.0.0.1:{server.port}/{database}"


def params(server: PostgresqlServer, **more: Any) -> PostgresqlParams:
    yaml = {"url": url(server), "password": PASSWORD, **more}
    found: PostgresqlParams = params_of(PostgresqlProbe, **yaml)
    return found


@asynccontextmanager
async def session(server: PostgresqlServer) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url(server), password=PASSWORD)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def probe(postgresql: PostgresqlServer) -> AsyncIterator[Callable[..., PostgresqlProbe]]:
    async with plugin_context(clock=SystemClock()) as context:
        yield lambda **more: PostgresqlProbe(params(postgresql, **more), context)


Make = Callable[..., PostgresqlProbe]


class TestPostgresql(ProbeContract):
    @pytest.fixture(autouse=True)
    def serve(self, postgresql: PostgresqlServer) -> None:
        self.server = postgresql

    def probe(self, context: Context, url: str) -> PostgresqlProbe:
        return PostgresqlProbe(params(self.server), context)


async def test_a_server_that_serves_is_up(probe: Make) -> None:
    status, metrics = await seen(probe())
    assert status.status == "up"
    assert status.message.startswith("PostgreSQL 18.")
    assert status.latency == metrics["db.connect.latency"] > 0


async def test_connections_are_counted_by_what_they_do(
    probe: Make, postgresql: PostgresqlServer
) -> None:
    async with session(postgresql), session(postgresql) as busy:
        await busy.execute("BEGIN")
        _, metrics = await seen(probe())
    assert metrics["db.connections"] >= 3
    assert metrics["db.connections.active"] == 0, "the probe's own is not counted as at work"
    assert metrics["db.connections.idle"] == 1
    assert metrics["db.connections.idle_in_transaction"] == 1
    # 20 connections, of which 3 are kept for superusers.
    assert metrics["db.connections.percent"] == pytest.approx(
        metrics["db.connections"] / 17 * 100, abs=0.1
    )


async def test_too_many_connections_are_degraded(probe: Make) -> None:
    status, _ = await seen(probe(connections_above=0))
    assert status.status == "degraded"
    assert "of 17 connections are taken" in status.message


async def test_a_transaction_left_open_is_degraded(
    probe: Make, postgresql: PostgresqlServer
) -> None:
    async with session(postgresql) as forgotten:
        await forgotten.execute("BEGIN")
        status, metrics = await seen(probe(transaction_above="0s"))
    assert "a transaction has been open for" in status.message
    assert metrics["db.transaction.longest"] > 0


async def test_a_lock_that_is_waited_for_is_counted(
    probe: Make, postgresql: PostgresqlServer
) -> None:
    async with session(postgresql) as holder, session(postgresql) as waiter:
        await holder.execute("SELECT pg_advisory_lock(7)")
        waiting = asyncio.create_task(waiter.execute("SELECT pg_advisory_lock(7)"))
        async with asyncio.timeout(10):
            while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pass
        status, metrics = await seen(probe(lock_waits_above=0))
        await holder.execute("SELECT pg_advisory_unlock(7)")
        await waiting
    assert metrics["db.lock_waits"] == 1
    assert (status.status, status.message) == ("degraded", "1 locks are waited for")


async def test_what_counts_up_is_given_as_growth_from_the_second_look_on(
    probe: Make, postgresql: PostgresqlServer
) -> None:
    same = probe()
    _, first = await seen(same)
    async with session(postgresql) as other:
        for _ in range(5):
            await other.execute("SELECT count(*) FROM pg_class")
    _, second = await seen(same)
    assert not {"db.commits", "db.deadlocks", "db.cache_hit_ratio"} & set(first)
    assert 5 <= second["db.commits"] < 100
    assert second["db.deadlocks"] == 0
    assert 0 < second["db.cache_hit_ratio"] <= 1


async def test_a_deadlock_is_counted(probe: Make, postgresql: PostgresqlServer) -> None:
    same = probe()
    await seen(same)
    async with session(postgresql) as one, session(postgresql) as other:
        for connection, number in ((one, 1), (other, 2)):
            await connection.execute("SET deadlock_timeout = '10ms'")
            await connection.execute("BEGIN")
            await connection.execute(f"SELECT pg_advisory_xact_lock({number})")
        outcomes = await asyncio.gather(
            one.execute("SELECT pg_advisory_xact_lock(2)"),
            other.execute("SELECT pg_advisory_xact_lock(1)"),
            return_exceptions=True,
        )
    assert [type(outcome) for outcome in outcomes].count(asyncpg.DeadlockDetectedError) == 1
    _, metrics = await seen(same)
    assert metrics["db.deadlocks"] == 1


async def test_a_cache_that_answers_too_little_is_degraded(
    probe: Make, postgresql: PostgresqlServer
) -> None:
    same = probe(cache_hit_ratio_below=1)
    await seen(same)
    # A restart empties the cache.
    postgresql.stop()
    postgresql.start()
    status, metrics = await seen(same)
    assert metrics["db.cache_hit_ratio"] < 1
    assert status.status == "degraded"
    assert status.message.endswith("of the reads, expected 100%")


async def test_a_role_that_sees_no_other_sessions_says_so(
    postgresql: PostgresqlServer,
) -> None:
    async with session(postgresql) as admin:
        await admin.execute(f"CREATE ROLE blind LOGIN PASSWORD '{PASSWORD}'")
    status, metrics = await look(
        PostgresqlProbe, url=url(postgresql, user="blind"), password=PASSWORD
    )
    assert status.status == "up"
    assert "without pg_monitor" in status.message
    assert "db.connections" in metrics
    assert "db.transaction.longest" not in metrics


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "wrong"}, "it refuses the password of sentinel"),
        ({"user": "mallory"}, "it refuses the password of mallory"),
        ({"database": "shoop"}, 'database "shoop" does not exist'),
    ],
)
async def test_a_refused_connection_is_down(
    postgresql: PostgresqlServer, changed: dict[str, str], said: str
) -> None:
    password = changed.pop("password", PASSWORD)
    status, _ = await look(PostgresqlProbe, url=url(postgresql, **changed), password=password)
    assert (status.status, status.message) == ("down", said)


async def test_a_server_without_a_free_connection_is_down(postgresql: PostgresqlServer) -> None:
    async with session(postgresql) as admin:
        await admin.execute(f"CREATE ROLE narrow LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0")
    status, _ = await look(PostgresqlProbe, url=url(postgresql, user="narrow"), password=PASSWORD)
    assert status.status == "down"
    assert status.message.startswith("all its connections are taken: too many connections")


async def test_a_port_without_a_server_is_down() -> None:
    status, _ = await look(PostgresqlProbe, url=f"postgresql://alice@127.0.0.1:{NOWHERE}/shop")
    assert (status.status, status.message) == ("down", "nothing listens at 127.0.0.1:1")


async def test_a_name_that_does_not_resolve_is_down() -> None:
    status, _ = await look(PostgresqlProbe, url="postgresql://alice@db.invalid/shop")
    assert status.message == "the name in db.invalid does not resolve"


async def test_a_server_that_never_answers_is_down() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        status, _ = await look(
            PostgresqlProbe,
            url=f"postgresql://alice@127.0.0.1:{port}/shop",
            degraded_above="50ms",
            down_above="50ms",
        )
    assert (status.status, status.message) == (
        "down",
        f"127.0.0.1:{port} gave no answer within 0.05s",
    )


async def test_a_slow_connection_is_degraded(probe: Make) -> None:
    status, _ = await seen(probe(degraded_above="0s"))
    assert status.status == "degraded"
    assert status.message.startswith("connecting took ")


async def test_a_server_that_is_stopped_is_down_and_then_up_again(
    probe: Make, postgresql: PostgresqlServer
) -> None:
    same = probe()
    states = [(await seen(same))[0]]
    postgresql.stop()
    states.append((await seen(same))[0])
    postgresql.start()
    states.append((await seen(same))[0])
    assert [state.status for state in states] == ["up", "down", "up"]
    assert not any(map(reveals, states))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("postgresql://alice:s3cret@db/shop", "expected no password in url"),
        ("postgresql://db/shop?password=s3cret", "expected no password in url"),
        ("mysql://alice@db/shop", "expected a url that begins with postgresql://"),
        ("postgresql://alice:s3/cret@db/shop", "expected a url as"),
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_quoting_it(wrong: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        params_of(PostgresqlProbe, url=wrong)
    assert "s3" not in str(refusal.value)


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ValueError, match=r"pip install 'sentinel\[postgresql\]'"):
        params_of(PostgresqlProbe, url="postgresql://alice@db/shop")
