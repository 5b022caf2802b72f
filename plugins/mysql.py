"""A MySQL or MariaDB server: connections, slow queries, locks, cache, replication.

probes:
  - name: shop-database
    type: mysql
    url: mysql://sentinel@db.example.com:3306
    password: ${credential:shop_database}
    replication_lag_above: 30s

Needs `pip install 'sentinel[mysql]'`, and a user: `CREATE USER sentinel IDENTIFIED BY '…'; GRANT
PROCESS, REPLICATION CLIENT ON *.* TO sentinel` (of MariaDB: REPLICA MONITOR in place of the
latter). With `tls: true` the server's certificate is checked against the system's authorities.

It gives db.connect.latency (s), db.connections, db.connections.percent, db.connections.active,
db.lock_waits, db.replication.lag (s, of a replica), and since the last look db.slow_queries,
db.commits, db.rollbacks and db.cache_hit_ratio (of InnoDB's buffer pool).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Annotated, Any

from msgspec import Meta, Struct
from yarl import URL

from sentinel.api import (
    Context,
    Duration,
    Metric,
    Params,
    Probe,
    Secret,
    Signal,
    Status,
    duration,
    hook,
    redacted,
)

PORT = 3306
REASONS = {
    1040: "all its connections are taken",
    1045: "it refuses the user or the password",
    2003: "nothing answers there",
    2013: "it broke the connection off",
}
"""By the code of the error, where the server's own words are not plain."""
COUNTED = {
    "db.slow_queries": "Slow_queries",
    "db.commits": "Com_commit",
    "db.rollbacks": "Com_rollback",
}
READS, DISK_READS = "Innodb_buffer_pool_read_requests", "Innodb_buffer_pool_reads"


class MysqlParams(Params, frozen=True, kw_only=True):
    url: Annotated[str, Meta(pattern="^mysql://", description="`mysql://USER@HOST:PORT`.")]
    password: Annotated[Secret | None, Meta(description="The user's password.")] = None
    tls: Annotated[bool, Meta(description="Whether to insist on TLS.")] = False
    degraded_above: Annotated[
        Duration, Meta(description="Degraded when connecting takes longer.")
    ] = duration("1s")
    down_above: Annotated[Duration, Meta(description="Down when a look takes longer.")] = duration(
        "5s"
    )
    connections_above: Annotated[
        float, Meta(ge=0, le=100, description="Degraded above this share of connections, in %.")
    ] = 90.0
    replication_lag_above: Annotated[
        Duration, Meta(description="Degraded when this replica is further behind.")
    ] = duration("1m")
    lock_waits_above: Annotated[
        int, Meta(ge=0, description="Degraded when more row locks are waited for.")
    ] = 20

    def __post_init__(self) -> None:
        # The package is asked for here, so that `sentinel check` says what is missing.
        if find_spec("aiomysql") is None:
            raise ValueError(
                "expected the package aiomysql, which is not installed; "
                "add it with: pip install 'sentinel[mysql]'"
            )
        try:
            password = URL(self.url).password
        except ValueError:
            expected = "mysql://USER@HOST:PORT of one server"
            raise ValueError(f"expected a url as {expected}") from None
        if password is not None:
            raise ValueError("expected no password in url; give it as `password: ${credential:…}`")


class Reading(Struct, frozen=True):
    """`latency` is in seconds; `status` is what SHOW GLOBAL STATUS gives; `replica` is empty for a
    server that is none, and where the user may not know."""

    latency: float
    version: str
    most_connections: int
    status: Mapping[str, str]
    replica: Mapping[str, Any]

    def number(self, name: str) -> float:
        """0 where this make or version does not count it."""
        return float(self.status.get(name, 0))

    @property
    def connections(self) -> int:
        return int(self.number("Threads_connected"))

    @property
    def percent(self) -> float:
        return round(100 * self.connections / self.most_connections, 1)

    @property
    def lag(self) -> float | None:
        """Seconds; None for no replica, and for one that does not replicate."""
        said = self.replica.get("Seconds_Behind_Source", self.replica.get("Seconds_Behind_Master"))
        return None if said is None else float(said)


