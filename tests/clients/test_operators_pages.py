"""Tenants and contacts in the web interface and over the API."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from tests.clients.conftest import Shop
from tests.web.conftest import Browser

from sentinel.clients import subscribing
from sentinel.store import audit, clients
from sentinel.store.clients import Reached

ALICE = "alice@example.com"
WISH = {"severity": "info", "language": "en", "timezone": "UTC"}


@pytest.fixture
async def staff(shop: Shop) -> Browser:
    return await shop.browser.sign_in()


async def contacts(shop: Shop, **filters: Any) -> list[Reached]:
    return await shop.world.database.read(lambda conn: clients.contacts(conn, **filters))


async def added(shop: Shop, staff: Browser, **fields: str) -> Reached:
    values = {"tenant": "acme", "name": "Alice", "email": ALICE, **WISH, **fields}
    response, page = await staff.post("/clients", **values)
    assert response.status == 303, page
    return (await contacts(shop))[-1]


async def test_a_contact_is_added_changed_and_shown(shop: Shop, staff: Browser) -> None:
    one = await added(shop, staff)
    assert [(each.address, each.state) for each in one.live] == [(ALICE, "active")]
    path = f"/clients/{one.contact.id}"
    _, page = await staff.get(f"{path}/edit")
    assert ALICE in page
    await staff.post(path, **{**WISH, "name": "Alice B", "email": "a2@example.com"})
    _, page = await staff.get(path)
    assert "Alice B" in page
    assert "a2@example.com" in page
    assert "removed by admin" in page
    _, page = await staff.get("/clients?text=a2%40")
    assert "Alice B" in page


async def test_who_is_asked_first_hears_nothing_until_then(shop: Shop, staff: Browser) -> None:
    one = await added(shop, staff, confirm="on")
    assert [each.state for each in one.live] == ["pending"]
    await shop.browser.post(await shop.link("confirm"))
    assert [each.state for each in (await contacts(shop))[-1].live] == ["active"]


async def test_what_a_form_gets_wrong_is_said_and_kept(shop: Shop, staff: Browser) -> None:
    response, page = await staff.post("/clients", **{**WISH, "name": "Bob", "email": "nope"})
    assert response.status == 422
    assert "alice@example.com, found" in page
    assert 'value="Bob"' in page
    assert not await contacts(shop)


async def test_viewers_see_that_there_is_somebody_and_not_whom(shop: Shop, staff: Browser) -> None:
    one = await added(shop, staff)
    viewer = Browser(shop.world)
    await viewer.sign_in("viewer", "viewer")
    for path in ("/clients", "/clients?text=alice", f"/clients/{one.contact.id}"):
        _, page = await viewer.get(path)
        assert "a…@example.com" in page
        assert ALICE not in page
    for path in (f"/clients/{one.contact.id}/data", "/clients/export.csv", "/clients/new"):
        response, _ = await viewer.get(path)
        assert response.status == 403
    await viewer.http.close()


async def test_who_looks_at_contacts_is_in_the_audit_trail(shop: Shop, staff: Browser) -> None:
    one = await added(shop, staff)
    await staff.get(f"/clients/{one.contact.id}")
    await staff.get("/clients/export.csv")
    noted = await shop.world.database.read(audit.entries)
    assert [(each.actor, each.action) for each in noted[:2]] == [
        ("admin", "clients exported"),
        ("admin", "clients read"),
    ]


async def test_an_operator_can_not_bring_back_who_unsubscribed(shop: Shop, staff: Browser) -> None:
    from sentinel.clients import subscribing

    one = await added(shop, staff)
    number = one.live[0].id
    await shop.world.database.write(
        lambda conn: subscribing.unsubscribe(conn, number, subscribing.THE_CONTACT, 1.0)
    )
    response, page = await staff.post(
        f"/clients/{one.contact.id}/addresses", kind="email", address=ALICE
    )
    assert response.status == 422
    assert "has unsubscribed" in page
    # To ask is allowed: its holder decides.
    response, _ = await staff.post(
        f"/clients/{one.contact.id}/addresses", kind="email", address=ALICE, confirm="on"
    )
    assert response.status == 303


async def test_erased_is_erased(shop: Shop, staff: Browser) -> None:
    one = await added(shop, staff)
    await staff.post(f"/clients/{one.contact.id}/erase")
    response, _ = await staff.get(f"/clients/{one.contact.id}")
    assert response.status == 404
    noted = await shop.world.database.read(audit.entries)
    assert noted[0].detail == "a…@example.com"


async def test_a_list_of_thousands_goes_on_page_by_page(shop: Shop, staff: Browser) -> None:
    def fill(conn: Any) -> None:
        rows = [(f"Contact {number}", 1.0) for number in range(10_000)]
        conn.executemany(
            "INSERT INTO contacts (name, language, timezone, source, created)"
            " VALUES (?, 'en', 'UTC', 'managed', ?)",
            rows,
        )

    await shop.world.database.write(fill)
    _, page = await staff.get("/clients")
    assert "Contact 49<" in page
    assert "Contact 50<" not in page
    _, page = await staff.get("/clients?after=50")
    assert "Contact 50<" in page
    _, page = await staff.get("/clients?text=contact+9999")
    assert "Contact 9999" in page
    assert "Further" not in page


async def upload(staff: Browser, path: str, **fields: Any) -> tuple[int, str]:
    form = aiohttp.FormData({"csrf": staff.csrf})
    for name, value in fields.items():
        if isinstance(value, bytes):
            form.add_field(name, value, filename="clients.csv", content_type="text/csv")
        else:
            form.add_field(name, value, content_type="text/plain")
    headers = {"origin": staff.world.url}
    async with staff.http.post(
        staff.world.url + path, data=form, headers=headers, allow_redirects=False
    ) as response:
        return response.status, await response.text()


async def test_a_file_is_looked_at_before_it_is_taken(shop: Shop, staff: Browser) -> None:
    file = b"tenant,name,email\nacme,Alice,alice@example.com\nacme,Bob,bob@example.com\n"
    status, page = await upload(staff, "/clients/import", file=file)
    assert status == 200
    assert "This would add 2 contacts" in page
    assert not await contacts(shop)
    status, _ = await upload(staff, "/clients/import/take", text=file.decode())
    assert status == 303
    assert [each.contact.name for each in await contacts(shop)] == ["Alice", "Bob"]
    _, page = await upload(staff, "/clients/import", file=file)
    assert "This would add 0 contacts and change 0" in page


async def test_a_file_with_a_mistake_is_told_by_its_line(shop: Shop, staff: Browser) -> None:
    file = b"tenant,name,email\nacme,Alice,alice@example.com\nacme,Bob,nope\n"
    status, page = await upload(staff, "/clients/import", file=file)
    assert status == 422
    assert ">3<" in page
    assert "found &#39;nope&#39;" in page


async def test_a_file_from_another_site_is_not_taken(shop: Shop, staff: Browser) -> None:
    staff.csrf = "not ours"
    status, _ = await upload(staff, "/clients/import/take", text="email\na@example.com\n")
    assert status == 403


class Api:
    def __init__(self, shop: Shop, token: str) -> None:
        self._url = f"{shop.world.url}/api/v1"
        self._http = aiohttp.ClientSession(headers={"authorization": f"Bearer {token}"})

    async def __call__(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self._http.request(method, self._url + path, **options) as response:
            text = await response.text()
            return response.status, await response.json() if text else None

    async def close(self) -> None:
        await self._http.close()


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[Api]:
    api = Api(shop, await shop.world.token())
    yield api
    await api.close()


async def test_contacts_over_the_api(shop: Shop, api: Api) -> None:
    body = {"tenant": "acme", "name": "Alice", "email": [ALICE], "digest": "08:00"}
    status, made = await api("POST", "/clients", json=body)
    assert (status, made["contact"]["digest"]) == (201, 480)
    number = made["contact"]["id"]
    changed = {**body, "email": ["a2@example.com"], "severity": "critical"}
    status, now = await api("PUT", f"/clients/{number}", json=changed)
    assert (status, now["subscriptions"][-1]["severity"]) == (200, "critical")
    assert [each["state"] for each in now["subscriptions"]] == ["ended", "active"]
    _, page = await api("GET", "/clients?search=a2")
    assert [each["contact"]["name"] for each in page["items"]] == ["Alice"]
    _, dossier = await api("GET", f"/clients/{number}/dossier")
    assert [each["what"] for each in dossier["history"]][-1] == "added"
    status, reply = await api("DELETE", f"/clients/{number}", json={"address": "bob@example.com"})
    assert (status, "nothing was erased" in reply["error"]["text"]) == (400, True)
    assert (await api("DELETE", f"/clients/{number}"))[0] == 400
    # What it had before counts, in any form.
    status, _ = await api("DELETE", f"/clients/{number}", json={"address": "ALICE@example.com"})
    assert status == 204
    status, _ = await api("GET", f"/clients/{number}")
    assert status == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"email": ["x"]}, "e-mail address"),
        ({}, "at least one address"),
        ({"tenant": "nobody", "email": [ALICE]}, "tenant"),
        ({"email": [ALICE], "timezone": "Mars"}, "timezone"),
        ({"email": [ALICE], "name": "a\nBcc: x"}, "can't be seen"),
    ],
)
async def test_the_api_says_what_is_wrong(api: Api, body: dict[str, Any], said: str) -> None:
    status, reply = await api("POST", "/clients", json=body)
    assert status == 400
    assert said in reply["error"]["text"]


async def test_a_complaint_over_the_api_is_lifted_by_an_admin(shop: Shop, api: Api) -> None:
    await api("POST", "/clients", json={"email": [ALICE]})
    told = {"address": ALICE, "why": "complained"}
    assert (await api("POST", "/clients/bounces", json=told))[1]["ended"] == [1]
    assert (await api("POST", "/clients/1/addresses", json={"kind": "email", "address": ALICE}))[
        0
    ] == 400
    assert (await api("POST", "/clients/readmit", json={"address": ALICE}))[0] == 204
    added = {"kind": "email", "address": ALICE}
    status, reply = await api("POST", "/clients/1/addresses", json=added)
    assert (status, reply["state"]) == (201, "pending")


async def test_a_complaint_is_lifted_on_the_contacts_page(shop: Shop, staff: Browser) -> None:
    one = await added(shop, staff)
    number = one.live[0].id
    await shop.world.database.write(
        lambda conn: subscribing.lost(conn, "email", ALICE, "complained", "abuse", 1.0)
    )
    _, page = await staff.get(f"/clients/{one.contact.id}")
    path = f"/clients/{one.contact.id}/subscriptions/{number}/readmit"
    assert path in page
    response, _ = await staff.post(path)
    assert response.status == 303
    _, page = await staff.get(f"/clients/{one.contact.id}")
    assert path not in page
    assert "readmitted" in page


async def test_tenants_over_the_api(api: Api) -> None:
    status, _ = await api("PUT", "/clients/tenants/initech", json={"title": "Initech"})
    assert status == 200
    _, found = await api("GET", "/clients/tenants")
    assert [each["tenant"]["title"] for each in found["items"]] == ["Acme Ltd", "Globex", "Initech"]
    status, _ = await api("DELETE", "/clients/tenants/initech")
    assert status == 200
    status, reply = await api("DELETE", "/clients/tenants/acme")
    assert (status, "in the configuration" in reply["error"]["text"]) == (400, True)


async def test_an_import_over_the_api(shop: Shop, api: Api) -> None:
    body = {"csv": "email,name\nalice@example.com,Alice\n", "dry_run": True}
    status, looked = await api("POST", "/clients/import", json=body)
    assert (status, looked["taken"], looked["steps"][0]["what"]) == (200, False, "new")
    assert not await contacts(shop)
    _, taken = await api("POST", "/clients/import", json={**body, "dry_run": False})
    assert taken["taken"]
    _, exported = await api("GET", "/clients/export")
    _, again = await api("POST", "/clients/import", json={"csv": exported["csv"]})
    assert [each["what"] for each in again["steps"]] == ["same"]


async def test_a_complaint_over_the_api_ends_it(shop: Shop, api: Api) -> None:
    await api("POST", "/clients", json={"email": [ALICE]})
    body = {"address": ALICE, "why": "complained"}
    status, reply = await api("POST", "/clients/bounces", json=body)
    assert (status, reply["reports"], len(reply["ended"])) == (200, 1, 1)
    assert [one.state for one in (await contacts(shop))[0].subscriptions] == ["complained"]
