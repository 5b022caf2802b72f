"""A connection to MySQL or MariaDB, and why there is none."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sentinel.probes.database import DatabaseAddress, Unreachable, network_reason

PORT = 3306
BROKEN_OFF = frozenset({1053, 1927, 2006, 2013})
"""Codes for a server that shuts down, a killed connection, and one that is gone or lost."""


@asynccontextmanager
async def connected(address: DatabaseAddress) -> AsyncIterator[Any]:
    """An `aiomysql.Connection`, with TLS where the url says `?ssl=true`. Raises Unreachable, also
    where the connection is lost later."""
    from aiomysql import MySQLError, connect
    from pymysql.constants import CLIENT

    url = address.address
    tls = url.query.get("ssl") == "true"
    try:
        connection = await connect(
            host=url.host or "localhost",
            port=url.port or PORT,
            user=url.user,
            password=address.password.reveal() if address.password else "",
            db=url.path.strip("/") or None,
            program_name="sentinel",
            ssl=ssl.create_default_context() if tls else None,
        )
        try:
            # The driver goes on without TLS where the server offers none.
            if tls and not connection.server_capabilities & CLIENT.SSL:
                raise Unreachable(f"{address.where} offers no TLS")
            yield connection
        finally:
            # Says good-bye, so that the server does not log an aborted client.
            await connection.ensure_closed()
    except TimeoutError:  # an OSError, but the caller's to word
        raise
    except OSError as error:
        raise Unreachable(network_reason(error, address.where)) from error
    except MySQLError as error:
        unreachable = _unreachable(error, address)
        if unreachable is None:
            raise
        raise unreachable from error


def check_query(address: DatabaseAddress) -> None:
    """Raises ValueError for a setting that would be passed over, such as another word for TLS."""
    for name, value in address.address.query.items():
        if name != "ssl" or value not in ("true", "false"):
            raise ValueError(
                f"found {name}={value} in url, expected nothing but ?ssl=true, which insists on TLS"
            )


def code_of(error: Exception) -> int:
    """0 where an error has no code."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def _unreachable(error: Exception, address: DatabaseAddress) -> Unreachable | None:
    """None for an error that does not say whether the server serves."""
    if isinstance(error.__cause__, OSError):
        return Unreachable(network_reason(error.__cause__, address.where))
    code, url = code_of(error), address.address
    if code in BROKEN_OFF:
        return Unreachable(f"{address.where} broke the connection off")
    reasons = {
        1040: "all its connections are taken",
        1044: f"it does not let {url.user} into the database {url.path.strip('/')}",
        1045: f"it refuses the password of {url.user}",
        1049: f"it has no database {url.path.strip('/')}",
    }
    return Unreachable(reasons[code]) if code in reasons else None
