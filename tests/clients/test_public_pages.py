"""Signing up, confirming, choosing and leaving, over HTTP and a real mail server."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.clients.conftest import Shop, opened, text_of
from tests.notifiers.conftest import StartServer

from sentinel.clients.links import Links
from sentinel.model.client import Subscription
from sentinel.signing import Grant
from sentinel.store import client_history, clients

ALICE = "alice@example.com"


async def subscriptions(shop: Shop, address: str = ALICE) -> list[Subscription]:
    found = await shop.world.database.read(lambda conn: clients.at_address(conn, "email", address))
    return [one for _, one in found]


async def subscribed(shop: Shop, address: str = ALICE) -> Subscription:
    """Somebody who has signed up and confirmed."""
    await shop.browser.post("/subscribe", address=address)
    await shop.browser.post(await shop.link("confirm"))
    return (await subscriptions(shop, address))[-1]


async def test_who_signs_up_is_told_only_after_the_button_of_the_mail(shop: Shop) -> None:
    response, page = await shop.browser.get("/subscribe")
    assert response.status == 200
    assert "Subscribe to updates" in page
    await shop.browser.post("/subscribe", address="Alice@Example.com", name="Alice")
    assert [one.state for one in await subscriptions(shop)] == ["pending"]
    link = await shop.link("confirm")

    response, page = await shop.browser.get(link)
    assert (response.status, [one.state for one in await subscriptions(shop)]) == (200, ["pending"])
    assert ALICE in page

    response, page = await shop.browser.post(link)
    assert (response.status, [one.state for one in await subscriptions(shop)]) == (200, ["active"])
    assert "You are subscribed" in page


async def test_a_link_that_is_used_twice_says_the_same(shop: Shop) -> None:
    await shop.browser.post("/subscribe", address=ALICE)
    link = await shop.link("confirm")
    pages = [(await shop.browser.post(link))[1] for _ in range(2)]
    assert pages[0] == pages[1]
    assert len(await subscriptions(shop)) == 1


async def test_nobody_learns_who_is_subscribed(shop: Shop) -> None:
    _, unknown = await shop.browser.post("/subscribe", address=ALICE)
    await shop.browser.post(await shop.link("confirm"))
    response, known = await shop.browser.post("/subscribe", address=ALICE)
    assert (response.status, known) == (200, unknown)
    mail = (await shop.mails())[-1]
    assert "They already are" in text_of(mail)
    assert "/manage/" in text_of(mail)


async def test_a_victim_gets_a_few_mails_a_day_however_many_ask(shop: Shop) -> None:
    pages = set()
    for _ in range(6):
        response, page = await shop.browser.post("/subscribe", address=ALICE)
        pages.add((response.status, page))
    assert len(await shop.mails()) == 3
    assert len(pages) == 1


async def test_a_network_that_signs_up_many_is_told_to_wait(shop: Shop) -> None:
    for number in range(6):
        await shop.browser.post("/subscribe", address=f"bob{number}@example.com")
    response, _ = await shop.browser.post("/subscribe", address="bob7@example.com")
    assert response.status == 429
    assert response.headers["retry-after"] == "3600"
    assert len(await shop.mails()) == 6


async def test_nothing_that_a_stranger_wrote_is_in_the_mail(shop: Shop) -> None:
    await shop.browser.post("/subscribe", address=ALICE, name="Buy at http://evil.example")
    mail = (await shop.mails())[-1]
    assert "evil" not in mail.as_string()
    assert mail["To"] == ALICE


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b@c.example",
        "alice@example.com\r\nBcc: bob@example.com",
        "alice@example.com, bob@example.com",
        "alice\x00@example.com",
        "\N{RIGHT-TO-LEFT OVERRIDE}alice@example.com",
        "a" * 70 + "@example.com",
        "alice@" + "x" * 300 + ".com",
        "https://10.0.0.1/hook",
    ],
)
async def test_what_is_no_address_is_refused_and_nothing_is_sent(shop: Shop, address: str) -> None:
    response, page = await shop.browser.post("/subscribe", address=address)
    assert response.status == 422
    assert 'role="alert"' in page
    assert "This is no e-mail address." in page
    assert not await shop.mails()


@pytest.mark.parametrize("verb", ["confirm", "manage", "unsubscribe", "subscribe"])
@pytest.mark.parametrize("how", ["forged", "cut", "another purpose", "expired", "another object"])
async def test_links_that_are_not_ours_open_nothing(shop: Shop, verb: str, how: str) -> None:
    one = await subscribed(shop)
    signer, now = shop.world.signer, shop.world.clock.now()
    good = Links(signer, "").unsubscribe(one).rpartition("/")[2]
    token = {
        "forged": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "cut": good[:20],
        "another purpose": signer.sign(Grant("acknowledge", f"subscription:{one.id}", "", 0)),
        "expired": signer.sign(Grant("manage", f"contact:{one.contact}", "", int(now) - 1)),
        "another object": signer.sign(Grant("manage", "incident:1", "", 0)),
    }[how]
    for ask in (shop.browser.get, shop.browser.post):
        response, page = await ask(f"/{verb}/{token}")
        assert response.status in (404, 410)
        assert "can&#39;t be used" in page
    assert [one.state for one in await subscriptions(shop)] == ["active"]


async def test_a_link_to_confirm_runs_out(shop: Shop) -> None:
    await shop.browser.post("/subscribe", address=ALICE)
    one = (await subscriptions(shop))[0]
    link = Links(shop.world.signer, "").confirm(one, shop.world.clock.now() - 1)
    response, _ = await shop.browser.post(link)
    assert response.status == 410
    assert (await subscriptions(shop))[0].state == "pending"


async def test_an_old_link_does_not_confirm_again_what_was_ended(shop: Shop) -> None:
    await shop.browser.post("/subscribe", address=ALICE)
    link = await shop.link("confirm")
    await shop.browser.post(link)
    one = (await subscriptions(shop))[0]
    await shop.browser.post(Links(shop.world.signer, "").unsubscribe(one))
    await shop.browser.post("/subscribe", address=ALICE)
    response, _ = await shop.browser.post(link)
    assert response.status == 410
    assert [one.state for one in await subscriptions(shop)] == ["ended", "pending"]


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"data": b"--x\r\n\r\nx\r\n--x--", "headers": {"content-type": "multipart/form-data"}},
        {},
    ],
)
async def test_one_click_unsubscribes_without_cookie_or_form_token(
    shop: Shop, body: dict[str, object]
) -> None:
    one = await subscribed(shop)
    url = Links(shop.world.signer, shop.world.url).unsubscribe(one)
    async with aiohttp.ClientSession() as stranger, stranger.post(url, **body) as response:  # type: ignore[arg-type]
        assert response.status == 200
    assert [one.state for one in await subscriptions(shop)] == ["ended"]


async def test_to_look_at_the_page_unsubscribes_nobody(shop: Shop) -> None:
    one = await subscribed(shop)
    path = Links(shop.world.signer, "").unsubscribe(one)
    for ask in (shop.browser.http.get, shop.browser.http.head):
        async with ask(shop.world.url + path) as response:
            assert response.status == 200
    assert [one.state for one in await subscriptions(shop)] == ["active"]


async def test_preferences_are_kept_and_stand_against_the_configuration(shop: Shop) -> None:
    one = await subscribed(shop)
    manage = Links(shop.world.signer, "").manage(one.contact, shop.world.clock.now())
    _, page = await shop.browser.get(manage)
    assert "Payments" in page
    assert "ledger" not in page
    response, _ = await shop.browser.post(
        manage,
        part="payments",
        severity="critical",
        language="en",
        timezone="Europe/London",
        quiet_from="22:00",
        quiet_until="07:00",
        digest="08:30",
    )
    assert response.status == 303
    contact, kept = (
        await shop.world.database.read(lambda conn: clients.at_address(conn, "email", ALICE))
    )[0]
    assert (kept.components, kept.severity) == (("payments", "ledger"), "critical")
    assert (contact.timezone, contact.digest) == ("Europe/London", 510)
    assert contact.quiet is not None
    assert (contact.quiet.start, contact.quiet.end) == (1320, 420)
    assert contact.chosen is not None
    history = await shop.world.database.read(lambda conn: client_history.changes(conn, contact.id))
    assert [one.what for one in history] == ["preferences", "confirmed", "asked for"]
    assert "127.0.0.1" in history[1].detail


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("language", "xx"),
        ("severity", "fatal"),
        ("quiet_from", "25:00"),
        ("quiet_from", "22:00"),
        ("digest", "noon"),
    ],
)
async def test_a_preference_that_can_not_be_is_refused(shop: Shop, field: str, value: str) -> None:
    one = await subscribed(shop)
    manage = Links(shop.world.signer, "").manage(one.contact, shop.world.clock.now())
    sound = {"severity": "info", "language": "en", "timezone": "UTC"}
    response, page = await shop.browser.post(manage, **{**sound, field: value})
    assert response.status == 422
    assert 'role="alert"' in page


async def test_another_address_hears_nothing_until_it_is_confirmed(shop: Shop) -> None:
    one = await subscribed(shop)
    manage = Links(shop.world.signer, "").manage(one.contact, shop.world.clock.now())
    await shop.browser.post(f"{manage}/add", kind="email", address="bob@example.com")
    assert [each.state for each in await subscriptions(shop, "bob@example.com")] == ["pending"]
    await shop.browser.post(await shop.link("confirm"))
    assert [each.state for each in await subscriptions(shop, "bob@example.com")] == ["active"]


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/x", "https://localhost/x", "http://example.com/", "https://[::1]/"]
)
async def test_a_webhook_to_a_private_address_is_refused(shop: Shop, url: str) -> None:
    one = await subscribed(shop)
    manage = Links(shop.world.signer, "").manage(one.contact, shop.world.clock.now())
    response, _ = await shop.browser.post(f"{manage}/add", kind="webhook", address=url)
    assert response.status == 422


async def test_the_secret_of_a_webhook_is_shown_once_to_who_confirms_it(shop: Shop) -> None:
    one = await subscribed(shop)
    manage = Links(shop.world.signer, "").manage(one.contact, shop.world.clock.now())
    url = "https://hooks.example.com/x"
    _, page = await shop.browser.post(f"{manage}/add", kind="webhook", address=url)
    assert "whsec_" not in page
    found = await shop.world.database.read(lambda conn: clients.at_address(conn, "webhook", url))
    link = Links(shop.world.signer, "").confirm(found[0][1], shop.world.clock.now() + 60)
    pages = [(await shop.browser.post(link))[1] for _ in range(2)]
    assert ["whsec_" in page for page in pages] == [True, False]


async def test_one_contact_can_not_end_the_subscription_of_another(shop: Shop) -> None:
    alice = await subscribed(shop)
    await subscribed(shop, "bob@example.com")
    bob = (await subscriptions(shop, "bob@example.com"))[0]
    manage = Links(shop.world.signer, "").manage(alice.contact, shop.world.clock.now())
    await shop.browser.post(f"{manage}/remove", subscription=str(bob.id))
    assert [one.state for one in await subscriptions(shop, "bob@example.com")] == ["active"]
    await shop.browser.post(f"{manage}/remove", subscription=str(alice.id))
    assert [one.state for one in await subscriptions(shop)] == ["ended"]


async def test_a_contact_takes_its_data_and_erases_it(shop: Shop) -> None:
    one = await subscribed(shop)
    manage = Links(shop.world.signer, "").manage(one.contact, shop.world.clock.now())
    response, text = await shop.browser.get(f"{manage}/data")
    assert response.headers["content-disposition"].startswith("attachment")
    data = json.loads(text)
    assert [each["address"] for each in data["subscriptions"]] == [ALICE]
    assert [each["subject"] for each in data["messages"]] == [
        "Please confirm: updates from Shop status"
    ]
    await shop.browser.get(f"{manage}/erase")
    assert await subscriptions(shop)
    await shop.browser.post(f"{manage}/erase")
    assert not await subscriptions(shop)
    response, _ = await shop.browser.get(manage)
    assert response.status == 410

    def traces(conn: Any) -> int:
        places = (
            ("deliveries", "address"),
            ("deliveries", "receipt"),
            ("client_history", "detail"),
            ("contacts", "name"),
            ("audit", "detail"),
        )
        counts = (
            conn.execute(f"SELECT count(*) FROM {table} WHERE {column} LIKE '%alice%'").fetchone()
            for table, column in places
        )
        return sum(row[0] for row in counts)

    assert await shop.world.database.read(traces) == 0


async def test_the_link_of_a_tenant_makes_its_contacts(
    tmp_path: Path, start_server: StartServer
) -> None:
    async with opened(tmp_path, start_server, "tenant-only") as shop:
        response, _ = await shop.browser.get("/subscribe")
        assert response.status == 404
        link = Links(shop.world.signer, "").sign_up("acme", 0)
        await shop.browser.post(link, address=ALICE)
        found = await shop.world.database.read(
            lambda conn: clients.at_address(conn, "email", ALICE)
        )
        assert [contact.tenant for contact, _ in found] == ["acme"]
        response, _ = await shop.browser.get(Links(shop.world.signer, "").sign_up("acme", 1))
        assert response.status == 410


async def test_where_nobody_may_sign_up_the_page_says_so(
    tmp_path: Path, start_server: StartServer
) -> None:
    async with opened(tmp_path, start_server, '"off"') as shop:
        for ask in (shop.browser.get, shop.browser.post):
            response, page = await ask("/subscribe")
            assert response.status == 404
            assert "Nobody can sign up here" in page