class MysqlProbe(Probe[MysqlParams]):
    """Each look opens a connection of its own, so that name, TLS and password are looked at too."""

    type = "mysql"
    summary = "A MySQL or MariaDB server: connections, slow queries, locks, cache, replication"
    Params = MysqlParams
    bound = "down_above"
    interval = 60.0
    timeout = 15.0

    def __init__(self, params: MysqlParams, context: Context) -> None:
        super().__init__(params, context)
        self._last: Reading | None = None

    async def probe(self) -> Sequence[Signal]:
        from aiomysql import MySQLError

        try:
            async with asyncio.timeout(self.params.down_above):
                now = await self._read()
        except TimeoutError:
            text = f"no answer within {self.params.down_above}"
            return [Status(status="down", message=text)]
        except (MySQLError, OSError) as error:
            return [Status(status="down", message=redacted(_reason(error), self.params))]
        before, self._last = self._last, now
        return [self._judge(now), *_gauges(now), *(_growth(before, now) if before else ())]

    async def _read(self) -> Reading:
        begun = self.context.clock.monotonic()
        async with self._connected() as connection:
            latency = self.context.clock.monotonic() - begun
            status = dict(await _rows(connection, "SHOW GLOBAL STATUS"))
            ((version, most),) = await _rows(connection, "SELECT @@version, @@max_connections")
            return Reading(latency, version, int(most), status, await _replica(connection))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        # Loaded late: who does not use this probe need not install its package.
        from aiomysql import connect
        from pymysql.constants import CLIENT

        url, password = URL(self.params.url), self.params.password
        connection = await connect(
            host=url.host or "localhost",
            port=url.port or PORT,
            user=url.user,
            password=password.reveal() if password else "",
            program_name="sentinel",
            ssl=ssl.create_default_context() if self.params.tls else None,
        )
        try:
            # The driver goes on without TLS where the server offers none.
            if self.params.tls and not connection.server_capabilities & CLIENT.SSL:
                raise ConnectionError("it offers no TLS")
            yield connection
        finally:
            await connection.ensure_closed()

    def _judge(self, now: Reading) -> Status:
        said = ", ".join(self._complaints(now))
        fine = f"{now.version}, {now.connections} of {now.most_connections} connections"
        state = "degraded" if said else "up"
        return Status(status=state, message=said or fine, latency=now.latency)

    def _complaints(self, now: Reading) -> Iterator[str]:
        params = self.params
        if now.latency > params.degraded_above:
            yield f"connecting took {now.latency:.2g} s, more than {params.degraded_above}"
        if now.percent > params.connections_above:
            yield f"{now.connections} of {now.most_connections} connections are taken"
        if now.replica and now.lag is None:
            yield "this replica does not replicate"
        if now.lag is not None and now.lag > params.replication_lag_above:
            yield f"replication is {Duration(now.lag)} behind"
        waits = now.number("Innodb_row_lock_current_waits")
        if waits > params.lock_waits_above:
            yield f"{waits:.0f} row locks are waited for"


def _gauges(now: Reading) -> Iterator[Metric]:
    yield Metric(name="db.connect.latency", value=now.latency, unit="s")
    yield Metric(name="db.connections", value=now.connections)
    yield Metric(name="db.connections.percent", value=now.percent, unit="%")
    yield Metric(name="db.connections.active", value=now.number("Threads_running"))
    yield Metric(name="db.lock_waits", value=now.number("Innodb_row_lock_current_waits"))
    if now.lag is not None:
        yield Metric(name="db.replication.lag", value=now.lag, unit="s")


def _growth(before: Reading, now: Reading) -> Iterator[Metric]:
    """What the server counts up for ever, as the number since the last look."""

    def grown(name: str) -> float:
        # After a restart the server counts from 0 again.
        total, last = now.number(name), before.number(name)
        return total - last if total >= last else total

    for metric, name in COUNTED.items():
        yield Metric(name=metric, value=grown(name))
    reads = grown(READS)
    if reads:
        ratio = max(0.0, 1 - grown(DISK_READS) / reads)
        yield Metric(name="db.cache_hit_ratio", value=round(ratio, 4))


async def _replica(connection: Any) -> Mapping[str, Any]:
    from aiomysql import DictCursor, OperationalError, ProgrammingError

    try:
        try:
            rows = await _rows(connection, "SHOW REPLICA STATUS", DictCursor)
        except ProgrammingError:  # MySQL before 8.0.22 and MariaDB before 10.5 call it otherwise.
            rows = await _rows(connection, "SHOW SLAVE STATUS", DictCursor)
    except OperationalError:
        return {}  # The user may not ask.
    return rows[0] if rows else {}


async def _rows(connection: Any, statement: str, *kind: Any) -> Sequence[Any]:
    async with connection.cursor(*kind) as cursor:
        await cursor.execute(statement)
        rows: Sequence[Any] = await cursor.fetchall()
        return rows


def _reason(error: Exception) -> str:
    """A MySQLError holds a code and a text."""
    code, text = error.args[0], str(error.args[-1])
    return f"{REASONS[code]}: {text}" if code in REASONS else text


@hook
def register_probes(register: Callable[[type[Probe[Any]]], None]) -> None:
    register(MysqlProbe)
