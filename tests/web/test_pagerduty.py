"""PagerDuty through the whole daemon: an incident there, and what is done with it there."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession

from sentinel.api import Error
from sentinel.installation import require
from sentinel.store import alerts
from sentinel.testing.pagerduty import (
    ROUTING_KEY,
    WEBHOOK_SECRET,
    FakePagerDuty,
    fake_pagerduty,
)

from .conftest import RULES, World

CONFIG = """
rules_dir: rules
hold: 0s
channels:
  pd: {{type: pagerduty, routing_key: {key}, webhook_secret: {secret}, api_url: "{url}"}}
projects:
  shop: {{environment: production}}
"""
Event = Callable[..., Error]


@pytest.fixture
async def pagerduty() -> AsyncIterator[FakePagerDuty]:
    async with fake_pagerduty() as pagerduty:
        yield pagerduty


@pytest.fixture
async def paging(tmp_path: Path, pagerduty: FakePagerDuty) -> AsyncIterator[World]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES.replace("channel:inbox", "channel:pd"))
    main = CONFIG.format(key=ROUTING_KEY, secret=WEBHOOK_SECRET, url=pagerduty.url)
    (tmp_path / "sentinel.yaml").write_text(main)
    world = World(tmp_path, require(tmp_path / "sentinel.yaml", {})[0])
    await world.start()
    yield world
    await world.stop()


async def done_there(
    paging: World, pagerduty: FakePagerDuty, kind: str, *, key: str = WEBHOOK_SECRET
) -> int:
    thread = pagerduty.events[0]["dedup_key"]
    request = pagerduty.webhook(kind, thread, at=paging.clock.now(), keys=(key,))
    url, headers = f"{paging.url}/hooks/pd", dict(request.headers)
    async with (
        ClientSession() as http,
        http.post(url, data=request.body, headers=headers) as response,
    ):
        return response.status


async def incident(paging: World) -> tuple[str, str | None]:
    found = await paging.database.read(lambda conn: alerts.get_incident(conn, 1))
    assert found is not None
    return found.state, found.acknowledged_by


async def test_who_acknowledges_there_has_it_here(
    paging: World, pagerduty: FakePagerDuty, event: Event
) -> None:
    await paging.accept(event())
    await paging.settle()
    assert await done_there(paging, pagerduty, "incident.acknowledged") == 202
    assert await incident(paging) == ("acknowledged", "Bob (pd)")


async def test_what_is_resolved_there_is_resolved_here_and_stays_one_incident(
    paging: World, pagerduty: FakePagerDuty, event: Event
) -> None:
    await paging.accept(event())
    await paging.settle()
    assert await done_there(paging, pagerduty, "incident.resolved") == 202
    await paging.settle()
    assert (await incident(paging))[0] == "resolved"
    assert {one["dedup_key"] for one in pagerduty.events} == {pagerduty.events[0]["dedup_key"]}


async def test_a_forged_webhook_changes_nothing(
    paging: World, pagerduty: FakePagerDuty, event: Event
) -> None:
    await paging.accept(event())
    await paging.settle()
    status = await done_there(paging, pagerduty, "incident.acknowledged", key="forged")
    assert status == 403
    assert (await incident(paging))[0] == "open"
