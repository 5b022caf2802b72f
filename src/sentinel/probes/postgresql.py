"""A PostgreSQL server.

probes:
  - name: shop-database
    type: postgresql
    url: postgresql://sentinel@db.example.com/shop?sslmode=verify-full
    password: ${credential:shop_database}
    replication_lag_above: 30s

Needs `pip install 'sentinel[postgresql]'`, and a role that may connect: `CREATE ROLE sentinel LOGIN
PASSWORD '…' IN ROLE pg_monitor`. Without pg_monitor the states and transactions of other roles'
sessions can't be seen, and their metrics are left out.

Beside the metrics that all databases have it gives db.connections.active, db.connections.idle and
db.connections.idle_in_transaction (how a pool uses them), db.transaction.longest (s),
db.lock_waits, db.replicas, db.size (B), and since the last look db.commits, db.rollbacks and
db.deadlocks.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Context, Duration, Metric, duration, hook
from sentinel.probes.database import (
    DatabaseParams,
    DatabaseProbe,
    Reading,
    Totals,
    hit_ratio,
    took,
)
from sentinel.probes.postgresql_connection import connected
from sentinel.probes.postgresql_reading import ServerState, server_state


class PostgresqlParams(DatabaseParams, frozen=True):
    schemes = ("postgresql", "postgres")

    connections_above: Annotated[
        float, Meta(ge=0, le=100, description="Degraded above this share of connections, in %.")
    ] = 90.0
    replication_lag_above: Annotated[
        Duration, Meta(description="Degraded when a replica is further behind.")
    ] = duration("1m")
    transaction_above: Annotated[
        Duration, Meta(description="Degraded when a transaction is open for longer.")
    ] = duration("1h")
    lock_waits_above: Annotated[
        int, Meta(ge=0, description="Degraded when more locks are waited for.")
    ] = 20
    cache_hit_ratio_below: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="Degraded when the cache answers a smaller share of reads, from 0 to 1."),
    ] = None


class PostgresqlProbe(DatabaseProbe[PostgresqlParams]):
    type = "postgresql"
    summary = "A PostgreSQL server: connections, transactions, locks, cache, replication"
    Params = PostgresqlParams
    bound = "down_above"

    def __init__(self, params: PostgresqlParams, context: Context) -> None:
        super().__init__(params, context)
        self._totals = Totals()

    async def read(self) -> Reading:
        begun = self.context.clock.monotonic()
        async with connected(self.params) as connection:
            latency = self.context.clock.monotonic() - begun
            state = await server_state(connection)
        grown = self._totals.since(state.totals)
        hits = hit_ratio(grown["blks_hit"], grown["blks_read"]) if grown else None
        metrics = [*_metrics(state, grown), *([hits] if hits else [])]
        return Reading(
            latency=latency,
            metrics=metrics,
            complaints=list(self._complaints(state, hits)),
            fine=_fine(state, latency),
        )

    def _complaints(self, state: ServerState, hits: Metric | None) -> Iterator[str]:
        params, lag = self.params, state.replication_lag
        if _percent(state) > params.connections_above:
            yield f"{state.connections} of {state.connections_max} connections are taken"
        if lag is not None and lag > params.replication_lag_above:
            yield f"replication is {took(lag)} behind"
        if state.longest_transaction > params.transaction_above:
            age = Duration(round(state.longest_transaction))
            yield f"a transaction has been open for {age}"
        if state.lock_waits > params.lock_waits_above:
            yield f"{state.lock_waits} locks are waited for"
        least = params.cache_hit_ratio_below
        if hits is not None and least is not None and hits.value < least:
            yield f"the cache answers {hits.value:.0%} of the reads, expected {least:.0%}"


def _metrics(state: ServerState, grown: dict[str, float]) -> Iterator[Metric]:
    yield Metric(name="db.connections", value=state.connections)
    yield Metric(name="db.connections.percent", value=_percent(state), unit="%")
    yield Metric(name="db.lock_waits", value=state.lock_waits)
    yield Metric(name="db.replicas", value=state.replicas)
    yield Metric(name="db.size", value=state.size, unit="B")
    if state.sees_sessions:
        yield Metric(name="db.connections.active", value=state.active)
        yield Metric(name="db.connections.idle", value=state.idle)
        yield Metric(name="db.connections.idle_in_transaction", value=state.idle_in_transaction)
        yield Metric(name="db.transaction.longest", value=state.longest_transaction, unit="s")
    if state.replication_lag is not None:
        yield Metric(name="db.replication.lag", value=state.replication_lag, unit="s")
    if grown:
        yield Metric(name="db.commits", value=grown["xact_commit"])
        yield Metric(name="db.rollbacks", value=grown["xact_rollback"])
        yield Metric(name="db.deadlocks", value=grown["deadlocks"])


def _percent(state: ServerState) -> float:
    return round(100 * state.connections / max(1, state.connections_max), 1)


def _fine(state: ServerState, latency: float) -> str:
    used = f"{state.connections} of {state.connections_max} connections"
    blind = "" if state.sees_sessions else "; without pg_monitor it does not see other sessions"
    return f"PostgreSQL {state.version}, {used}, connected in {took(latency)}{blind}"


@hook
def register_probes(register: Any) -> None:
    register(PostgresqlProbe)
