"""The page as the daemon serves it."""

import asyncio
import gzip
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any
from xml.etree import ElementTree as Xml

import brotli
import msgspec
import pytest
from aiohttp import ClientResponse, ClientSession
from tests.web.conftest import Browser, World

from sentinel.errors import StoreError
from sentinel.signing import Grant
from sentinel.status import links
from sentinel.store import status as store
from sentinel.web import status as served
from sentinel.web import status_copies
from sentinel.web.public import PublicPages
from sentinel.web.status_copies import Copies, Kept

from .conftest import PARTS
from .tales import hear, say, status, tell

Begin = Callable[..., Awaitable[World]]
HOSTILE = "<img src=x onerror=alert(1)>\"'</title><script>alert(2)</script>\u202e"
PATHS = ("", "/history", "/feed.rss", "/feed.atom", "/status.json", "/badge.svg")


async def get(
    world: World, path: str = "", method: str = "GET", **headers: str
) -> tuple[ClientResponse, bytes]:
    named = {"accept-encoding": "identity"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        ClientSession(auto_decompress=False) as session,
        session.request(
            method, f"{world.url}/status{path}", headers=named, allow_redirects=False
        ) as response,
    ):
        return response, await response.read()


async def told(world: World, *said: Any, number: int = 1, **more: Any) -> None:
    await world.database.write(lambda conn: tell(conn, number, *said, **more))
    forget(world)


def forget(world: World) -> None:
    world.app.state.status.forget()


def now() -> float:
    return time.time()


async def test_everybody_may_read_it(world: World) -> None:
    response, body = await get(world)
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert b"Text messages" in body


async def test_without_a_section_there_is_nothing(begin: Begin) -> None:
    world = await begin("")
    for path in (*PATHS, "/t/abc", "/theme.css"):
        response, body = await get(world, path)
        assert response.status == 404
        assert b"no status page" in body


async def test_an_unknown_address_is_answered_kindly(world: World) -> None:
    for path in ("/incidents/1", "/incidents/x", "/components/gw", "/history/1999-01", "/a/b/c"):
        response, body = await get(world, path)
        assert (response.status, b"Nothing here" in body) == (404, True)


async def test_a_slash_at_the_end_leads_to_the_page(world: World) -> None:
    response, _ = await get(world, "/")
    assert (response.status, response.headers["location"]) == (308, "/status")


async def test_it_is_packed_as_the_browser_likes_it(world: World) -> None:
    _, plain = await get(world)
    response, packed = await get(world, accept_encoding="gzip, br")
    assert response.headers["content-encoding"] == "br"
    assert brotli.decompress(packed) == plain
    response, packed = await get(world, accept_encoding="gzip;q=0.5, br;q=0")
    assert gzip.decompress(packed) == plain
    assert response.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", "identity"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;q=1.0", "gzip"),
        ("br;q=0, gzip; q=0.0", "identity"),
        ("br ; q = 0.000, gzip", "gzip"),
        ("nonsense;;;,,", "identity"),
    ],
)
def test_encodings_are_chosen_as_they_are_accepted(accepted: str, encoding: str) -> None:
    assert served.chosen(accepted, {"br", "gzip", "identity"}) == encoding


async def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    response, _ = await get(world, accept_encoding="br")
    mark = response.headers["etag"]
    for given in (mark, f"W/{mark}", f'"other", {mark}'):
        response, body = await get(world, accept_encoding="br", if_none_match=given)
        assert (response.status, body) == (304, b"")
    await told(world, ("investigating", "Late.", now()))
    response, _ = await get(world, accept_encoding="br", if_none_match=mark)
    assert response.status == 200


async def test_it_may_be_kept_for_a_short_while(world: World) -> None:
    response, _ = await get(world)
    assert "public" in response.headers["cache-control"]
    assert "stale-while-revalidate" in response.headers["cache-control"]


async def test_a_head_has_the_headers_alone(world: World) -> None:
    response, body = await get(world, method="HEAD")
    assert (response.status, body) == (200, b"")
    assert response.headers["etag"]


async def test_it_runs_no_script_and_says_so(world: World) -> None:
    response, body = await get(world)
    policy = response.headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert b"<script" not in body
    assert b" style=" not in body


