"""Real databases that are stopped and started: whoever is on call hears once that they are gone,
and once that they are back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.polling import until
from tests.e2e.world import World
from tests.servers import PASSWORD, Server, postgresql, valkey

RULES = """
rules:
  - alert: ComponentDown
    on: status
    where: {status: down}
    type: frequency
    num_events: 2
    timeframe: 6s
    by: [component]
    labels: {severity: critical}
    annotations: {summary: "{component} is down: {message}"}
"""


@pytest.fixture
def cache() -> Iterator[Server]:
    with valkey() as server:
        yield server


def told(world: World) -> list[str]:
    return [str(mail.parsed["Subject"]) for mail in world.mailbox.mails]


def test_a_database_that_is_gone_pages_once_and_is_told_to_be_back(
    tmp_path: Path, cache: Server
) -> None:
    with postgresql() as database, World(tmp_path) as world:
        probes = f"""
probes:
  - name: cache
    type: redis
    url: redis://127.0.0.1:{cache.port}/0
    password: "{PASSWORD}"
    interval: 1s
    timeout: 900ms
  - name: database
    type: postgresql
    url: postgresql://sentinel@127.0.0.1:{database.port}/postgres
    password: "{PASSWORD}"
    interval: 1s
    timeout: 900ms
"""
        world.configure(RULES, probes)
        world.daemon.start()
        states = "SELECT DISTINCT kind FROM signals WHERE kind = 'status'"
        until(lambda: world.daemon.ask(states), "the probes look")
        cache.stop()
        until(lambda: len(told(world)) == 1, "the page that the cache is gone", 30)
        assert "cache" in told(world)[0]
        cache.start()
        until(lambda: len(told(world)) == 2, "the message that it is back", 30)
        assert told(world)[1].startswith("Resolved")
        database.stop()
        until(lambda: len(told(world)) == 3, "the page that the database is gone", 30)
        assert "database" in told(world)[2]
        database.start()
        until(lambda: len(told(world)) == 4, "the message that it is back", 30)
