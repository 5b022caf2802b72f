"""What a link in a message shows, in Chromium: small and wide, light and dark, and by keyboard."""

from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser
from tests.chromium import grave_findings

from sentinel.api import Error
from sentinel.config.model import PersonConfig
from sentinel.signing import Grant
from sentinel.store import alerts

from .conftest import World

pytestmark = pytest.mark.browser
FAR = 4_000_000_000
LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture(autouse=True)
async def story(world: World) -> None:
    setup = world.services.setup
    people = {"alice": PersonConfig(name="alice", addresses={})}
    world.services.setup = replace(setup, config=replace(setup.config, people=people))
    await world.accept(Error(code="SMS_DOWN", message=f"No text goes out: {LONG}", tenant="acme"))


def link(world: World, verb: Any, **changes: Any) -> str:
    given = {"purpose": verb, "object": "incident:1", "who": "alice", "expires": FAR, **changes}
    return f"{world.url}/a/{world.signer.sign(Grant(**given))}"


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_whatever_it_shows_is_readable_and_fits_the_screen(
    chromium: Browser, world: World, width: int, scheme: Any
) -> None:
    context = await chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = await context.new_page()
    asked = link(world, "acknowledge")
    shown = {
        "asks": asked,
        "expired": link(world, "acknowledge", expires=1),
        "forged": asked[:-5] + "AAAAA",
        "done": asked,
        "used": asked,
        "over": link(world, "resolve"),
    }
    for name, url in shown.items():
        await page.goto(url)
        if name in ("done", "over"):
            await page.locator("button").click()
            await page.get_by_role("status").wait_for()
        assert await grave_findings(page) == [], name
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
        for target in await page.locator("main a:visible, button:visible").all():
            box = await target.bounding_box()
            assert box is not None
            assert box["height"] >= 24, name


async def test_it_is_taken_by_keyboard_alone_and_without_scripts(
    chromium: Browser, world: World
) -> None:
    page = await (await chromium.new_context(java_script_enabled=False)).new_page()
    await page.goto(link(world, "acknowledge"))
    for _ in range(5):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if await focused.evaluate("one => one.tagName") == "BUTTON":
            break
    assert await focused.inner_text() == "Acknowledge as alice"
    await page.keyboard.press("Enter")
    await page.get_by_role("status").wait_for()
    found = await world.database.read(lambda conn: alerts.get_incident(conn, 1))
    assert found is not None
    assert found.acknowledged_by == "alice"


async def test_what_can_be_done_next_stands_below_and_asks_again(
    chromium: Browser, world: World
) -> None:
    page = await (await chromium.new_context()).new_page()
    await page.goto(link(world, "acknowledge"))
    await page.locator("button").click()
    await page.get_by_role("link", name="Resolve").click()
    await page.get_by_role("button", name="Resolve as alice").wait_for()
    found = await world.database.read(lambda conn: alerts.get_incident(conn, 1))
    assert found is not None
    assert found.state == "acknowledged"
    await page.get_by_role("button").click()
    await page.get_by_role("status").wait_for()
    found = await world.database.read(lambda conn: alerts.get_incident(conn, 1))
    assert found is not None
    assert found.state == "resolved"
