"""The page Templates in Chromium: small and wide, light and dark."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from tests.chromium import grave_findings

from .conftest import World
from .test_templates import installed  # noqa: F401 - the same installation

pytestmark = pytest.mark.browser
PATHS = ("/settings/templates", "/settings/templates?template=fails", "/settings/templates?show=x")


async def opened(chromium: Browser, world: World, **options: Any) -> Page:
    context = await chromium.new_context(**options)
    token = await world.session()
    await context.add_cookies([{"name": "sentinel", "value": token, "url": world.url}])
    return await context.new_page()


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_and_nothing_is_too_wide(
    chromium: Browser, world: World, width: int, scheme: Any
) -> None:
    page = await opened(
        chromium,
        world,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    )
    for path in PATHS:
        await page.goto(world.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await grave_findings(page, frames=False) == [], path


async def test_the_html_is_shown_in_a_frame_that_runs_nothing(
    chromium: Browser, world: World
) -> None:
    page = await opened(chromium, world)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(f"{world.url}/settings/templates?template=-")
    frame = page.frame_locator("iframe.letter")
    await expect(frame.get_by_text("Text messages are not delivered")).to_be_visible()
    assert [text for text in said if "Content Security Policy" in text] == []


async def test_a_test_is_sent_by_keyboard(chromium: Browser, world: World) -> None:
    page = await opened(chromium, world)
    await page.goto(f"{world.url}/settings/templates?template=brief")
    await page.get_by_role("button", name="Send this as a test").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("It is on its way to you, marked as a test.")).to_be_visible()
