"""The operators' pages in Chromium: small and wide, light and dark, by keyboard and by dragging."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect
from tests.chromium import grave_findings
from tests.on_call.crew import RULES

from sentinel.api import Error, Status
from sentinel.installation import Installation
from sentinel.store import overrides
from sentinel.web.on_call import leave_alone, put_override

from .conftest import World
from .on_call_world import an_override, installation_of, on_call_world

pytestmark = pytest.mark.browser
PATHS = (
    "/",
    "/incidents",
    "/incidents/1",
    "/errors",
    "/errors/1",
    "/alerts",
    "/alerts/1",
    "/health",
    "/health/sentinel",
    "/silences",
    "/silences/new",
    "/snapshots",
    "/monitors",
    "/changes",
    "/actions",
    "/inbox",
    "/deliveries",
    "/deliveries/1",
    "/on-call",
    "/on-call/calendar",
    "/on-call/calendar?week=2026-03-23",
    "/escalations?severity=info&at=2026-11-29T03:00",
    "/escalations/platform",
    "/settings/users",
    "/settings/devices",
    "/settings/tokens",
    "/settings/projects",
    "/settings/plugins",
    "/settings/audit",
)


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    rules = RULES.replace("on: error}", "on: error, labels: {severity: critical}}")
    return installation_of(tmp_path_factory.mktemp("crew"), rules)


@pytest.fixture
async def on_call(tmp_path: Path, crew: Installation) -> AsyncIterator[World]:
    async with on_call_world(tmp_path, crew) as world:
        yield world


async def opened(chromium: Chromium, world: World, **options: Any) -> Page:
    context = await chromium.new_context(timezone_id="America/New_York", **options)
    session = await world.session("Alice", "admin")
    await context.add_cookies([{"name": "sentinel", "value": session, "url": world.url}])
    return await context.new_page()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
async def test_axe_finds_nothing_serious_and_nothing_is_too_wide(
    chromium: Chromium,
    on_call: World,
    event: Callable[..., Error],
    width: int,
    scheme: Any,
) -> None:
    long = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
    now = on_call.clock.now()
    await put_override(on_call.services, an_override(now), "alice")
    await leave_alone(on_call.services, "alice", "2h", long)
    await on_call.accept(event(message=long), Status(status="down", component="db", message=long))
    viewport: Any = {"width": width, "height": 900}
    page = await opened(chromium, on_call, viewport=viewport, color_scheme=scheme, bypass_csp=True)
    for path in PATHS:
        response = await page.goto(on_call.url + path)
        assert response is not None
        assert response.status == 200, path
        beyond = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert beyond <= 0, path
        assert await grave_findings(page) == [], path


async def test_dragging_over_the_week_fills_in_the_form(chromium: Chromium, on_call: World) -> None:
    page = await opened(chromium, on_call, viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    # A week in which the clocks go forward: Monday noon is half a day of its 167 hours in.
    await page.goto(f"{on_call.url}/on-call/calendar?week=2027-03-22")
    box = await page.locator("svg.shifts[data-schedule=office]").bounding_box()
    assert box is not None
    places = [box["x"] + box["width"] * hours / 167 for hours in (12.02, 6 * 24 + 11.02)]
    await page.mouse.move(places[0], box["y"] + 20)
    await page.mouse.down()
    await page.mouse.move(places[1] - 40, box["y"] + 20)
    await expect(page.locator("rect.drawn")).to_have_count(1)
    await page.mouse.move(places[1], box["y"] + 20)
    await page.mouse.up()
    await expect(page.locator("rect.drawn")).to_have_count(0)
    await expect(page.locator("select[name=schedule]")).to_have_value("office")
    await expect(page.get_by_label("From, or now if empty")).to_have_value("2027-03-22T12:00")
    # By the clocks of London, an hour later than eleven hours into the Sunday.
    await expect(page.get_by_label("Until")).to_have_value("2027-03-28T12:00")
    await expect(page.get_by_label("Who is on call instead")).to_be_focused()
    assert complaints == []


async def test_a_finger_draws_over_the_week_as_a_mouse_does(
    chromium: Chromium, on_call: World
) -> None:
    page = await opened(chromium, on_call, viewport={"width": 1024, "height": 900}, has_touch=True)
    await page.goto(f"{on_call.url}/on-call/calendar?week=2026-11-23")
    box = await page.locator("svg.shifts[data-schedule=office]").bounding_box()
    assert box is not None
    hand = await page.context.new_cdp_session(page)

    async def touch(kind: str, *hours: float, down: float = 0) -> None:
        assert box is not None
        points = [
            {"x": box["x"] + box["width"] * one / 168, "y": box["y"] + 20 + down} for one in hours
        ]
        await hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    until = page.get_by_label("Until")
    # Up and down is the page's own: nothing is drawn.
    await touch("touchStart", 12)
    for down in (30, 60, 90):
        await touch("touchMove", 14, down=down)
    await touch("touchEnd")
    await expect(until).to_have_value("")
    await page.evaluate("scrollTo(0, 0)")
    await touch("touchStart", 12.02)
    for hours in (24, 48, 60.02):
        await touch("touchMove", hours)
    await touch("touchEnd")
    await expect(page.locator("select[name=schedule]")).to_have_value("office")
    await expect(page.get_by_label("From, or now if empty")).to_have_value("2026-11-23T12:00")
    await expect(until).to_have_value("2026-11-25T12:00")


async def test_an_override_is_set_and_taken_back_by_keys_alone(
    chromium: Chromium, on_call: World
) -> None:
    page = await opened(chromium, on_call, viewport={"width": 1440, "height": 900})
    await page.goto(f"{on_call.url}/on-call")
    await page.get_by_role("link", name="Let somebody stand in in primary").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{on_call.url}/on-call/calendar?schedule=primary#override")
    await page.get_by_label("Who is on call instead").focus()
    await page.keyboard.press("b")
    await page.get_by_label("Until").fill("2027-01-05T09:00")
    await page.get_by_label("Why").focus()
    await page.keyboard.type("a dentist")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The override is set")).to_be_visible()
    await expect(page.get_by_text("a dentist")).to_be_visible()
    await page.get_by_role("button", name="End now").press("Enter")
    await expect(page.get_by_text("Taken back. The form below")).to_be_visible()
    await expect(page.get_by_label("Why")).to_have_value("a dentist")
    now = on_call.clock.now()
    assert await on_call.database.read(lambda conn: overrides.lasting(conn, now)) == []


async def test_the_week_is_a_list_on_a_phone(chromium: Chromium, on_call: World) -> None:
    page = await opened(chromium, on_call, viewport={"width": 360, "height": 740})
    await page.goto(f"{on_call.url}/on-call/calendar?week=2026-11-23")
    await expect(page.locator("svg.shifts").first).to_be_hidden()
    rows = page.locator(".narrow table.week").first.locator("tbody tr")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("Mon 09:00")


async def test_open_pages_show_an_override_that_somebody_else_sets(
    chromium: Chromium, on_call: World
) -> None:
    page = await opened(chromium, on_call)
    await page.goto(f"{on_call.url}/on-call")
    await expect(page.get_by_text("an override")).to_have_count(0)
    now = on_call.clock.now()
    await put_override(on_call.services, an_override(now), "bob")
    await expect(page.get_by_text("an override")).to_have_count(1)


async def test_the_pages_work_without_scripts(chromium: Chromium, on_call: World) -> None:
    page = await opened(chromium, on_call, java_script_enabled=False)
    await page.goto(f"{on_call.url}/on-call/calendar")
    await page.get_by_label("Who is on call instead").select_option("bob")
    await page.get_by_label("Until").fill("2027-01-05T09:00")
    await page.get_by_role("button", name="Set the override").click()
    await expect(page.get_by_text("The override is set")).to_be_visible()
    await page.goto(f"{on_call.url}/escalations")
    await page.get_by_label("Severity").select_option("warning")
    await page.get_by_role("button", name="Show who is told").click()
    await expect(page.get_by_role("table")).to_be_visible()


async def test_the_html_of_a_message_is_framed_and_runs_nothing(
    chromium: Chromium, on_call: World, event: Callable[..., Error]
) -> None:
    await on_call.accept(event())
    page = await opened(chromium, on_call)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    await page.goto(f"{on_call.url}/deliveries")
    await page.get_by_role("link", name="TWILIO").last.click()
    await expect(page.get_by_role("heading", name="As it was sent")).to_be_visible()
    await page.get_by_text("As HTML").click()
    frame = page.frame_locator("iframe.letter")
    await expect(frame.get_by_text("Twilio").first).to_be_visible()
    assert complaints == []
