"""What an open page tells of new messages: a note, and for a critical one a sound."""

from collections.abc import AsyncIterator, Callable

import pytest
from playwright.async_api import Page, expect
from tests.chromium import a_chromium

from sentinel.api import Error
from sentinel.model.delivery import DeliveryIntent, Recipient
from sentinel.store import deliveries

from .conftest import World

pytestmark = pytest.mark.browser
Event = Callable[..., Error]
# Chromium here has no loudspeaker: what would be heard is counted.
_LISTEN = """
    window.tones = 0;
    OscillatorNode.prototype.start = function () { window.tones += 1; };
    OscillatorNode.prototype.stop = () => undefined;
"""


@pytest.fixture
async def page(world: World) -> AsyncIterator[Page]:
    async with a_chromium() as chromium:
        context = await chromium.new_context(viewport={"width": 360, "height": 740})
        token = await world.session("Alice", "admin")
        await context.add_cookies([{"name": "sentinel", "value": token, "url": world.url}])
        await context.add_init_script(_LISTEN)
        page = await context.new_page()
        yield page


async def send_info(world: World) -> None:
    intent = DeliveryIntent(
        recipient=Recipient("inbox"), reason="test", incident=None, severity="info", at=0.0
    )
    await world.database.write(lambda conn: deliveries.enqueue(conn, intent, world.clock.now()))
    world.outbox.notify(("inbox",))
    await world.settle()


async def touched(world: World, page: Page) -> None:
    """An open page that its reader has touched, so that it may make sounds."""
    await page.goto(world.url)
    await page.get_by_role("heading").first.click()


async def test_a_critical_message_is_read_out_and_rings(
    world: World, page: Page, event: Event
) -> None:
    await touched(world, page)
    await world.accept(event())
    await world.settle()
    await expect(page.locator("#toasts[role=alert]")).to_contain_text("TWILIO_API_FAILURE")
    await expect(page.locator("#notes")).to_be_empty()
    assert await page.evaluate("window.tones") == 2


async def test_any_other_message_is_a_note_without_a_sound(world: World, page: Page) -> None:
    await touched(world, page)
    await send_info(world)
    await expect(page.locator("#notes[role=status]")).to_contain_text("Test message")
    await expect(page.locator("#toasts")).to_be_empty()
    assert await page.evaluate("window.tones") == 0


async def test_a_page_that_nobody_has_touched_makes_no_sound(
    world: World, page: Page, event: Event
) -> None:
    await page.goto(world.url)
    await world.accept(event())
    await world.settle()
    await expect(page.locator("#toasts")).to_contain_text("TWILIO_API_FAILURE")
    assert await page.evaluate("window.tones") == 0


async def test_the_sound_can_be_switched_off_for_good(
    world: World, page: Page, event: Event
) -> None:
    await page.goto(f"{world.url}/inbox")
    switch = page.get_by_role("button", name="Sound for critical messages")
    await expect(switch).to_have_attribute("aria-pressed", "true")
    await switch.click()
    await page.reload()
    await expect(switch).to_have_attribute("aria-pressed", "false")
    await touched(world, page)
    await world.accept(event())
    await world.settle()
    await expect(page.locator("#toasts")).to_contain_text("TWILIO_API_FAILURE")
    assert await page.evaluate("window.tones") == 0


async def test_what_was_there_before_is_no_news(world: World, page: Page, event: Event) -> None:
    await world.accept(event())
    await world.settle()
    await touched(world, page)
    await send_info(world)
    await expect(page.locator("#notes")).to_contain_text("Test message")
    await expect(page.locator("#toasts")).to_be_empty()


async def test_a_note_is_closed_and_leads_to_what_it_tells_of(
    world: World, page: Page, event: Event
) -> None:
    await touched(world, page)
    await world.accept(event())
    await world.settle()
    await expect(page.locator("#toasts a")).to_have_attribute("href", "/incidents/1")
    await page.locator("#toasts").get_by_role("button", name="Close").click()
    await expect(page.locator("#toasts")).to_be_empty()


async def test_whoever_wants_no_motion_sees_none(world: World, page: Page, event: Event) -> None:
    await page.emulate_media(reduced_motion="reduce")
    await touched(world, page)
    await world.accept(event())
    await world.settle()
    await expect(page.locator("#toasts .toast")).to_have_css("animation-name", "none")
