"""Web Push, by a push service and a browser that speak its protocol."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from msgspec.structs import replace

from sentinel.api import Context, Device, Message, Notifier, Permanent, Retryable
from sentinel.errors import Invalid
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers.webpush import WebPush, WebPushParams
from sentinel.push import StoredDevices, public_key
from sentinel.store import accounts, push_devices
from sentinel.store.database import Database
from sentinel.testing import context_for, example_message
from sentinel.testing.clock import START, FakeClock
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.provider import answers
from sentinel.testing.push_service import (
    Browser,
    FakePushService,
    KnownDevices,
    fake_push_service,
)

CONTACT = "mailto:ops@example.com"


def params_of(**more: Any) -> WebPushParams:
    return to_record(WebPushParams, {"contact": CONTACT, "services": ["127.0.0.1"], **more})


def page(to: str = "alice", **more: Any) -> Message:
    return replace(example_message(to=to), **more)


@pytest.fixture
async def service() -> AsyncIterator[FakePushService]:
    async with fake_push_service() as service:
        yield service


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with session() as http:
        yield http


Make = Callable[..., Any]


@pytest.fixture
def make(http: aiohttp.ClientSession) -> Make:
    async def make(*devices: Device, known: KnownDevices | None = None, **more: Any) -> WebPush:
        context = context_for(FakeClock(), http)
        known = known or KnownDevices({"alice": devices})
        notifier = WebPush(params_of(**more), replace(context, devices=known))
        await notifier.start()
        return notifier

    return make


class TestWebPush(HttpNotifierContract):
    to = "alice"

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        known = KnownDevices({"alice": [Browser(url, "one").device]})
        return WebPush(params_of(), replace(context, devices=known))


async def test_only_the_browser_can_read_what_it_is_sent(
    make: Make, service: FakePushService
) -> None:
    browser = service.browser("one")
    receipt = await (await make(browser.device)).send(page())
    assert browser.opened == [
        {
            "title": "SMS is failing for Acme",
            "body": "5 errors within 5m.",
            "url": "https://sentinel.example.com/incidents/7",
            "tag": "incident-7",
            "severity": "critical",
            "reason": "firing",
        }
    ]
    assert b"Acme" not in service.provider.received[0].body
    assert receipt.detail.startswith("1 of 1 devices: 127.0.0.1 answered 201")


async def test_the_push_service_learns_who_sends_and_how_urgent_it_is(
    make: Make, service: FakePushService
) -> None:
    await (await make(service.browser("one").device)).send(page())
    (headers,) = service.headers
    token = headers["authorization"].partition("t=")[2].partition(",")[0].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(token + "=="))
    assert claims == {"aud": service.url, "exp": int(START) + 43_200, "sub": CONTACT}
    assert (headers["urgency"], headers["ttl"]) == ("high", "86400")
    assert headers["content-encoding"] == "aes128gcm"


async def test_a_message_that_can_wait_is_not_urgent(make: Make, service: FakePushService) -> None:
    await (await make(service.browser("one").device)).send(page(severity="info"))
    assert service.headers[0]["urgency"] == "normal"


async def test_all_messages_of_an_incident_have_one_topic(
    make: Make, service: FakePushService
) -> None:
    notifier = await make(service.browser("one").device)
    await notifier.send(page(key="key-1"))
    await notifier.send(page(key="key-2"))
    await notifier.send(page(key="key-3", thread="incident-8"))
    first, second, third = (headers["topic"] for headers in service.headers)
    assert first == second != third


async def test_every_device_is_told_and_one_is_enough(make: Make, service: FakePushService) -> None:
    one, two = service.browser("one"), service.browser("two")
    service.gone.add("one")
    known = KnownDevices({"alice": [one.device, two.device]})
    receipt = await (await make(known=known)).send(page())
    assert receipt.detail.startswith("1 of 2 devices")
    assert len(two.opened) == 1
    assert known.lost == [one.device]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_is_gone_is_forgotten(
    make: Make, service: FakePushService, status: int
) -> None:
    known = KnownDevices({"alice": [service.browser("one").device]})
    service.provider.will(answers(status))
    with pytest.raises(Permanent, match="the device is gone"):
        await (await make(known=known)).send(page())
    assert len(known.lost) == 1


async def test_a_device_that_may_come_back_is_kept_and_tried_again(
    make: Make, service: FakePushService
) -> None:
    one, two = service.browser("one"), service.browser("two")
    known = KnownDevices({"alice": [one.device, two.device]})
    service.provider.will(answers(410), answers(503, headers={"Retry-After": "9"}))
    with pytest.raises(Retryable) as caught:
        await (await make(known=known)).send(page())
    assert caught.value.after == 9
    assert len(known.lost) == 1


async def test_whoever_has_no_device_is_told_where_to_switch_one_on(make: Make) -> None:
    with pytest.raises(Permanent, match=r"bob has no device.*Settings, Devices"):
        await (await make()).send(page("bob"))


async def test_a_service_that_is_not_listed_is_never_called(
    make: Make, service: FakePushService
) -> None:
    notifier = await make(service.browser("one").device, services=["*.example.com"])
    with pytest.raises(Permanent, match="not among `services`"):
        await notifier.send(page())
    assert not service.provider.received


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com.evil.example/push/x",
        "https://notify.windows.com/x",
        "https://169.254.169.254/latest",
        "https://user@localhost/x",
        "file:///etc/passwd",
    ],
)
async def test_the_usual_services_let_no_address_through_that_only_looks_like_theirs(
    make: Make, service: FakePushService, endpoint: str
) -> None:
    device = replace(service.browser("one").device, endpoint=endpoint)
    usual = WebPushParams(contact=CONTACT).services
    with pytest.raises(Permanent, match="not among `services`"):
        await (await make(device, services=list(usual))).send(page())


async def test_a_private_address_that_is_not_allowed_is_not_called(
    service: FakePushService,
) -> None:
    async with session(allow_private=False) as http:
        known = KnownDevices({"alice": [service.browser("one").device]})
        context = replace(context_for(FakeClock(), http), devices=known)
        notifier = WebPush(params_of(), context)
        await notifier.start()
        with pytest.raises(Permanent, match="not public"):
            await notifier.send(page())
    assert not service.provider.received


async def test_keys_that_are_none_are_refused_without_a_call(
    make: Make, service: FakePushService
) -> None:
    device = replace(service.browser("one").device, p256dh="bm8ga2V5")
    with pytest.raises(Permanent, match="keys"):
        await (await make(device)).send(page())
    assert not service.provider.received


async def test_where_a_device_is_reached_is_never_told(
    make: Make, service: FakePushService
) -> None:
    service.provider.will(answers(500, "no such /push/one"))
    with pytest.raises(Retryable) as caught:
        await (await make(service.browser("one").device)).send(page())
    assert "push/one" not in str(caught.value)


@pytest.mark.parametrize("text", ["x" * 100_000, "\U0001f600" * 5_000, '\x00\\"' * 5_000])
async def test_no_text_is_too_long_for_a_push_service(
    make: Make, service: FakePushService, text: str
) -> None:
    browser = service.browser("one")
    await (await make(browser.device)).send(page(text=text, subject=text))
    assert text.startswith(browser.opened[0]["body"])
    assert browser.opened[0]["title"]


async def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    database = Database(tmp_path)
    first = await StoredDevices(database).signing_key()
    public = await public_key(StoredDevices(database))
    database.close()
    database = Database(tmp_path)
    assert await StoredDevices(database).signing_key() == first
    assert await public_key(StoredDevices(database)) == public
    assert len(base64.urlsafe_b64decode(public + "=")) == 65
    database.close()


async def test_devices_are_those_of_the_user_by_name_until_the_user_is_removed(
    tmp_path: Path, service: FakePushService
) -> None:
    database = Database(tmp_path)
    device = service.browser("one").device

    def begin(conn: Any) -> accounts.User:
        accounts.add_user(conn, "root", "admin", START)
        conn.execute("UPDATE users SET password = 'x'")
        alice = accounts.add_user(conn, "alice", "viewer", START)
        push_devices.add(conn, alice.id, device, "Firefox on Linux", START)
        return alice

    alice = await database.write(begin)
    stored = StoredDevices(database)
    assert await stored.of("alice") == [device]
    assert await stored.of("bob") == []
    await database.write(lambda conn: accounts.remove_user(conn, alice.id))
    assert await stored.of("alice") == []
    database.close()


async def test_a_browser_belongs_to_whoever_switched_it_on_last(
    tmp_path: Path, service: FakePushService
) -> None:
    database = Database(tmp_path)
    device = service.browser("one").device

    def switch_on(conn: Any) -> None:
        for name in ("alice", "bob"):
            user = accounts.add_user(conn, name, "viewer", START)
            push_devices.add(conn, user.id, device, "Firefox on Linux", START)

    await database.write(switch_on)
    stored = StoredDevices(database)
    assert (await stored.of("alice"), await stored.of("bob")) == ([], [device])
    await stored.gone(device)
    assert await stored.of("bob") == []
    database.close()


async def test_there_is_a_bound_to_the_devices_of_one_user(tmp_path: Path) -> None:
    database = Database(tmp_path)

    def add(conn: Any) -> None:
        user = accounts.add_user(conn, "alice", "viewer", START)
        for number in range(push_devices.MOST + 1):
            device = Device(endpoint=f"https://e.com/{number}", p256dh="p", auth="a")
            push_devices.add(conn, user.id, device, "Firefox", START)

    with pytest.raises(Invalid, match="remove one"):
        await database.write(add)
    database.close()


@pytest.mark.parametrize("contact", ["ops@example.com", "mailto:ops", "http://example.com", ""])
def test_a_contact_that_push_services_refuse_is_refused(contact: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="contact: expected"):
        params_of(contact=contact)
