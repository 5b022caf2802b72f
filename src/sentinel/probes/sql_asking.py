"""Asks each make of database for one number: read only, and within a time that the server keeps."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from decimal import Decimal
from math import isfinite
from threading import Event
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from sentinel.api import Clock, Duration
from sentinel.probes.database import DatabaseAddress, Unreachable
from sentinel.probes.mysql_connection import BROKEN_OFF, code_of
from sentinel.probes.mysql_connection import connected as mysql
from sentinel.probes.postgresql_connection import connected as postgresql

ENOUGH_ROWS = 2
"""Read to see whether there is more than one; a statement may well give millions."""
MYSQL_TOO_SLOW = frozenset({1969, 3024})
"""MariaDB's and MySQL's codes for a statement that took longer than it may."""
SQLITE_UNREACHABLE = ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB")
SQLITE_STEPS = 10_000
"""Of SQLite's virtual machine, between two looks at the time: well under a millisecond."""


class Answer(Struct, frozen=True):
    """`duration` is in seconds, without the time to connect."""

    value: float
    duration: float


class Unanswered(Exception):
    """The database serves, and the statement gave no number; the text says why."""


Ask = Callable[[DatabaseAddress, str, Duration, Clock], Awaitable[Answer]]


async def ask_postgresql(
    address: DatabaseAddress, query: str, limit: Duration, clock: Clock
) -> Answer:
    import asyncpg

    async with postgresql(address) as connection:
        try:
            # A cursor takes one statement at a time, so that none can end the transaction.
            async with connection.transaction(readonly=True):
                await connection.execute(f"SET LOCAL statement_timeout = {limit * 1000:.0f}")
                begun = clock.monotonic()
                cursor = await connection.cursor(query)
                rows = await cursor.fetch(ENOUGH_ROWS)
                return Answer(_number(rows), clock.monotonic() - begun)
        except asyncpg.QueryCanceledError as error:
            raise _too_slow(limit) from error
        except (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError):
            raise
        except asyncpg.PostgresError as error:
            raise _refused(error) from error


async def ask_mysql(address: DatabaseAddress, query: str, limit: Duration, clock: Clock) -> Answer:
    from aiomysql import MySQLError, SSCursor

    async with mysql(address) as connection:
        # Never closed: that would read the rest of the answer.
        cursor = await connection.cursor(SSCursor)
        await cursor.execute(
            f"SET SESSION max_statement_time = {limit:f}"
            if "MariaDB" in connection.get_server_info()
            else f"SET SESSION max_execution_time = {limit * 1000:.0f}"
        )
        await cursor.execute("SET SESSION TRANSACTION READ ONLY")
        begun = clock.monotonic()
        try:
            await cursor.execute(query)
            rows = await cursor.fetchmany(ENOUGH_ROWS)
        except MySQLError as error:
            if code_of(error) in MYSQL_TOO_SLOW:
                raise _too_slow(limit) from error
            if code_of(error) in BROKEN_OFF:
                raise
            raise _refused(error.args[-1]) from error
        return Answer(_number(rows), clock.monotonic() - begun)


async def ask_sqlite(address: DatabaseAddress, query: str, limit: Duration, clock: Clock) -> Answer:
    given_up = Event()

    def fetch() -> Answer:
        path = quote(address.address.path)
        connection = sqlite3.connect(f"file://{path}?mode=ro", uri=True, timeout=float(limit))
        with closing(connection):
            begun = clock.monotonic()
            connection.set_progress_handler(
                lambda: given_up.is_set() or clock.monotonic() - begun > limit, SQLITE_STEPS
            )
            rows = connection.execute(query).fetchmany(ENOUGH_ROWS)
            return Answer(_number(rows), clock.monotonic() - begun)

    try:
        return await asyncio.to_thread(fetch)
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_INTERRUPT":
            raise _too_slow(limit) from error
        if name.startswith(SQLITE_UNREACHABLE):
            raise Unreachable(f"{address.address.path}: {error}") from error
        raise _refused(error) from error
    finally:
        given_up.set()


ASKERS: dict[str, Ask] = {
    "postgresql": ask_postgresql,
    "postgres": ask_postgresql,
    "mysql": ask_mysql,
    "sqlite": ask_sqlite,
}
"""By the scheme of the url. Each raises Unreachable and Unanswered."""


def _number(rows: Sequence[Sequence[Any]]) -> float:
    if len(rows) != 1:
        raise Unanswered(f"the query gave {'no' if not rows else 'several'} rows, expected one")
    if len(rows[0]) != 1:
        raise Unanswered(f"the query gave {len(rows[0])} columns, expected one")
    value = rows[0][0]
    if value is None:
        raise Unanswered("the query gave NULL, expected a number; COALESCE gives one")
    if not isinstance(value, int | float | Decimal) or not isfinite(value):
        raise Unanswered(f"the query gave {type(value).__name__}, expected a number")
    return float(value)


def _too_slow(limit: Duration) -> Unreachable:
    return Unreachable(f"the query took longer than {limit}")


def _refused(reason: object) -> Unanswered:
    return Unanswered(f"the query failed: {reason}")
