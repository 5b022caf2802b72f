"""What clients and operators see, in Chromium: small and wide, light and dark, by keyboard."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from tests.chromium import grave_findings
from tests.clients.conftest import Shop, text_of

from sentinel.clients import subscribing
from sentinel.clients.links import Links
from sentinel.model.client import Contact
from sentinel.store import clients

pytestmark = pytest.mark.browser
WIDTHS = (1440, 360)
LONG = "donaudampfschifffahrtselektrizitaetenhauptbetriebswerk" + "@" + "a" * 60 + ".example.com"


@pytest.fixture
async def paths(shop: Shop) -> tuple[str, ...]:
    """Every page, with a contact whose address does not want to be broken."""
    now = shop.world.clock.now()

    def fill(conn: Any) -> list[int]:
        wanted = Contact(id=0, tenant="acme", name="Alice", source="self", created=now)
        contact = clients.contact(conn, clients.add_contact(conn, wanted))
        assert contact is not None
        return [
            subscribing.add(
                conn, contact, kind, address, state=state, source="self", actor="x", now=now
            ).id
            for kind, address, state in (
                ("email", LONG, "active"),
                ("email", "bob@example.com", "pending"),
                ("webhook", "https://hooks.example.com/" + "x" * 200, "active"),
            )
        ]

    ids = await shop.world.database.write(fill)
    found = [
        await shop.world.database.read(lambda conn, id=id: clients.subscription(conn, id))
        for id in ids
    ]  # type: ignore[misc]
    links = Links(shop.world.signer, "")
    assert found[0] is not None
    assert found[1] is not None
    manage = links.manage(found[0].contact, now)
    return (
        "/subscribe",
        "/subscribe/nothing",
        links.confirm(found[1], now + 60),
        links.unsubscribe(found[0]),
        manage,
        f"{manage}?done=saved",
        f"{manage}/erase",
        "/clients",
        "/clients?tenant=acme",
        "/clients?text=nobody",
        f"/clients/{found[0].contact}",
        f"/clients/{found[0].contact}/edit",
        "/clients/new",
        "/clients/import",
    )


async def opened(chromium: Browser, shop: Shop, **options: Any) -> Page:
    context = await chromium.new_context(**options)
    token = await shop.world.session("Alice", "admin")
    await context.add_cookies([{"name": "sentinel", "value": token, "url": shop.world.url}])
    return await context.new_page()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(
    chromium: Browser, shop: Shop, paths: tuple[str, ...], width: int, scheme: Any
) -> None:
    page = await opened(
        chromium,
        shop,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    )
    for path in paths:
        await page.goto(shop.world.url + path)
        assert await grave_findings(page) == [], path


@pytest.mark.parametrize("width", WIDTHS)
async def test_nothing_is_wider_than_the_screen(
    chromium: Browser, shop: Shop, paths: tuple[str, ...], width: int
) -> None:
    page = await opened(chromium, shop, viewport={"width": width, "height": 900})
    for path in paths:
        await page.goto(shop.world.url + path)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path


async def test_the_whole_way_by_keyboard_without_scripts(chromium: Browser, shop: Shop) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{shop.world.url}/subscribe")
    await page.get_by_label("E-mail").focus()
    await page.keyboard.type("alice@example.com")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    await page.goto(shop.world.url + await shop.link("confirm"))
    await page.get_by_role("button", name="Confirm").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")
    await page.get_by_role("link", name="Preferences").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("Payments").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Save").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await expect(page.get_by_label("Payments")).to_be_checked()
    assert "Shop status" in text_of((await shop.mails())[0])


async def test_an_operator_imports_a_file(chromium: Browser, shop: Shop, tmp_path: Path) -> None:
    page = await opened(chromium, shop)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    file = tmp_path / "clients.csv"
    file.write_text('tenant,name,email\r\nacme,"Alice ""A"" <b>",alice@example.com\r\n')
    await page.goto(f"{shop.world.url}/clients/import")
    await page.get_by_label("File").set_input_files(file)
    await page.get_by_role("button", name="See what it would do").click()
    await expect(page.locator("#preview")).to_contain_text("add 1 contact")
    await page.get_by_role("button", name="Take them").click()
    await expect(page.get_by_role("status").first).to_contain_text("The contacts are taken.")
    await page.get_by_role("link", name='Alice "A" <b>').click()
    await expect(page.get_by_role("heading", level=1)).to_have_text('Alice "A" <b>')
    assert complaints == []
