"""Push messages in a browser: switched on, shown, clicked, and switched off."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect
from tests.chromium import a_chromium, grave_findings

from sentinel.installation import require
from sentinel.push import StoredDevices
from sentinel.testing.push_service import Browser as Subscriber
from sentinel.testing.push_service import fake_push_service

from .conftest import RULES, Browser, World

CONFIG = """
rules_dir: rules
hold: 0s
channels:
  inbox: {type: inapp}
  push: {type: webpush, contact: "mailto:ops@example.com", services: [127.0.0.1]}
people:
  alice: {webpush: alice}
projects:
  shop: {environment: production}
"""
ENDPOINT = "https://fcm.googleapis.com/fcm/send/dG9rZW4"


@pytest.fixture
async def pushing(tmp_path: Path) -> AsyncIterator[World]:
    """A world with a channel for push messages."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    (tmp_path / "sentinel.yaml").write_text(CONFIG)
    world = World(tmp_path, require(tmp_path / "sentinel.yaml", {})[0])
    await world.start()
    yield world
    await world.stop()


@pytest.fixture
async def alice(pushing: World) -> AsyncIterator[Browser]:
    browser = Browser(pushing)
    yield await browser.sign_in("alice", "responder")
    await browser.http.close()


def keys() -> dict[str, str]:
    device = Subscriber("https://push.example.com", "one").device
    return {"p256dh": device.p256dh, "auth": device.auth}


async def add(browser: Browser, **fields: str) -> tuple[int, str]:
    good = {"endpoint": ENDPOINT, "name": "Firefox on Linux", **keys()}
    response, text = await browser.post("/settings/devices/add", **{**good, **fields})
    return response.status, text


async def test_a_device_that_was_added_is_listed_and_can_be_removed(
    pushing: World, alice: Browser
) -> None:
    assert (await add(alice))[0] == 200
    _, page = await alice.get("/settings/devices")
    assert "Firefox on Linux" in page
    assert len(await StoredDevices(pushing.database).of("alice")) == 1
    response, _ = await alice.post("/settings/devices/1/remove")
    assert response.status == 303
    assert not await StoredDevices(pushing.database).of("alice")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"endpoint": ""}, "push service"),
        ({"endpoint": "http://fcm.googleapis.com/x"}, "push service"),
        ({"endpoint": "https:///x"}, "push service"),
        ({"endpoint": "javascript:alert(1)"}, "push service"),
        ({"endpoint": f"https://e.com/{'x' * 2000}"}, "push service"),
        ({"p256dh": "AAAA"}, "keys"),
        ({"auth": "not base64 !"}, "keys"),
    ],
)
async def test_what_no_browser_gives_is_refused(
    alice: Browser, fields: dict[str, str], said: str
) -> None:
    status, text = await add(alice, **fields)
    assert (status, said in text) == (422, True)


async def test_nobody_removes_the_device_of_another(pushing: World, alice: Browser) -> None:
    await add(alice)
    bob = await Browser(pushing).sign_in("bob", "admin")
    response, _ = await bob.post("/settings/devices/1/remove")
    await bob.http.close()
    assert response.status == 404
    assert len(await StoredDevices(pushing.database).of("alice")) == 1


async def test_a_device_is_added_by_a_form_of_ours_alone(alice: Browser) -> None:
    alice.csrf = "forged"
    assert (await add(alice))[0] == 403


async def test_the_name_of_a_device_is_shown_as_text(alice: Browser) -> None:
    await add(alice, name="<b>Firefox</b>\x00" + "x" * 500)
    _, page = await alice.get("/settings/devices")
    assert "&lt;b&gt;Firefox" in page
    assert "x" * 101 not in page


async def test_whoever_gets_nothing_is_told_why(pushing: World) -> None:
    bob = await Browser(pushing).sign_in("bob", "viewer")
    _, page = await bob.get("/settings/devices")
    await bob.http.close()
    assert "webpush: bob" in page


async def test_without_a_channel_the_page_says_what_to_configure(
    world: World, browser: Browser
) -> None:
    await browser.sign_in()
    _, page = await browser.get("/settings/devices")
    assert "type: webpush" in page
    assert "data-push" not in page


async def test_a_test_message_reaches_the_device_alone(pushing: World, alice: Browser) -> None:
    async with fake_push_service() as service:
        browser = service.browser("one")
        await pushing.database.write(
            lambda conn: conn.execute(
                "INSERT INTO push_devices (user_id, endpoint, p256dh, auth, name, created)"
                " SELECT id, ?, ?, ?, 'Firefox', 0 FROM users WHERE name = 'alice'",
                (browser.device.endpoint, browser.device.p256dh, browser.device.auth),
            )
        )
        _, page = await alice.get("/settings/devices")
        assert "Send a test message over push" in page
        await alice.post("/actions/test:channel:push/run")
        await service.provider.asked()
    assert browser.opened[0]["title"] == "Test message from Sentinel"


