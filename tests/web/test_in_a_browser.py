"""The pages in Chromium, under their own policy."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import pytest
from playwright.async_api import Page, expect
from tests.chromium import a_chromium

from sentinel.api import Error, Status

from .conftest import PASSWORD, World

pytestmark = pytest.mark.browser
Event = Callable[..., Error]
WIDTHS = (1440, 360)
PATHS = (
    "/",
    "/errors",
    "/errors/codes",
    "/errors/1",
    "/errors/1/report",
    "/incidents",
    "/incidents/1",
    "/alerts",
    "/alerts/1",
    "/silences",
    "/silences/new?alert=1",
    "/snapshots",
    "/health",
    "/health/map",
    "/health/sentinel",
    "/on-call",
    "/actions",
    "/actions/test:channel:inbox",
    "/deliveries",
    "/deliveries/1",
    "/inbox",
    "/settings/users",
    "/settings/devices",
    "/settings/tokens",
    "/settings/projects",
    "/settings/plugins",
    "/settings/audit",
)


@pytest.fixture
async def page(world: World) -> AsyncIterator[Page]:
    """Fails the test if the console complained, above all of the policy."""
    async with a_chromium() as chromium:
        context = await chromium.new_context(viewport={"width": 1440, "height": 900})
        await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=world.url)
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert complaints == []


async def sign_in(world: World, page: Page) -> None:
    token = await world.session("Alice", "admin")
    await page.context.add_cookies([{"name": "sentinel", "value": token, "url": world.url}])


async def test_the_first_link_leads_home(world: World, page: Page) -> None:
    await page.goto(await world.first_link())
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Once more").fill(PASSWORD)
    await page.get_by_role("button", name="Set it and sign in").click()
    await expect(page.get_by_role("heading", name="Healthy")).to_be_visible()
    await expect(page.get_by_text("Send the first error")).to_be_visible()


async def test_no_page_scrolls_sideways(world: World, page: Page, event: Event) -> None:
    long = "https://shop.example.com/" + "a" * 300
    await world.accept(event(release="r" * 200), event("UNKNOWN_CODE", message=long))
    await world.accept(Status(status="down", component="smtp", message=long))
    await world.settle()
    await sign_in(world, page)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 740})
        for path in PATHS:
            await page.goto(world.url + path)
            beyond = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert beyond <= 0, (path, width)


async def test_the_first_screen_of_an_error_answers_all_questions(
    world: World, page: Page, event: Event
) -> None:
    await world.accept(event())
    await sign_in(world, page)
    await page.goto(f"{world.url}/errors/1")
    for text in ("Since", "What to do now", "Whom it hurts", "Why", "Incident"):
        await expect(page.get_by_text(text, exact=True).first).to_be_in_viewport()


async def test_targets_are_large_enough_for_a_finger(
    world: World, page: Page, event: Event
) -> None:
    await world.accept(event())
    await sign_in(world, page)
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(f"{world.url}/errors/1")
    small = await page.evaluate(
        """[...document.querySelectorAll("button, .button, nav a, summary, input, select")]
        .filter(one => one.checkVisibility())
        .map(one => [one.textContent.trim(), one.getBoundingClientRect()])
        .filter(([, box]) => box.height && (box.height < 24 || box.width < 24))
        .map(([text]) => text)"""
    )
    assert small == []


async def test_debug_info_is_copied(world: World, page: Page, event: Event) -> None:
    await world.accept(event())
    await sign_in(world, page)
    await page.goto(f"{world.url}/errors/1")
    await page.get_by_role("button", name="Copy debug info").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("# Debug report")
    assert "TWILIO_API_FAILURE" in copied


async def test_an_error_appears_without_a_reload(world: World, page: Page, event: Event) -> None:
    await sign_in(world, page)
    await page.goto(world.url)
    await page.evaluate("window.same = true")
    await world.accept(event())
    await world.settle()
    await expect(page.get_by_role("heading", name="Critical")).to_be_visible()
    await expect(page.get_by_role("link", name="Inbox")).to_contain_text("1")
    await expect(page.get_by_role("alert")).to_contain_text("TWILIO_API_FAILURE")
    assert await page.evaluate("window.same")


async def test_an_update_leaves_the_reader_where_they_are(
    world: World, page: Page, event: Event
) -> None:
    await world.accept(event())
    await sign_in(world, page)
    await page.goto(f"{world.url}/errors/1")
    await page.get_by_text("See that it is mended").click()
    await page.get_by_role("button", name="Ignore").focus()
    await world.accept(event(user={"id": "another"}))
    await expect(page.locator("#summary .facts")).to_contain_text("Users2")
    await expect(page.locator("details[open]", has_text="See that it is mended")).to_be_visible()
    await expect(page.get_by_role("button", name="Ignore")).to_be_focused()


async def test_search_answers_while_typing(world: World, page: Page, event: Event) -> None:
    await world.accept(event(), event("UNKNOWN_CODE", exception={"values": [{"type": "Boom"}]}))
    await sign_in(world, page)
    await page.goto(f"{world.url}/errors")
    await page.keyboard.press("/")
    await page.keyboard.type("twilio")
    await expect(page.get_by_role("link", name="Boom")).to_have_count(0)
    await expect(page.get_by_role("link", name="TwilioApiFailure")).to_be_visible()
    assert "text=twilio" in page.url


async def test_everything_is_reached_by_keyboard(world: World, page: Page, event: Event) -> None:
    await world.accept(event())
    await sign_in(world, page)
    await page.goto(world.url)
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Acknowledge")).to_be_focused()
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "2px"
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Alice, ")).to_be_visible()


async def test_a_chosen_theme_stays(world: World, page: Page) -> None:
    await sign_in(world, page)
    await page.goto(world.url)
    button = page.get_by_role("button", name="Theme")
    await button.click()
    await button.click()
    await expect(button).to_have_text("Theme: dark")
    await page.reload()
    ground = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(19, 23, 26)"


async def test_pages_work_without_scripts(world: World, page: Page, event: Event) -> None:
    await world.accept(event())
    token = await world.session("Alice", "admin")
    browser = page.context.browser
    assert browser is not None
    context = await browser.new_context(java_script_enabled=False)
    await context.add_cookies([{"name": "sentinel", "value": token, "url": world.url}])
    plain = await context.new_page()
    await plain.goto(f"{world.url}/errors?text=twilio")
    await plain.get_by_role("link", name="TwilioApiFailure").click()
    await plain.get_by_role("button", name="Resolve").click()
    await expect(plain.get_by_text("If it comes back")).to_be_visible()
    await expect(plain.get_by_role("button", name="Copy debug info")).to_be_hidden()


async def test_a_silence_is_set_on_a_phone_by_touch_and_by_keys(
    world: World, page: Page, event: Event
) -> None:
    await world.accept(event())
    await sign_in(world, page)
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(f"{world.url}/alerts/1")
    await page.get_by_role("link", name="Silence", exact=True).click()
    await expect(page.get_by_label("Matchers")).to_have_value(re.compile("TWILIO_API_FAILURE"))
    await page.get_by_role("radio", name="2h").press("ArrowRight")
    await expect(page.get_by_role("radio", name="4h")).to_be_checked()
    await page.get_by_label("Comment").fill("a drill")
    await page.get_by_role("button", name="See what it would keep quiet").click()
    await expect(page.get_by_role("heading", name="keep 1 alert quiet")).to_be_visible()
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 740})
        beyond = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert beyond <= 0, width
    # The page stays up to date under the address that the form was sent to.
    await world.accept(event(release="another"))
    await page.get_by_role("button", name="Silence for 4h").click()
    await expect(page.get_by_text("The silence is set.")).to_be_visible()
    await expect(page.get_by_role("cell", name="a drill")).to_be_visible()
    await page.get_by_role("button", name="End now").click()
    await expect(page.get_by_text("The silence is ended.")).to_be_visible()
    await expect(page.get_by_role("link", name="Set again")).to_be_visible()


async def test_hidden_tabs_give_their_connection_back(world: World, page: Page) -> None:
    await sign_in(world, page)
    await page.goto(world.url)
    async with asyncio.timeout(10):
        await _until(page, lambda: len(world.live._waiting) == 1)
        await page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        await _until(page, lambda: len(world.live._waiting) == 0)


async def _until(page: Page, holds: Callable[[], bool]) -> None:
    """Lets the browser work until it holds."""
    while not holds():
        await page.evaluate("new Promise(requestAnimationFrame)")
