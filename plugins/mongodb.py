"""A MongoDB server: connections, cache, queues, replica set.

probes:
  - name: carts
    type: mongodb
    url: mongodb://sentinel@db1.example.com:27017/?tls=true
    password: ${credential:carts}

It looks at the one server that the url names: give each member of a replica set its own probe.
Needs `pip install 'sentinel[mongodb]'`, and a user with the role clusterMonitor:
`db.createUser({user: "sentinel", pwd: "…", roles: ["clusterMonitor"]})` in the database admin.

It gives db.connect.latency (s), db.connections, db.connections.percent, db.lock_waits,
db.memory.used (B), db.replication.lag (s, of a secondary), and since the last look db.operations
and db.cache_hit_ratio (of WiredTiger).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
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

AUTHENTICATION_FAILED = 18
NO_REPLICA_SET = 76
PRIMARY = "PRIMARY"
SERVING = frozenset({PRIMARY, "SECONDARY", "ARBITER"})
MEGABYTE = 1024 * 1024


class MongodbParams(Params, frozen=True, kw_only=True):
    url: Annotated[
        str, Meta(pattern=r"^mongodb://", description="`mongodb://USER@HOST:PORT`, one server.")
    ]
    password: Annotated[Secret | None, Meta(description="The user's password.")] = None
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
        Duration, Meta(description="Degraded when this secondary is further behind.")
    ] = duration("1m")
    lock_waits_above: Annotated[
        int, Meta(ge=0, description="Degraded when more operations wait for a lock.")
    ] = 100

    def __post_init__(self) -> None:
        # The package is asked for here, so that `sentinel check` says what is missing.
        if find_spec("pymongo") is None:
            raise ValueError(
                "expected the package pymongo, which is not installed; "
                "add it with: pip install 'sentinel[mongodb]'"
            )
        try:
            password = URL(self.url).password
        except ValueError:
            expected = "mongodb://USER@HOST:PORT of one server"
            raise ValueError(f"expected a url as {expected}") from None
        if password is not None:
            raise ValueError("expected no password in url; give it as `password: ${credential:…}`")


class Member(Struct, frozen=True):
    """Of the replica set, as this server sees it."""

    state: str
    written: datetime | None
    itself: bool


class Reading(Struct, frozen=True):
    """`latency` is in seconds; `status` is what serverStatus gives; `members` is empty for a
    server in no replica set."""

    latency: float
    status: Mapping[str, Any]
    members: Sequence[Member]

    def number(self, *path: str) -> float:
        """0 where this version or storage engine does not count it."""
        found: Any = self.status
        for name in path:
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
        return float(found) if isinstance(found, int | float) else 0.0

    @property
    def connections(self) -> int:
        return int(self.number("connections", "current"))

    @property
    def most_connections(self) -> int:
        return self.connections + int(self.number("connections", "available"))

    @property
    def percent(self) -> float:
        return round(100 * self.connections / max(1, self.most_connections), 1)

    @property
    def operations(self) -> float:
        return sum(self.number("opcounters", name) for name in self.status.get("opcounters", ()))

    @property
    def cache_reads(self) -> tuple[float, float]:
        """Pages that were asked for, and those of them that were not in the cache."""
        cache = ("wiredTiger", "cache")
        return (
            self.number(*cache, "pages requested from the cache"),
            self.number(*cache, "pages read into cache"),
        )

    @property
    def state(self) -> str:
        return next((member.state for member in self.members if member.itself), "")

    @property
    def lag(self) -> float | None:
        """Seconds behind the primary; None for another than a secondary with a primary."""
        primary = next((one.written for one in self.members if one.state == PRIMARY), None)
        own = next((one.written for one in self.members if one.itself), None)
        if primary is None or own is None or self.state != "SECONDARY":
            return None
        return max(0.0, (primary - own).total_seconds())


class MongodbProbe(Probe[MongodbParams]):
    """Each look opens a connection of its own, so that name, TLS and password are looked at too."""

    type = "mongodb"
    summary = "A MongoDB server: connections, cache, queues, replica set"
    Params = MongodbParams
    bound = "down_above"
    interval = 60.0
    timeout = 15.0

    def __init__(self, params: MongodbParams, context: Context) -> None:
        super().__init__(params, context)
        self._last: Reading | None = None

    async def probe(self) -> Sequence[Signal]:
        from pymongo.errors import ConnectionFailure, OperationFailure

        try:
            async with asyncio.timeout(self.params.down_above):
                now = await self._read()
        except TimeoutError:
            text = f"no answer within {self.params.down_above}"
            return [Status(status="down", message=text)]
        except ConnectionFailure as error:
            text = redacted(f"no connection: {_plain(error)}", self.params)
            return [Status(status="down", message=text)]
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            return [Status(status="down", message="it refuses the user or the password")]
        before, self._last = self._last, now
        return [self._judge(now), *_gauges(now), *(_growth(before, now) if before else ())]

    async def _read(self) -> Reading:
        begun = self.context.clock.monotonic()
        async with self._connected() as admin:
            await admin.command("ping")
            latency = self.context.clock.monotonic() - begun
            status = await admin.command("serverStatus")
            # A router has no replica set of its own, and refuses the question.
            routes = str(status.get("process", "")).startswith("mongos")
            return Reading(latency, status, () if routes else await _members(admin))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        # Loaded late: who does not use this probe need not install its package.
        from pymongo import AsyncMongoClient

        password = self.params.password
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            self.params.url,
            directConnection=True,
            appname="sentinel",
            tz_aware=True,
            # The driver tries again until then; half of the time leaves it room to say why.
            serverSelectionTimeoutMS=int(self.params.down_above * 500),
            **({"password": password.reveal()} if password else {}),
        )
        try:
            yield client.admin
        finally:
            await client.close()

    def _judge(self, now: Reading) -> Status:
        said = ", ".join(self._complaints(now))
        role = f", {now.state.lower()}" if now.state else ""
        used = f"{now.connections} of {now.most_connections} connections"
        fine = f"MongoDB {now.status.get('version', '')}{role}, {used}"
        state = "degraded" if said else "up"
        return Status(status=state, message=said or fine, latency=now.latency)

    def _complaints(self, now: Reading) -> Iterator[str]:
        params = self.params
        if now.latency > params.degraded_above:
            yield f"connecting took {now.latency:.2g} s, more than {params.degraded_above}"
        if now.percent > params.connections_above:
            yield f"{now.connections} of {now.most_connections} connections are taken"
        if now.members and now.state not in SERVING:
            yield f"this member is {now.state.lower() or 'unknown'} and does not serve"
        if now.members and all(member.state != PRIMARY for member in now.members):
            yield "its replica set has no primary"
        if now.lag is not None and now.lag > params.replication_lag_above:
            yield f"replication is {Duration(now.lag)} behind"
        waits = now.number("globalLock", "currentQueue", "total")
        if waits > params.lock_waits_above:
            yield f"{waits:.0f} operations wait for a lock"


def _gauges(now: Reading) -> Iterator[Metric]:
    yield Metric(name="db.connect.latency", value=now.latency, unit="s")
    yield Metric(name="db.connections", value=now.connections)
    yield Metric(name="db.connections.percent", value=now.percent, unit="%")
    yield Metric(name="db.lock_waits", value=now.number("globalLock", "currentQueue", "total"))
    yield Metric(name="db.memory.used", value=now.number("mem", "resident") * MEGABYTE, unit="B")
    if now.lag is not None:
        yield Metric(name="db.replication.lag", value=now.lag, unit="s")


def _growth(before: Reading, now: Reading) -> Iterator[Metric]:
    """What the server counts up for ever, as the number since the last look."""

    def grown(total: float, last: float) -> float:
        # After a restart the server counts from 0 again.
        return total - last if total >= last else total

    yield Metric(name="db.operations", value=grown(now.operations, before.operations))
    asked, missed = map(grown, now.cache_reads, before.cache_reads)
    if asked:
        ratio = max(0.0, 1 - missed / asked)
        yield Metric(name="db.cache_hit_ratio", value=round(ratio, 4))


async def _members(admin: Any) -> Sequence[Member]:
    from pymongo.errors import OperationFailure

    try:
        answer = await admin.command("replSetGetStatus")
    except OperationFailure as error:
        if error.code == NO_REPLICA_SET:
            return ()
        raise
    return [
        Member(one["stateStr"], one.get("optimeDate"), one.get("self", False))
        for one in answer["members"]
    ]


def _plain(error: Exception) -> str:
    """Without the settings and the state of the driver, of no use to a reader."""
    return str(error).split(" (configured timeouts")[0].split(", Timeout:")[0]


@hook
def register_probes(register: Callable[[type[Probe[Any]]], None]) -> None:
    register(MongodbProbe)
