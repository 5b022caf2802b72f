import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomysql
import pytest
from tests import servers
from tests.servers import PASSWORD, Server

from sentinel.api import Context, Metric, Status
from sentinel.clock import SystemClock
from sentinel.scheduler import checked
from sentinel.testing import load_plugin, params_of, plugin_context
from sentinel.testing.contracts import ProbeContract

Mysql: Any = load_plugin(Path(__file__).with_name("mysql.py")).get("probe", "mysql")
Reading: Any = vars(sys.modules[Mysql.__module__])["Reading"]


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    with servers.mariadb() as server:
        yield server


def yaml(server: Server, user: str = "sentinel", **more: Any) -> dict[str, Any]:
    return {"url": f"mysql://{user}@127.0.0.1:{server.port}", "password": PASSWORD, **more}


@asynccontextmanager
async def session(server: Server) -> AsyncIterator[Any]:
    """A cursor of a connection of its own."""
    connection = await aiomysql.connect(port=server.port, user="sentinel", password=PASSWORD)
    try:
        async with connection.cursor() as cursor:
            yield cursor
    finally:
        await connection.ensure_closed()


async def seen(probe: Any) -> tuple[Status, dict[str, float]]:
    status, *metrics = checked(await probe.probe())
    assert isinstance(status, Status)
    return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}


async def look(**parameters: Any) -> tuple[Status, dict[str, float]]:
    async with plugin_context(clock=SystemClock()) as context:
        return await seen(Mysql(params_of(Mysql, **parameters), context))


class TestMysql(ProbeContract):
    @pytest.fixture(autouse=True)
    def serve(self, mariadb: Server) -> None:
        self.yaml = yaml(mariadb)

    def probe(self, context: Context, url: str) -> Any:
        return Mysql(params_of(Mysql, **self.yaml), context)


async def test_a_server_that_serves_is_up(mariadb: Server) -> None:
    status, metrics = await look(**yaml(mariadb))
    assert status.status == "up"
    assert "MariaDB" in status.message
    assert status.message.endswith(" of 151 connections")
    assert status.latency == metrics["db.connect.latency"] > 0


async def test_connections_are_a_share_of_those_that_there_may_be(mariadb: Server) -> None:
    async with session(mariadb), session(mariadb):
        _, metrics = await look(**yaml(mariadb))
    assert metrics["db.connections"] >= 3
    assert metrics["db.connections.percent"] == pytest.approx(
        metrics["db.connections"] / 151 * 100, abs=0.1
    )


async def test_what_counts_up_is_given_as_growth_from_the_second_look_on(mariadb: Server) -> None:
    async with plugin_context(clock=SystemClock()) as context:
        probe = Mysql(params_of(Mysql, **yaml(mariadb)), context)
        _, first = await seen(probe)
        async with session(mariadb) as cursor:
            await cursor.execute("SET long_query_time = 0")
            await cursor.execute("CREATE OR REPLACE TABLE shop.orders (id INT PRIMARY KEY)")
            await cursor.execute("SELECT count(*) FROM shop.orders")
            await cursor.execute("COMMIT")
        _, second = await seen(probe)
    assert "db.commits" not in first
    assert second["db.commits"] == 1
    assert second["db.slow_queries"] >= 1
    assert 0 < second["db.cache_hit_ratio"] <= 1


async def test_row_locks_that_are_waited_for_are_degraded(mariadb: Server) -> None:
    async with session(mariadb) as holder, session(mariadb) as waiter:
        await holder.execute("CREATE OR REPLACE TABLE shop.stock (id INT PRIMARY KEY, n INT)")
        await holder.execute("INSERT INTO shop.stock VALUES (1, 1)")
        await holder.execute("COMMIT")
        await holder.execute("UPDATE shop.stock SET n = 2")
        waiting = asyncio.create_task(waiter.execute("UPDATE shop.stock SET n = 3"))
        status = Status(status="up")
        async with asyncio.timeout(10):
            while status.status == "up":
                status, metrics = await look(**yaml(mariadb, lock_waits_above=0))
        await holder.execute("ROLLBACK")
        await waiting
    assert status.message == "1 row locks are waited for"
    assert metrics["db.lock_waits"] == 1


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ({"connections_above": 0}, " of 151 connections are taken"),
        ({"degraded_above": "0s"}, "connecting took "),
    ],
)
async def test_what_is_out_of_bounds_is_degraded(
    mariadb: Server, bound: dict[str, Any], said: str
) -> None:
    status, _ = await look(**yaml(mariadb, **bound))
    assert status.status == "degraded"
    assert said in status.message


