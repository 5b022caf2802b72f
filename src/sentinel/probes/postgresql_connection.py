"""A connection to PostgreSQL, and why there is none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sentinel.probes.database import DatabaseAddress, Unreachable, network_reason

CLOSING = 1.0


@asynccontextmanager
async def connected(params: DatabaseAddress) -> AsyncIterator[Any]:
    """An `asyncpg.Connection` that may go through PgBouncer. Raises Unreachable, also where the
    connection is lost later."""
    import asyncpg

    try:
        connection = await asyncpg.connect(
            params.url,
            password=params.password.reveal() if params.password else None,
            statement_cache_size=0,
            server_settings={"application_name": "sentinel"},
        )
        try:
            yield connection
        except asyncpg.InterfaceError as error:
            if connection.is_closed():
                raise Unreachable(_broken_off(params)) from error
            raise
        finally:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=CLOSING)
    except TimeoutError:  # an OSError, but the caller's to word
        raise
    except OSError as error:
        raise Unreachable(network_reason(error, params.where)) from error
    except (
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.PostgresConnectionError,
        asyncpg.TooManyConnectionsError,
        asyncpg.OperatorInterventionError,
    ) as error:
        raise Unreachable(_reason(error, params)) from error


def _reason(error: Exception, params: DatabaseAddress) -> str:
    import asyncpg

    match error:
        case asyncpg.InvalidPasswordError():
            return f"it refuses the password of {params.address.user}"
        case asyncpg.TooManyConnectionsError():
            return f"all its connections are taken: {error}"
        case asyncpg.PostgresConnectionError():
            return _broken_off(params)
    return str(error)


def _broken_off(params: DatabaseAddress) -> str:
    return f"{params.where} broke the connection off"
