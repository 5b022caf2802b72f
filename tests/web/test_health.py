"""Health: components, the map, and Sentinel itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sentinel.api import Status
from sentinel.installation import require
from sentinel.own_health.drills import DrillKeeper

from .conftest import RULES, Browser, World

CONFIG = """
rules_dir: rules
hold: 0s
channels:
  console: {type: console}
  inbox: {type: inapp}
projects:
  shop: {environment: production}
components:
  shop: {title: "The shop", group: "What customers see", depends_on: [payments, database]}
  payments: {group: "Behind it", depends_on: [database], slo: 99.5}
  database: {group: "Behind it"}
  mail: {group: "Behind it"}
fire_drills:
  - {name: weekly, every: 7d, notify: [channel:inbox]}
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    (tmp_path / "sentinel.yaml").write_text(CONFIG)
    found, _ = require(tmp_path / "sentinel.yaml", {})
    world = World(tmp_path, found)
    await world.start()
    drills = DrillKeeper(
        world.database,
        world.clock,
        lambda: world.services.setup.config,
        lambda signals: world.accept(*signals),
        on_begin=world.outbox.notify,
    )
    await drills.configure(found.config.fire_drills.values())
    keeping = asyncio.create_task(drills.run())
    yield world
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    await world.stop()


async def outage(world: World) -> None:
    await world.accept(
        Status(status="down", component="database", message="no connection <b>"),
        Status(status="down", component="payments", message="500"),
        Status(status="degraded", component="shop", message="slow", latency=2.5),
        Status(status="up", component="search/eu"),
    )


async def test_health_says_what_is_down_and_why_perhaps(world: World, browser: Browser) -> None:
    await outage(world)
    await browser.sign_in()
    response, text = await browser.get("/health")
    assert response.status == 200
    assert "3 components of 5 not well" in text
    assert "no connection &lt;b&gt;" in text
    assert 'perhaps because of <a href="/health/components/database">database</a>' in text
    assert text.index("What customers see") < text.index("Behind it")
    assert text.count('class="days"') == 5


async def test_the_map_is_a_picture_and_a_table(world: World, browser: Browser) -> None:
    await outage(world)
    await browser.sign_in()
    _, text = await browser.get("/health/map")
    assert text.count('class="edge down"') == 3
    assert 'aria-label="The shop: degraded; needs payments, database"' in text
    assert text.count('href="/health/components/payments"') >= 2
    assert "On their own" in text


async def test_a_component_has_a_page_whatever_its_name(world: World, browser: Browser) -> None:
    await outage(world)
    await browser.sign_in()
    for path in ("database", "search/eu"):
        response, text = await browser.get(f"/health/components/{path}")
        assert response.status == 200
        assert "Budget left" in text
    _, text = await browser.get("/health/components/database")
    assert "ComponentDown" in text
    response, _ = await browser.get("/health/components/unheard")
    assert response.status == 404


async def test_a_drill_that_is_asked_for_arrives_and_is_proven(
    world: World, browser: Browser
) -> None:
    token = await world.token("Alice", "responder")
    headers = {"authorization": f"Bearer {token}"}
    url = f"{world.url}/api/v1"
    async with browser.http.post(f"{url}/drills/weekly", headers=headers) as response:
        assert response.status == 202
    drill = None
    while drill is None or drill["outcome"] == "waiting":
        async with browser.http.get(f"{url}/drills", headers=headers) as response:
            items = (await response.json())["items"]
            drill = items[0] if items else None
        await asyncio.sleep(0.02)
    assert (drill["outcome"], drill["actor"]) == ("passed", "Alice")
    async with browser.http.get(f"{url}/deliveries/proven", headers=headers) as response:
        proven = {one["channel"]: one["at"] for one in (await response.json())["items"]}
    assert proven["console"] is None
    assert proven["inbox"] > 0
    await browser.sign_in()
    _, text = await browser.get("/health/sentinel")
    assert "all receipts within" in text


async def test_the_api_tells_the_same(world: World, browser: Browser) -> None:
    await outage(world)
    headers = {"authorization": f"Bearer {await world.token()}"}
    for path, status in (
        ("health", 200),
        ("health/sentinel", 200),
        ("components", 200),
        ("components/search/eu", 200),
        ("components/unheard", 404),
    ):
        async with browser.http.get(f"{world.url}/api/v1/{path}", headers=headers) as response:
            assert response.status == status, path
    async with browser.http.get(f"{world.url}/api/v1/health", headers=headers) as response:
        found = await response.json()
    assert found["overall"] == "degraded"
    assert {one["name"]: one["state"] for one in found["components"]} == {
        "shop": "degraded",
        "payments": "down",
        "database": "down",
        "mail": "unknown",
        "search/eu": "up",
    }
