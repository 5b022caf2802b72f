"""What the tests of databases share: real servers, and one look at them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from tests import servers
from tests.servers import PASSWORD

from sentinel.api import Metric, Probe, Status
from sentinel.clock import SystemClock
from sentinel.scheduler import checked
from sentinel.testing import params_of, plugin_context

NOWHERE = 1
"""A port on which nothing listens."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgresqlServer]:
    with servers.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[servers.Server]:
    with servers.valkey("--maxmemory", "100mb", "--maxclients", "200") as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[servers.Server]:
    with servers.mariadb() as server:
        yield server


async def seen(probe: Probe[Any]) -> tuple[Status, dict[str, float]]:
    """The status, and the values of the metrics by name."""
    status, *metrics = checked(await probe.probe())
    assert isinstance(status, Status)
    return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}


async def look(plugin: type[Probe[Any]], **params: Any) -> tuple[Status, dict[str, float]]:
    async with plugin_context(clock=SystemClock()) as context:
        return await seen(plugin(params_of(plugin, **params), context))


def reveals(status: Status) -> bool:
    """Whether the password is told, as it is or as a url has it."""
    return PASSWORD in status.message or quote(PASSWORD, safe="") in status.message