@pytest.mark.parametrize("path", ["/badge.svg", "/feed.rss", "/api/v2/summary.json"])
async def test_other_sites_may_show_badges_feeds_and_data(world: World, path: str) -> None:
    response, _ = await get(world, path)
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_every_document_is_there_and_well_formed(world: World) -> None:
    await told(world, ("investigating", "Late.", now()), components=("sms-gw-7",))
    for path in (
        *PATHS,
        "/incidents/1",
        "/components/website",
        "/badges/text-messages.svg",
        "/api/v2/status.json",
        "/api/v2/components.json",
        "/api/v2/incidents.json",
        "/api/v2/incidents/unresolved.json",
        "/api/v2/scheduled-maintenances.json",
        "/api/v2/scheduled-maintenances/upcoming.json",
        "/api/v2/scheduled-maintenances/active.json",
    ):
        response, body = await get(world, path)
        assert response.status == 200, path
        if path.endswith(".json"):
            msgspec.json.decode(body)
        elif path.endswith((".svg", ".rss", ".atom")):
            Xml.fromstring(body)


async def test_the_first_load_is_small(world: World) -> None:
    for number in range(1, 8):
        text = f"We look into what ails part {number}. " * 8
        await told(world, ("investigating", text, now() - number), number=number)
    sizes = {"identity": 0, "br": 0}
    for encoding in sizes:
        _, page = await get(world, accept_encoding=encoding)
        sizes[encoding] = len(page)
    _, page = await get(world)
    for address in re.findall(r'rel="stylesheet" href="([^"]+)"', page.decode()):
        async with ClientSession() as session, session.get(world.url + address) as response:
            assert response.status == 200
            style = await response.read()
        sizes = {name: size + len(style) for name, size in sizes.items()}
    assert sizes["identity"] <= 25_000
    assert sizes["br"] <= 12_000


async def test_hostile_text_stays_text(world: World) -> None:
    await told(world, ("investigating", HOSTILE, now()), title=HOSTILE)
    for path in ("", "/incidents/1", "/history", "/feed.rss", "/feed.atom"):
        _, body = await get(world, path)
        assert b"<img src=x" not in body
        assert b"<script" not in body
        assert "\u202e".encode() not in body
        assert b"alert(2)" in body


async def test_nothing_from_inside_is_told(world: World) -> None:
    """Names, hosts, codes, messages and tenants that are planted everywhere."""

    def plant(conn: sqlite3.Connection) -> None:
        message = "planted-host.internal refused: PLANTED_CODE for planted-tenant"
        for name in ("sms-gw-7", "planted-component"):
            hear(conn, status(name, "down", now() - 60, message=message, host="planted-host"))
            one = status(name, "down", now() - 60, tenant="planted-tenant", environment="planted")
            hear(conn, one)
        tell(
            conn,
            1,
            ("investigating", "planted-text", now()),
            audience="affected",
            tenants=("planted-tenant",),
            title="planted-title",
        )
        shown = tell(
            conn,
            2,
            ("investigating", "Late.", now()),
            rule="planted-rule",
            components=("sms-gw-7", "planted-component"),
            origin="planted-origin",
        )
        say(conn, shown, 900, "identified", "planted-draft", now(), "draft")
        say(conn, shown, 901, "identified", "planted-held", now(), "held")
        say(conn, shown, 902, "identified", "planted-veto", now(), "vetoed")

    await world.database.write(plant)
    forget(world)
    site = world.app.state.status
    copy = await site._copies.copy("")
    paths = list(copy.site.paths())
    assert "incidents/2" in paths
    for path in paths:
        _, body = await get(world, f"/{path}" if path else "")
        text = body.decode().lower()
        for secret in ("planted", "sms-gw-7", "ledger-db", "web-1"):
            assert secret not in text, path
    response, _ = await get(world, "/incidents/1")
    assert response.status == 404


async def _link(world: World, tenant: str = "acme", **more: Any) -> str:
    def make(conn: sqlite3.Connection) -> str:
        generation = store.generation(conn, tenant)
        return links.token(world.signer, tenant, generation, **more)

    return await world.database.write(make)


async def test_a_tenant_reads_what_concerns_it_by_its_link(world: World) -> None:
    await told(
        world,
        ("investigating", "Only Acme.", now()),
        audience="affected",
        tenants=("acme",),
        components=("sms-gw-7",),
    )
    _, body = await get(world)
    assert b"Only Acme." not in body
    response, body = await get(world, f"/t/{await _link(world)}")
    assert response.status == 200
    assert b"Only Acme." in body
    _, body = await get(world, f"/t/{await _link(world, 'globex')}")
    assert b"Only Acme." not in body


