import asyncio
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import ValidationError
from tests.probes.databases import NOWHERE, look, mariadb, postgresql, reveals
from tests.servers import PASSWORD, PostgresqlServer, Server

from sentinel.api import Context
from sentinel.clock import SystemClock
from sentinel.isolation import Guard
from sentinel.probes.sql import SqlProbe
from sentinel.testing import params_of, plugin_context
from sentinel.testing.contracts import ProbeContract

__all__ = ["mariadb", "postgresql"]

Target = Mapping[str, Any]
COUNT = {
    "postgresql": "SELECT count(*) FROM generate_series(1, 17)",
    "mariadb": "SELECT count(*) FROM seq_1_to_17",
    "sqlite": "SELECT count(*) FROM orders",
}
ENDLESS = {
    "postgresql": "SELECT count(*) FROM generate_series(1, 1000000000)",
    "mariadb": "SELECT count(*) FROM seq_1_to_1000000 a JOIN seq_1_to_1000000 b ON a.seq <> b.seq",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT max(i) FROM n",
}
WRITING = {
    "postgresql": "SELECT count(*) FROM (SELECT nextval('tickets')) AS taken",
    "mariadb": "DELETE FROM shop.orders",
    "sqlite": "DELETE FROM orders",
}
MANY = {
    "postgresql": "SELECT * FROM generate_series(1, 1000000)",
    "mariadb": "SELECT * FROM seq_1_to_1000000",
    "sqlite": "SELECT rowid FROM orders",
}


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of SQLite with 17 orders."""
    path = tmp_path_factory.mktemp("shop") / "shop of acme?.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE orders (total)")
    connection.executemany("INSERT INTO orders VALUES (?)", [(n,) for n in range(17)])
    connection.commit()
    connection.close()
    return path


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
def make(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def target(make: str, request: pytest.FixtureRequest) -> Target:
    if make == "sqlite":
        path: Path = request.getfixturevalue("shop")
        return {"url": f"sqlite://{path}".replace("?", "%3F")}
    server = request.getfixturevalue(make)
    scheme, database = ("mysql", "shop") if make == "mariadb" else ("postgresql", "postgres")
    url = f"{scheme}://sentinel@127.0.0.1:{server.port}/{database}"
    return {"url": url, "password": PASSWORD}


class TestSql(ProbeContract):
    @pytest.fixture(autouse=True)
    def point_at(self, target: Target, make: str) -> None:
        self.yaml = {**target, "query": COUNT[make]}

    def probe(self, context: Context, url: str) -> SqlProbe:
        return SqlProbe(params_of(SqlProbe, **self.yaml), context)


async def test_the_number_is_a_metric_under_the_name_asked_for(make: str, target: Target) -> None:
    status, metrics = await look(SqlProbe, **target, query=COUNT[make], metric="orders.stuck")
    assert (status.status, status.message) == ("up", "orders.stuck is 17")
    assert metrics["orders.stuck"] == 17
    assert status.latency == metrics["sql.duration"] > 0


@pytest.mark.parametrize(
    ("bounds", "state", "said"),
    [
        ({"degraded_above": 17, "down_above": 17, "down_below": 17}, "up", "sql.value is 17"),
        ({"degraded_above": 10, "down_above": 100}, "degraded", "17, expected at most 10"),
        ({"degraded_above": 10, "down_above": 16}, "down", "17, expected at most 16"),
        ({"degraded_below": 20, "down_below": 10}, "degraded", "17, expected at least 20"),
        ({"degraded_below": 20, "down_below": 18}, "down", "17, expected at least 18"),
    ],
)
async def test_bounds_make_it_degraded_or_down(
    shop: Path, bounds: dict[str, float], state: str, said: str
) -> None:
    status, _ = await look(SqlProbe, **_in(shop), query=COUNT["sqlite"], **bounds)
    assert (status.status, status.message) == (state, said)


async def test_a_slow_statement_is_degraded(shop: Path) -> None:
    status, _ = await look(SqlProbe, **_in(shop), query=COUNT["sqlite"], slow_above="0s")
    assert status.status == "degraded"
    assert status.message.startswith("the query took ")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 1.5", "sql.value is 1.5"),
        ("SELECT NULL", "the query gave NULL, expected a number; COALESCE gives one"),
        ("SELECT 'many'", "the query gave str, expected a number"),
        ("SELECT 1, 2", "the query gave 2 columns, expected one"),
        ("SELECT 1 WHERE 1 = 0", "the query gave no rows, expected one"),
        ("SELECT 1 UNION SELECT 2", "the query gave several rows, expected one"),
    ],
)
async def test_what_is_no_one_number_leaves_it_unknown(
    target: Target, query: str, said: str
) -> None:
    status, _ = await look(SqlProbe, **target, query=query)
    assert status.message == said
    assert status.status == ("up" if "1.5" in query else "unknown")


async def test_of_a_million_rows_no_more_are_read_than_tell(make: str, target: Target) -> None:
    status, _ = await look(SqlProbe, **target, query=MANY[make])
    assert status.message == "the query gave several rows, expected one"


async def test_a_statement_that_the_server_refuses_leaves_it_unknown(target: Target) -> None:
    status, metrics = await look(SqlProbe, **target, query="SELECT count(*) FROM no_such_table")
    assert status.status == "unknown"
    assert status.message.startswith("the query failed: ")
    assert "no_such_table" in status.message
    assert metrics == {}


async def test_a_statement_that_writes_is_refused(
    make: str, target: Target, request: pytest.FixtureRequest
) -> None:
    await _prepared(make, request)
    status, _ = await look(SqlProbe, **target, query=WRITING[make])
    assert status.status == "unknown"
    assert "read" in status.message.lower()


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(
    make: str, target: Target
) -> None:
    status, _ = await look(SqlProbe, **target, query=ENDLESS[make], query_timeout="50ms")
    assert (status.status, status.message) == ("down", "the query took longer than 0.05s")


async def test_two_statements_in_one_are_refused_where_they_could_end_the_transaction(
    postgresql: PostgresqlServer, shop: Path
) -> None:
    for yaml in (_at(postgresql, "postgresql", "postgres"), _in(shop)):
        status, _ = await look(SqlProbe, **yaml, query="SELECT 1; COMMIT; SELECT 2")
        assert status.status == "unknown"


async def test_a_look_at_sqlite_that_is_given_up_ends_its_statement(shop: Path) -> None:
    async with plugin_context(clock=SystemClock()) as context:
        params = params_of(SqlProbe, **_in(shop), query=ENDLESS["sqlite"], query_timeout="1h")
        before = asyncio.get_running_loop()
        outcome = await Guard("sql", SystemClock()).call(SqlProbe(params, context).probe, 0.05)
        assert "0.05" in str(outcome)
        # Its thread ends, or this would wait for an hour.
        await before.shutdown_default_executor()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql://alice@127.0.0.1:{NOWHERE}/shop", "nothing listens at 127.0.0.1:1"),
        (f"mysql://alice@127.0.0.1:{NOWHERE}/shop", "nothing listens at 127.0.0.1:1"),
        ("mysql://alice@db.invalid/shop", "the name in db.invalid does not resolve"),
        ("sqlite:///no/such.db", "/no/such.db: unable to open database file"),
    ],
)
async def test_a_database_that_is_not_there_is_down(url: str, said: str) -> None:
    status, _ = await look(SqlProbe, url=url, query="SELECT 1")
    assert (status.status, status.message) == ("down", said)


async def test_a_file_that_is_no_database_is_down(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("no database at all, but long enough to look like one" * 20)
    status, _ = await look(SqlProbe, **_in(tmp_path / "notes"), query="SELECT 1 FROM orders")
    assert status.status == "down"
    assert "not a database" in status.message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "wrong"}, "it refuses the password of sentinel"),
        ({"database": "shoop"}, "it has no database shoop"),
    ],
)
async def test_a_refusal_of_mysql_is_down(
    mariadb: Server, changed: dict[str, str], said: str
) -> None:
    yaml = _at(mariadb, "mysql", changed.pop("database", "shop")) | changed
    status, _ = await look(SqlProbe, **yaml, query="SELECT 1")
    assert (status.status, status.message) == ("down", said)
    assert not reveals(status)


async def test_where_tls_is_insisted_on_a_server_of_mysql_without_it_is_down(
    mariadb: Server,
) -> None:
    yaml = _at(mariadb, "mysql", "shop?ssl=true")
    status, _ = await look(SqlProbe, **yaml, query="SELECT 1")
    assert (status.status, status.message) == ("down", f"127.0.0.1:{mariadb.port} offers no TLS")


async def test_a_connection_that_postgresql_ends_is_down(postgresql: PostgresqlServer) -> None:
    yaml = _at(postgresql, "postgresql", "postgres")
    query = "SELECT pg_terminate_backend(pg_backend_pid())"
    status, _ = await look(SqlProbe, **yaml, query=query)
    assert status.status == "down"
    assert status.message == f"127.0.0.1:{postgresql.port} broke the connection off"


async def test_a_connection_that_mysql_ends_is_down(mariadb: Server) -> None:
    yaml = _at(mariadb, "mysql", "shop")
    status, _ = await look(SqlProbe, **yaml, query="KILL CONNECTION_ID()")
    assert status.status == "down"
    assert status.message == f"127.0.0.1:{mariadb.port} broke the connection off"


def test_a_path_that_is_not_absolute_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an absolute path"):
        params_of(SqlProbe, url="sqlite://shop.db", query="SELECT 1")


@pytest.mark.parametrize(
    ("package", "url", "extra"),
    [("asyncpg", "postgresql://db/shop", "postgresql"), ("aiomysql", "mysql://db/shop", "mysql")],
)
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, package: str, url: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=rf"pip install 'sentinel\[{extra}\]'"):
        params_of(SqlProbe, url=url, query="SELECT 1")


def _in(path: Path) -> dict[str, Any]:
    return {"url": f"sqlite://{path}".replace("?", "%3F")}


def _at(server: Server | PostgresqlServer, scheme: str, database: str) -> dict[str, Any]:
    url = f"{scheme}://sentinel@127.0.0.1:{server.port}/{database}"
    return {"url": url, "password": PASSWORD}


async def _prepared(make: str, request: pytest.FixtureRequest) -> None:
    """Something to write to."""
    if make == "postgresql":
        import asyncpg

        port = request.getfixturevalue("postgresql").port
        url = f"postgresql://sentinel@127.0.0.1:{port}/postgres"
        connection = await asyncpg.connect(url, password=PASSWORD)
        await connection.execute("CREATE SEQUENCE IF NOT EXISTS tickets")
        await connection.close()
    if make == "mariadb":
        import aiomysql

        port = request.getfixturevalue("mariadb").port
        opened = await aiomysql.connect(port=port, user="sentinel", password=PASSWORD)
        cursor = await opened.cursor()
        await cursor.execute("CREATE TABLE IF NOT EXISTS shop.orders (total INT)")
        await cursor.close()
        await opened.ensure_closed()


@pytest.mark.parametrize(
    "bounds",
    [
        {"degraded_above": 100, "down_above": 10},
        {"degraded_below": 5, "down_below": 10},
        {"degraded_above": 5, "degraded_below": 10},
        {"down_above": 5, "down_below": 10},
    ],
)
def test_bounds_that_contradict_each_other_are_refused(bounds: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="to be at most"):
        params_of(SqlProbe, url="sqlite:///shop.db", query="SELECT 1", **bounds)


@pytest.mark.parametrize("query", ["ssl=1", "tls=true", "ssl-mode=REQUIRED"])
def test_a_wish_for_tls_that_would_be_passed_over_is_refused(query: str) -> None:
    with pytest.raises(ValidationError, match=r"expected nothing but \?ssl=true"):
        params_of(SqlProbe, url=f"mysql://sentinel@db/shop?{query}", query="SELECT 1")


async def test_an_absolute_path_with_a_slash_more_is_the_same_file(shop: Path) -> None:
    url = f"sqlite:///{shop}".replace("?", "%3F")
    status, _ = await look(SqlProbe, url=url, query=COUNT["sqlite"])
    assert (status.status, status.message) == ("up", "sql.value is 17")
