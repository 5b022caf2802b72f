"""The page in Chromium: small and wide, light and dark, by keyboard, and without scripts."""

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from tests.chromium import grave_findings
from tests.web.conftest import World

from sentinel.status.gathering import gather
from sentinel.web.status_export import export

from .tales import DAY, hear, status, tell, was

pytestmark = pytest.mark.browser
WIDTHS = (1440, 360)
PATHS = ("", "/incidents/1", "/components/text-messages", "/history", "/nothing/here")
LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture
async def page(chromium: Browser, world: World) -> Page:
    return await (await chromium.new_context()).new_page()


@pytest.fixture(autouse=True)
async def story(world: World) -> None:
    """All kinds of days and broadcasts, and a title that does not want to be broken."""
    now = time.time()

    def fill(conn: Any) -> None:
        was(conn, "sms-gw-7", "up", now - 80 * DAY, now - 40 * DAY)
        was(conn, "sms-gw-7", "down", now - 40 * DAY, now - 38 * DAY)
        was(conn, "sms-gw-7", "degraded", now - 30 * DAY, now - 29 * DAY)
        hear(conn, status("sms-gw-7", "up", now - 60))
        hear(conn, status("web-1", "down", now - 60))
        hear(conn, status("web-2", "up", now - 60))
        tell(
            conn,
            1,
            ("investigating", f"Late. {LONG}", now - 900),
            ("identified", "A\n\nB", now),
            title=f"Late {LONG}",
            components=("sms-gw-7",),
            severity="warning",
        )
        tell(
            conn,
            2,
            ("resolved", "Over.", now - DAY),
            ("postmortem", "Why.", now - 9),
            opened=now - 2 * DAY,
            ended=now - DAY,
        )
        tell(
            conn,
            3,
            ("scheduled", "Soon.", now - DAY),
            kind="maintenance",
            starts=now + DAY,
            ends=now + 2 * DAY,
        )

    await world.database.write(fill)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(
    chromium: Browser, world: World, width: int, scheme: Any
) -> None:
    context = await chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = await context.new_page()
    for path in PATHS:
        await page.goto(f"{world.url}/status{path}")
        assert await grave_findings(page) == [], path


@pytest.mark.parametrize("width", WIDTHS)
async def test_nothing_is_wider_than_the_screen(page: Page, world: World, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    for path in PATHS:
        await page.goto(f"{world.url}/status{path}")
        for fold in await page.locator("summary").all():
            await fold.click()
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path


async def test_links_are_large_enough_for_fingers(page: Page, world: World) -> None:
    await page.set_viewport_size({"width": 360, "height": 900})
    for path in PATHS:
        await page.goto(f"{world.url}/status{path}")
        for link in await page.locator("a:visible").all():
            box = await link.bounding_box()
            assert box is not None
            if box["x"] >= 0:
                assert box["height"] >= 24, (path, await link.inner_text())


async def test_a_narrow_screen_shows_thirty_days_and_says_so(page: Page, world: World) -> None:
    for width, days in ((1440, "90"), (700, "60"), (360, "30")):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.goto(f"{world.url}/status")
        shown = await page.locator(".scale").first.inner_text()
        assert shown.startswith(f"{days} days ago")


async def test_it_asks_for_no_script_and_breaks_no_policy(page: Page, world: World) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.resource_type))
    page.on("console", lambda message: said.append(message.text))
    for path in PATHS[:-1]:
        await page.goto(f"{world.url}/status{path}")
    assert set(asked) <= {"document", "stylesheet", "image"}
    assert said == []


async def test_it_works_with_scripts_switched_off_and_by_keyboard_alone(
    chromium: Browser, world: World
) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{world.url}/status")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.locator("a:focus", has_text="Text messages").count():
            break
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Text messages")
    await page.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(90)


async def test_where_the_focus_is_can_be_seen(page: Page, world: World) -> None:
    await page.goto(f"{world.url}/status")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"


async def test_bars_and_states_have_words_for_those_who_do_not_see(
    page: Page, world: World
) -> None:
    await page.goto(f"{world.url}/status")
    bars = page.get_by_role("img", name="Trouble on")
    assert await bars.count() >= 1
    await expect(page.locator("h1")).to_have_text("Some systems are out")


async def test_an_export_can_be_read_from_a_disk(page: Page, world: World, tmp_path: Path) -> None:
    config = world.services.setup.config
    found = config.status_page
    assert found is not None
    facts = await world.database.read(lambda conn: gather(conn, config, found, time.time(), None))
    export(tmp_path / "any where", facts, found, address="https://status.acme.example")
    await page.goto((tmp_path / "any where" / "index.html").as_uri())
    await page.get_by_role("link", name="Text messages").click()
    await expect(page.locator("h1")).to_have_text("Text messages")
    await page.get_by_role("link", name="Late").click()
    await expect(page.locator("h2", has_text="Time line")).to_be_visible()
    await page.get_by_role("link", name="Acme status").click()
    await expect(page.locator("h1")).to_have_text("Some systems are out")
    paper = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(244, 245, 243)"