# In Chromium, whose own push service is out of reach: what it would answer stands in its place.
_SUBSCRIBE = """
    PushManager.prototype.getSubscription = async () => null;
    PushManager.prototype.subscribe = async (options) => {
        window.keyBytes = new Uint8Array(options.applicationServerKey).length;
        return {toJSON: () => (%s)};
    };
    Notification.requestPermission = async () => "granted";
"""


@pytest.fixture
async def page(pushing: World) -> AsyncIterator[Page]:
    async with a_chromium() as chromium:
        context = await chromium.new_context(viewport={"width": 360, "height": 740})
        await context.grant_permissions(["notifications"], origin=pushing.url)
        token = await pushing.session("alice", "responder")
        await context.add_cookies([{"name": "sentinel", "value": token, "url": pushing.url}])
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert complaints == []


@pytest.mark.browser
async def test_a_press_of_the_button_switches_it_on(pushing: World, page: Page) -> None:
    given = {"endpoint": ENDPOINT, "keys": keys()}
    await page.add_init_script(_SUBSCRIBE % repr(given))
    await page.goto(f"{pushing.url}/settings/devices")
    await page.get_by_role("button", name="Push on this device").click()
    await expect(page.get_by_text("Push messages are switched on")).to_be_visible()
    await expect(page.get_by_role("cell", name=re.compile("Chrome on"))).to_be_visible()
    (device,) = await StoredDevices(pushing.database).of("alice")
    assert device.endpoint == ENDPOINT


@pytest.mark.browser
async def test_a_browser_that_refuses_says_what_to_do(pushing: World, page: Page) -> None:
    await page.add_init_script("Notification.requestPermission = async () => 'denied'")
    await page.goto(f"{pushing.url}/settings/devices")
    await page.get_by_role("button", name="Push on this device").click()
    await expect(page.locator("#push-said")).to_contain_text("allow them")


@pytest.mark.browser
async def test_a_browser_that_can_not_says_so(pushing: World, page: Page) -> None:
    await page.add_init_script("delete window.PushManager")
    await page.goto(f"{pushing.url}/settings/devices")
    await expect(page.get_by_role("button", name="Push on this device")).to_be_disabled()
    await expect(page.locator("#push-said")).to_contain_text("no push messages")


async def _worker(pushing: World, page: Page) -> Any:
    """The service worker, and a way to push to it; gives the session of the protocol."""
    await page.goto(f"{pushing.url}/settings/devices")
    session = await page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    await session.send("ServiceWorker.enable")
    await page.evaluate(
        "navigator.serviceWorker.register('/push-worker.js').then(() =>"
        " navigator.serviceWorker.ready).then(() => true)"
    )
    for _ in range(500):
        if found:
            break
        await page.evaluate("new Promise((done) => setTimeout(done, 10))")
    return session, found[-1]


async def _push(pushing: World, page: Page, data: str) -> list[dict[str, Any]]:
    session, registration = await _worker(pushing, page)
    # Chromium loses a push now and then that comes as the worker starts: a service would repeat it.
    for _ in range(10):
        await session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": pushing.url, "registrationId": registration, "data": data},
        )
        shown: list[dict[str, Any]] = await page.evaluate(
            """async () => {
                const registration = await navigator.serviceWorker.ready;
                for (let look = 0; look < 200; look += 1) {
                    const all = await registration.getNotifications();
                    if (all.length) return all.map((one) => ({
                        title: one.title, body: one.body, tag: one.tag, url: one.data}));
                    await new Promise((done) => setTimeout(done, 10));
                }
                return [];
            }"""
        )
        if shown:
            return shown[:1]
    raise AssertionError("no notification was shown")


@pytest.mark.browser
async def test_the_worker_shows_what_is_pushed(pushing: World, page: Page) -> None:
    data = (
        '{"title": "SMS is failing", "body": "5 errors", "tag": "incident-7",'
        ' "url": "/incidents/7", "severity": "critical", "reason": "firing"}'
    )
    assert await _push(pushing, page, data) == [
        {"title": "SMS is failing", "body": "5 errors", "tag": "incident-7", "url": "/incidents/7"}
    ]


@pytest.mark.browser
async def test_a_push_that_can_not_be_read_is_shown_too(pushing: World, page: Page) -> None:
    (shown,) = await _push(pushing, page, "no json")
    assert shown["title"] == "A message from Sentinel"


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(
    pushing: World, page: Page, width: int, scheme: Literal["light", "dark"]
) -> None:
    browser = page.context.browser
    assert browser is not None
    context = await browser.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 740}
    )
    token = await pushing.session("alice", "responder")
    await context.add_cookies([{"name": "sentinel", "value": token, "url": pushing.url}])
    looked = await context.new_page()
    for path in ("/settings/devices", "/inbox"):
        await looked.goto(pushing.url + path)
        beyond = await looked.evaluate("document.documentElement.scrollWidth") - width
        assert beyond <= 0, path
        assert await grave_findings(looked) == [], path
