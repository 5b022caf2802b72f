"""The pages on broadcasts in Chromium: small and wide, light and dark, by keyboard."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, expect
from tests.chromium import grave_findings
from tests.web.conftest import World
from tests.web.test_broadcasts import ask, state_of, told

__all__ = ["told"]
pytestmark = pytest.mark.browser
PATHS = ("/", "/broadcasts", "/broadcasts/1", "/broadcasts/2", "/broadcasts/new")
LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture(autouse=True)
async def another(told: World) -> None:
    body = {"title": LONG, "phase": "investigating", "text": f"{LONG}\n\nB", "publish": True}
    status, made = await ask(told, "POST", "/broadcasts", {**body, "audience": "all"})
    assert status == 201, made
    more = {"phase": "identified", "text": "A draft."}
    assert (await ask(told, "POST", "/broadcasts/2/updates", more))[0] == 201


async def signed_in(chromium: Chromium, world: World, **options: Any) -> BrowserContext:
    context = await chromium.new_context(**options)
    session = await world.session("Bob", "responder")
    await context.add_cookies([{"name": "sentinel", "value": session, "url": world.url}])
    return context


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_and_nothing_is_too_wide(
    chromium: Chromium, told: World, width: int, scheme: Any
) -> None:
    context = await signed_in(
        chromium,
        told,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    )
    page = await context.new_page()
    for path in PATHS:
        await page.goto(f"{told.url}{path}")
        for fold in await page.locator("main summary").all():
            await fold.click()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert await grave_findings(page) == [], path


async def test_home_counts_down_to_the_second(chromium: Chromium, told: World) -> None:
    page = await (await signed_in(chromium, told)).new_page()
    await page.goto(told.url)
    left = page.locator("time[data-left]").first
    before = await left.inner_text()
    await expect(left).not_to_have_text(before)
    await expect(left).to_have_text(re.compile(r"^9 min \d+ s$"))


async def test_an_update_is_stopped_by_keyboard_alone(chromium: Chromium, told: World) -> None:
    page = await (await signed_in(chromium, told)).new_page()
    await page.goto(f"{told.url}/broadcasts")
    stop = page.get_by_role("button", name="Stop it").first
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await stop.evaluate("node => node === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Stopped. It never goes out.")).to_be_visible()
    assert await state_of(told) == "vetoed"
