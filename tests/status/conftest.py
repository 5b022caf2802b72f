import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.web.conftest import World

from sentinel.installation import Installation, require

from .tales import a_store

PARTS = """
components:
  sms-gw-7: {title: Text messages}
  web-1: {}
  web-2: {}
  ledger-db: {}
status_page:
  title: Acme status
  intro: How our services do, minute by minute.
  support: help@acme.example
  accent: "#17507f"
  links: [{title: Acme, url: "https://acme.example"}]
  components:
    - {component: sms-gw-7, group: Messages, description: Sent over the phone network.}
    - {component: [web-1, web-2], title: Website}
    - {component: ledger-db, title: Invoices}
"""


def installed(folder: Path, config: str = PARTS) -> Installation:
    (folder / "sentinel.yaml").write_text(f"channels: {{inbox: {{type: inapp}}}}\n{config}")
    return require(folder / "sentinel.yaml", {})[0]


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = a_store()
    yield conn
    conn.close()


@pytest.fixture(scope="session")
def installations(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Installation]:
    """Each is read once: catalog and plugins take half a second."""
    known: dict[str, Installation] = {}

    def find(config: str) -> Installation:
        if config not in known:
            known[config] = installed(tmp_path_factory.mktemp("installation"), config)
        return known[config]

    return find


@pytest.fixture
async def begin(
    tmp_path: Path, installations: Callable[[str], Installation]
) -> AsyncIterator[Callable[..., Awaitable[World]]]:
    """Starts a world with this configuration."""
    begun: list[World] = []

    async def start(config: str = PARTS) -> World:
        world = World(tmp_path, installations(config))
        await world.start()
        begun.append(world)
        return world

    yield start
    for world in begun:
        await world.stop()


@pytest.fixture
async def world(begin: Callable[..., Awaitable[World]]) -> World:
    return await begin()