async def test_a_replica_that_has_lost_its_primary_is_degraded(mariadb: Server) -> None:
    async with session(mariadb) as admin:
        await admin.execute(
            "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'alice'"
        )
        try:
            status, metrics = await look(**yaml(mariadb))
        finally:
            await admin.execute("RESET SLAVE ALL")
    assert (status.status, status.message) == ("degraded", "this replica does not replicate")
    assert "db.replication.lag" not in metrics


@pytest.mark.parametrize(
    ("column", "lag", "said"),
    [
        ("Seconds_Behind_Source", 90, "replication is 1m30s behind"),
        ("Seconds_Behind_Master", 90, "replication is 1m30s behind"),
        ("Seconds_Behind_Source", 0, "8.4.2, 2 of 100 connections"),
    ],
)
async def test_the_lag_of_a_replica_is_judged_under_either_name(
    column: str, lag: int, said: str
) -> None:
    reading = Reading(0.001, "8.4.2", 100, {"Threads_connected": "2"}, {column: lag})
    async with plugin_context() as context:
        probe = Mysql(params_of(Mysql, url="mysql://db"), context)
        assert probe._judge(reading).message == said


async def test_a_user_who_may_not_ask_for_replication_sees_the_rest(mariadb: Server) -> None:
    async with session(mariadb) as admin:
        await admin.execute(f"CREATE OR REPLACE USER blind IDENTIFIED BY '{PASSWORD}'")
    status, metrics = await look(**yaml(mariadb, user="blind"))
    assert status.status == "up"
    assert "db.connections" in metrics


async def test_refused_credentials_are_down(mariadb: Server) -> None:
    status, _ = await look(**yaml(mariadb) | {"password": "wrong"})
    assert status.status == "down"
    assert status.message.startswith("it refuses the user or the password: Access denied")


async def test_a_server_that_is_stopped_is_down_and_then_up_again(mariadb: Server) -> None:
    states = [(await look(**yaml(mariadb)))[0]]
    mariadb.stop()
    states.append((await look(**yaml(mariadb)))[0])
    mariadb.start()
    states.append((await look(**yaml(mariadb)))[0])
    assert [state.status for state in states] == ["up", "down", "up"]
    assert states[1].message.startswith("nothing answers there: ")
    assert not any(PASSWORD in state.message for state in states)


async def test_a_server_that_never_answers_is_down() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        status, _ = await look(url=f"mysql://alice@127.0.0.1:{port}", down_above="50ms")
    assert (status.status, status.message) == ("down", "no answer within 0.05s")


async def test_where_tls_is_insisted_on_a_server_without_it_is_down(mariadb: Server) -> None:
    status, _ = await look(**yaml(mariadb, tls=True))
    assert (status.status, status.message) == ("down", "it offers no TLS")


def test_a_password_in_the_url_is_refused() -> None:
    with pytest.raises(ValueError, match="expected no password in url"):
        params_of(Mysql, url=f"mysql://sentinel:{PASSWORD}@db".replace("/of:acme@1", ""))


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiomysql", None)
    with pytest.raises(ValueError, match=r"pip install 'sentinel\[mysql\]'"):
        params_of(Mysql, url="mysql://db")


class Old:
    """A connection to a server that calls a replica a slave."""

    def __init__(self) -> None:
        self.asked = ""

    def cursor(self, *kind: Any) -> "Old":
        return self

    async def __aenter__(self) -> "Old":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def execute(self, statement: str) -> None:
        if "REPLICA" in statement:
            raise aiomysql.ProgrammingError(1064, "You have an error in your SQL syntax")
        self.asked = statement

    async def fetchall(self) -> list[dict[str, Any]]:
        return [{"Seconds_Behind_Master": 7}]


async def test_a_server_that_knows_no_replicas_by_that_name_is_asked_by_the_old_one() -> None:
    old = Old()
    replica = vars(sys.modules[Mysql.__module__])["_replica"]
    assert await replica(old) == {"Seconds_Behind_Master": 7}
    assert old.asked == "SHOW SLAVE STATUS"