async def test_links_on_a_tenants_page_lead_to_the_tenants_pages(world: World) -> None:
    token = await _link(world)
    _, body = await get(world, f"/t/{token}")
    for address in re.findall(r'href="(/status[^"]*)"', body.decode()):
        assert address.startswith((f"/status/t/{token}", "/status/theme.css", "/status/logo"))
        async with ClientSession() as session, session.get(world.url + address) as response:
            assert response.status == 200, address


async def test_a_tenants_page_is_kept_by_nobody_else(world: World) -> None:
    response, body = await get(world, f"/t/{await _link(world)}")
    assert "private" in response.headers["cache-control"]
    assert response.headers["referrer-policy"] == "no-referrer"
    assert b"noindex" in body


async def test_a_link_that_was_taken_back_opens_nothing(world: World) -> None:
    token = await _link(world)
    assert (await get(world, f"/t/{token}"))[0].status == 200
    await world.database.write(lambda conn: store.take_back(conn, "acme"))
    forget(world)
    for path in ("", "/history", "/feed.rss", "/api/v2/summary.json"):
        response, body = await get(world, f"/t/{token}{path}")
        assert response.status == 403
        assert b"taken back" in body
    assert (await get(world, f"/t/{await _link(world)}"))[0].status == 200


async def test_a_link_that_ran_out_opens_nothing(world: World) -> None:
    response, body = await get(world, f"/t/{await _link(world, expires=now() - 1)}")
    assert (response.status, b"expired" in body) == (403, True)


async def test_forged_links_and_those_for_something_else_open_nothing(world: World) -> None:
    token = await _link(world)
    other = world.signer.sign(Grant("manage", "tenant:acme", "0", 0))
    of_contact = world.signer.sign(Grant("status", "contact:7", "0", 0))
    for bad in (token[:-1], token[:-2] + "AA", "x", "é", other, of_contact, "A" * 600):
        response, body = await get(world, f"/t/{bad}")
        assert (response.status, b"opens nothing" in body) == (403, True), bad


async def test_a_page_for_links_alone_is_closed_to_the_public(begin: Begin) -> None:
    world = await begin(PARTS.replace("status_page:", "status_page:\n  audience: token"))
    for path in PATHS:
        response, body = await get(world, path)
        assert (response.status, b"Text messages" in body) == (403, False)
    assert (await get(world, f"/t/{await _link(world)}"))[0].status == 200
    assert (await get(world, "/theme.css"))[0].status == 200


async def test_links_are_made_and_taken_back_over_the_api(world: World) -> None:
    await world.database.write(
        lambda conn: conn.execute("INSERT INTO tenants VALUES ('acme', 'Acme', 'managed', 1)")
    )
    headers = {"authorization": f"Bearer {await world.token('Alice', 'responder')}"}
    address = f"{world.url}/api/v1/tenants/acme/status-link"
    async with ClientSession(headers=headers) as session:
        async with session.post(address, json={}) as response:
            assert response.status == 201
            url = (await response.json())["url"]
        async with session.get(url) as response:
            assert response.status == 200
        async with session.delete(address) as response:
            assert response.status == 200
        async with session.get(url) as response:
            assert response.status == 403
        async with session.post(address.replace("acme", "nobody"), json={}) as response:
            assert response.status == 404


async def test_a_viewer_makes_no_links(world: World) -> None:
    headers = {"authorization": f"Bearer {await world.token('Bob', 'viewer')}"}
    address = f"{world.url}/api/v1/tenants/acme/status-link"
    async with ClientSession(headers=headers) as session, session.post(address, json={}) as said:
        assert said.status == 403


async def test_it_is_served_while_the_store_is_locked(world: World) -> None:
    blocking = sqlite3.connect(world.folder / "state" / "sentinel.db", isolation_level=None)
    blocking.execute("BEGIN IMMEDIATE")
    try:
        forget(world)
        began = time.monotonic()
        response, _ = await get(world)
        assert response.status == 200
        assert time.monotonic() - began < 2
    finally:
        blocking.execute("ROLLBACK")
        blocking.close()


async def test_the_last_good_copy_is_served_while_no_reader_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await get(world))[0].status == 200
    world.app.state.status._copies._kept[""]._copy.at -= 90
    stuck = asyncio.Event()

    async def never(query: Any) -> Any:
        await stuck.wait()
        raise StoreError("too late")

    monkeypatch.setattr(world.database, "read", never)
    try:
        response, body = await get(world)
    finally:
        stuck.set()
    assert response.status == 200
    assert "can't be read at the moment" in body.decode().replace("&#39;", "'")


