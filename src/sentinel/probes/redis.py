"""A Redis or Valkey server.

probes:
  - name: sessions
    type: redis
    url: rediss://sentinel@cache.example.com:6379/0
    password: ${credential:redis}
    memory_above: 80

`url` is redis://, rediss:// (TLS) or unix:///PATH. Needs `pip install 'sentinel[redis]'`, and a
user who may PING and ask for INFO: `ACL SETUSER sentinel on >… +ping +info`, with `+select` where
the url names another database than 0.

Beside the metrics that all databases have it gives db.ping.latency (s), db.memory.used (B),
db.memory.percent where the server has a limit, db.replicas, and since the last look db.evictions
and db.connections.rejected.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sentinel.api import Context, Duration, Metric, duration, hook
from sentinel.probes.database import (
    DatabaseParams,
    DatabaseProbe,
    Reading,
    Totals,
    Unreachable,
    hit_ratio,
    network_reason,
    took,
)

Percent = Annotated[float, Meta(ge=0, le=100)]


class RedisParams(DatabaseParams, frozen=True):
    schemes = ("redis", "rediss", "unix")

    ping_above: Annotated[Duration, Meta(description="Degraded when PING takes longer.")] = (
        duration("100ms")
    )
    memory_above: Annotated[
        Percent, Meta(description="Degraded above this share of `maxmemory`, in %.")
    ] = 90.0
    connections_above: Annotated[
        Percent, Meta(description="Degraded above this share of `maxclients`, in %.")
    ] = 90.0
    replication_lag_above: Annotated[
        Duration, Meta(description="Degraded when a replica was last heard of longer ago.")
    ] = duration("1m")
    evictions_above: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Degraded when more keys were evicted since the last look."),
    ] = None


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """Of the answer to INFO what is read here; times are in seconds. A server of another make may
    leave out what has a default."""

    redis_version: str
    valkey_version: str | None = None
    connected_clients: int
    maxclients: int = 0
    used_memory: int
    maxmemory: int = 0
    role: str = "master"
    connected_slaves: int = 0
    master_link_status: str = "up"
    master_last_io_seconds_ago: int = 0
    replica_lag: int | None = None
    rdb_last_bgsave_status: str = "ok"
    aof_last_write_status: str = "ok"
    evicted_keys: int = 0
    keyspace_hits: int = 0
    keyspace_misses: int = 0
    rejected_connections: int = 0

    @property
    def totals(self) -> dict[str, float]:
        names = ("evicted_keys", "keyspace_hits", "keyspace_misses", "rejected_connections")
        return {name: getattr(self, name) for name in names}

    @property
    def server(self) -> str:
        valkey = self.valkey_version
        return f"Valkey {valkey}" if valkey else f"Redis {self.redis_version}"


class RedisProbe(DatabaseProbe[RedisParams]):
    type = "redis"
    summary = "A Redis or Valkey server: latency, memory, clients, evictions, replication"
    Params = RedisParams
    bound = "down_above"

    def __init__(self, params: RedisParams, context: Context) -> None:
        super().__init__(params, context)
        self._totals = Totals()

    async def read(self) -> Reading:
        clock = self.context.clock
        begun = clock.monotonic()
        async with _connected(self.params) as client:
            connected = clock.monotonic()
            await client.ping()
            ping = clock.monotonic() - connected
            info = _info(await client.info())
        grown = self._totals.since(info.totals)
        return Reading(
            latency=connected - begun,
            metrics=[Metric(name="db.ping.latency", value=ping, unit="s"), *_metrics(info, grown)],
            complaints=list(self._complaints(ping, info, grown)),
            fine=f"{info.server}, PING in {took(ping)}, {info.connected_clients} clients",
        )

    def _complaints(self, ping: float, info: Info, grown: dict[str, float]) -> Iterator[str]:
        params = self.params
        if ping > params.ping_above:
            yield f"PING took {took(ping)}, more than {params.ping_above}"
        if info.master_link_status != "up":
            yield "this replica has lost its primary"
        lag = _lag(info)
        if lag is not None and lag > params.replication_lag_above:
            yield f"replication is {took(lag)} behind"
        if _percent(info.used_memory, info.maxmemory) > params.memory_above:
            yield f"memory is {_percent(info.used_memory, info.maxmemory):.0f} % used"
        if _percent(info.connected_clients, info.maxclients) > params.connections_above:
            yield f"{info.connected_clients} of {info.maxclients} connections are taken"
        if params.evictions_above is not None:
            evicted = grown.get("evicted_keys", 0)
            if evicted > params.evictions_above:
                yield f"{evicted:.0f} keys were evicted since the last look"
        if "err" in (info.rdb_last_bgsave_status, info.aof_last_write_status):
            yield "its last save to disk failed"


@asynccontextmanager
async def _connected(params: RedisParams) -> AsyncIterator[Any]:
    """Raises Unreachable, also where the connection is lost later."""
    from redis.asyncio import Redis
    from redis.exceptions import (
        AuthenticationError,
        ConnectionError,
        NoPermissionError,
        TimeoutError,
    )

    client = Redis.from_url(
        params.url,
        password=params.password.reveal() if params.password else None,
        decode_responses=True,
        single_connection_client=True,
    )
    try:
        await client.initialize()
        # A name in CLIENT LIST is a courtesy, which a user with few rights may not do.
        with suppress(NoPermissionError):
            await client.client_setname("sentinel")
        yield client
    except AuthenticationError as error:
        if params.password is None:
            raise Unreachable("it asks for a password, and none is given") from error
        raise Unreachable(f"it refuses the credentials: {error}") from error
    except (ConnectionError, TimeoutError) as error:
        cause = error.__cause__ or error.__context__
        raise Unreachable(
            network_reason(cause, params.where) if isinstance(cause, OSError) else str(error)
        ) from error
    finally:
        await client.aclose()


def _info(answer: Mapping[str, Any]) -> Info:
    """A primary lists its replicas as slave0, slave1 …, each with its own lag."""
    lags = [
        value["lag"]
        for name, value in answer.items()
        if name.startswith("slave") and isinstance(value, dict) and "lag" in value
    ]
    fields = {**answer, "replica_lag": max(lags, default=None)}
    return msgspec.convert(fields, Info, strict=False)


def _lag(info: Info) -> float | None:
    if info.role == "slave":
        # -1 while there is no link, which is told by itself.
        return max(0, info.master_last_io_seconds_ago)
    return info.replica_lag


def _metrics(info: Info, grown: dict[str, float]) -> Iterator[Metric]:
    yield Metric(name="db.connections", value=info.connected_clients)
    yield Metric(name="db.memory.used", value=info.used_memory, unit="B")
    yield Metric(name="db.replicas", value=info.connected_slaves)
    if info.maxclients:
        used = _percent(info.connected_clients, info.maxclients)
        yield Metric(name="db.connections.percent", value=used, unit="%")
    if info.maxmemory:
        used = _percent(info.used_memory, info.maxmemory)
        yield Metric(name="db.memory.percent", value=used, unit="%")
    lag = _lag(info)
    if lag is not None:
        yield Metric(name="db.replication.lag", value=lag, unit="s")
    if grown:
        yield Metric(name="db.evictions", value=grown["evicted_keys"])
        yield Metric(name="db.connections.rejected", value=grown["rejected_connections"])
        hits = hit_ratio(grown["keyspace_hits"], grown["keyspace_misses"])
        if hits is not None:
            yield hits


def _percent(part: float, whole: float) -> float:
    """0 where there is no limit."""
    return round(100 * part / whole, 1) if whole else 0.0


@hook
def register_probes(register: Any) -> None:
    register(RedisProbe)
