"""What PostgreSQL says of itself, in one statement."""

from typing import Any

import msgspec

# Without pg_read_all_stats the sessions of others show neither state nor times. A replica that has
# replayed all it received is not behind, however long its primary has written nothing; but only as
# long as it does receive.
STATEMENT = """
WITH sessions AS (
    SELECT state, xact_start FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
)
SELECT
    current_setting('server_version') AS version,
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_sessions,
    (SELECT sum(numbackends) FROM pg_stat_database)::int AS connections,
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) AS connections_max,
    (SELECT count(*) FROM sessions WHERE state = 'active')::int AS active,
    (SELECT count(*) FROM sessions WHERE state = 'idle')::int AS idle,
    (SELECT count(*) FROM sessions WHERE state LIKE 'idle in%')::int AS idle_in_transaction,
    (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM sessions
        )::float8 AS longest_transaction,
    (SELECT count(*) FROM pg_locks WHERE NOT granted)::int AS lock_waits,
    (SELECT count(*) FROM pg_stat_replication)::int AS replicas,
    (CASE
        WHEN NOT pg_is_in_recovery()
        THEN (SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication)
        WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
            AND EXISTS (SELECT FROM pg_stat_wal_receiver)
        THEN 0
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
    END)::float8 AS replication_lag,
    pg_database_size(current_database())::float8 AS size,
    blks_hit, blks_read, xact_commit, xact_rollback, deadlocks
FROM pg_stat_database WHERE datname = current_database()
"""


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, `size` in bytes. From `blks_hit` on, totals of this database since its
    statistics began. `replication_lag` is a replica's own, or the largest of a primary's."""

    version: str
    sees_sessions: bool
    connections: int
    connections_max: int
    active: int
    idle: int
    idle_in_transaction: int
    longest_transaction: float
    lock_waits: int
    replicas: int
    replication_lag: float | None
    size: float
    blks_hit: int
    blks_read: int
    xact_commit: int
    xact_rollback: int
    deadlocks: int

    @property
    def totals(self) -> dict[str, float]:
        names = ("blks_hit", "blks_read", "xact_commit", "xact_rollback", "deadlocks")
        return {name: getattr(self, name) for name in names}


async def server_state(connection: Any) -> ServerState:
    return msgspec.convert(dict(await connection.fetchrow(STATEMENT)), ServerState)