class _Time:
    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


async def test_a_copy_is_renewed_once_for_all_that_ask() -> None:
    clock, reads = _Time(), 0

    async def read() -> Any:
        nonlocal reads
        reads += 1
        await asyncio.sleep(0)
        return f"site {reads}"

    kept = Kept(read, lambda site: site, clock)
    first = await asyncio.gather(*(kept.copy() for _ in range(50)))
    assert (reads, {one.site for one in first}) == (1, {"site 1"})
    await kept.copy()
    assert reads == 1
    clock.at += status_copies.FRESH + 1
    for _ in range(3):
        await asyncio.gather(*(kept.copy() for _ in range(50)))
    assert reads == 2


async def test_while_a_copy_is_being_read_no_other_reading_begins() -> None:
    clock, reads, done = _Time(), 0, asyncio.Event()

    async def read() -> Any:
        nonlocal reads
        reads += 1
        if reads > 1:
            await done.wait()
        return f"site {reads}"

    kept = Kept(read, lambda site: site, clock)
    await kept.copy()
    for _ in range(3):
        clock.at += status_copies.FRESH + 0.1
        await kept.copy()
        await asyncio.sleep(0)
    assert reads == 2
    done.set()


async def test_a_copy_that_could_not_be_renewed_says_so_once_it_is_old() -> None:
    clock, works = _Time(), True

    async def read() -> Any:
        if not works:
            raise ValueError("a bug")
        return "site"

    kept = Kept(read, lambda site: f"late {site}", clock)  # type: ignore[arg-type, return-value]
    assert (await kept.copy()).site == "site"
    works = False
    clock.at += status_copies.LATE - 1
    assert (await kept.copy()).site == "site"
    clock.at += 10
    assert (await kept.copy()).site == "late site"
    clock.at += 10
    assert (await kept.copy()).site == "late site"
    works = True
    clock.at += 30
    assert (await kept.copy()).site == "site"


async def test_pages_of_tenants_take_bounded_memory() -> None:
    read: list[str] = []

    async def site(name: str) -> Any:
        read.append(name)
        return name

    copies = Copies(site, lambda name, one: one, _Time())
    await copies.copy("")
    for number in range(100):
        await copies.copy(f"token {number}")
    assert len(copies._kept) <= 32
    await copies.copy("")
    assert read.count("") == 1


async def test_the_look_of_other_public_pages_is_that_of_the_page(world: World) -> None:
    look = PublicPages().look(world.services.setup.config)
    assert (look.title, look.home) == ("Acme status", "/status")
    response, body = await get(world, look.theme.removeprefix("/status"))
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert body.startswith(b":root{--accent:#17507f}")


async def test_a_tenants_page_in_the_interface_has_the_link_and_takes_it_back(
    world: World,
) -> None:
    await world.database.write(
        lambda conn: conn.execute("INSERT INTO tenants VALUES ('acme', 'Acme', 'managed', 1)")
    )
    browser = await Browser(world).sign_in("Alice", "responder")
    _, page = await browser.get("/clients?tenant=acme")
    found = re.search(r'id="status-link">([^<]+)<', page)
    assert found is not None
    path = found[1].removeprefix(f"{world.url}/status")
    assert (await get(world, path))[0].status == 200
    response, _ = await browser.post("/clients/links/take-back", tenant="acme")
    assert response.status == 303
    assert (await get(world, path))[0].status == 403
    response, _ = await browser.post("/clients/links/take-back", tenant="nobody")
    assert response.status == 404
    viewer = await Browser(world).sign_in("Bob", "viewer")
    _, page = await viewer.get("/clients?tenant=acme")
    assert "status-link" not in page
    response, _ = await viewer.post("/clients/links/take-back", tenant="acme")
    assert response.status == 403
    await browser.http.close()
    await viewer.http.close()


async def test_the_link_to_what_goes_on_elsewhere_leads_there(world: World) -> None:
    await told(world, ("investigating", "Late.", now()), number=1)
    await told(world, ("investigating", "Late too.", now()), number=2, merged=1)
    response, _ = await get(world, "/incidents/2")
    assert (response.status, response.headers["location"]) == (302, "/status/incidents/1")
    await told(world, ("investigating", "x", now()), number=3, audience="affected")
    await told(world, ("investigating", "x", now()), number=4, audience="affected", merged=3)
    assert (await get(world, "/incidents/4"))[0].status == 404
