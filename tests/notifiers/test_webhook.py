"""Signed webhooks against a real HTTP server."""

import base64
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import aiohttp
import msgspec
import pytest
from standardwebhooks import Webhook as OfficialVerifier
from standardwebhooks.webhooks import WebhookVerificationError

from sentinel.api import Clock, Message, Permanent, Retryable
from sentinel.clock import SystemClock
from sentinel.model.values import to_record
from sentinel.net import session
from sentinel.notifiers.webhook import Webhook, WebhookParams
from sentinel.testing.clock import START, FakeClock
from sentinel.testing.notifier import context_for
from sentinel.testing.provider import FakeProvider, answers, drops, fake_provider, hangs

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()
MakeWebhook = Callable[..., Webhook]


@pytest.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    async with fake_provider() as provider:
        yield provider


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with session() as http:
        yield http


@pytest.fixture
def make(provider: FakeProvider, http: aiohttp.ClientSession) -> MakeWebhook:
    def make(clock: Clock | None = None, **params: Any) -> Webhook:
        record = to_record(WebhookParams, {"url": provider.url, "secret": SECRET, **params})
        return Webhook(record, context_for(clock or FakeClock(), http))

    return make


async def test_the_official_library_accepts_the_signature(
    make: MakeWebhook, provider: FakeProvider, message: Message
) -> None:
    await make(clock=SystemClock()).send(message)
    request = provider.received[0]
    payload = OfficialVerifier(SECRET).verify(request.body, dict(request.headers))
    assert payload == message.payload
    assert request.headers["webhook-id"] == message.key


async def test_a_changed_body_is_noticed(
    make: MakeWebhook, provider: FakeProvider, message: Message
) -> None:
    await make(clock=SystemClock()).send(message)
    request = provider.received[0]
    with pytest.raises(WebhookVerificationError):
        OfficialVerifier(SECRET).verify(request.body + b" ", dict(request.headers))


async def test_while_the_secret_is_changed_both_are_good(
    make: MakeWebhook, provider: FakeProvider, message: Message
) -> None:
    await make(clock=SystemClock(), previous_secret=OLD_SECRET).send(message)
    request = provider.received[0]
    for secret in (SECRET, OLD_SECRET):
        OfficialVerifier(secret).verify(request.body, dict(request.headers))


async def test_retries_send_the_same_body_under_the_same_id(
    make: MakeWebhook, provider: FakeProvider, message: Message
) -> None:
    clock = FakeClock()
    webhook = make(clock=clock)
    await webhook.send(message)
    clock.advance(60)
    await webhook.send(message)
    first, second = provider.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.headers["webhook-timestamp"] == str(int(START) + 60)


async def test_the_receivers_reply_becomes_the_receipt(
    make: MakeWebhook, provider: FakeProvider, message: Message
) -> None:
    provider.will(answers(202, "thanks, ticket 17" + "!" * 5000))
    receipt = await make().send(message)
    assert receipt.detail.startswith("202 thanks, ticket 17")
    assert len(receipt.detail) < 300


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 301, 308])
async def test_what_asking_again_will_not_change_is_final(
    make: MakeWebhook, provider: FakeProvider, message: Message, status: int
) -> None:
    provider.will(answers(status, headers={"Location": f"{provider.url}/elsewhere"}))
    with pytest.raises(Permanent, match=str(status)):
        await make().send(message)
    assert len(provider.received) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 302, 307])
async def test_what_may_pass_is_tried_again(
    make: MakeWebhook, provider: FakeProvider, message: Message, status: int
) -> None:
    provider.will(answers(status, headers={"Location": f"{provider.url}/elsewhere"}))
    with pytest.raises(Retryable, match=str(status)) as caught:
        await make().send(message)
    assert caught.value.after is None
    assert len(provider.received) == 1


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("120", 120.0),
        (format_datetime(datetime.fromtimestamp(START + 90, UTC), usegmt=True), 90.0),
        (format_datetime(datetime.fromtimestamp(START - 90, UTC), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_the_receivers_wish_to_wait_is_read(
    make: MakeWebhook,
    provider: FakeProvider,
    message: Message,
    wish: str,
    seconds: float | None,
) -> None:
    provider.will(answers(429, headers={"Retry-After": wish}))
    with pytest.raises(Retryable) as caught:
        await make().send(message)
    assert caught.value.after == seconds


async def test_a_dropped_connection_is_tried_again(
    make: MakeWebhook, provider: FakeProvider, message: Message
) -> None:
    provider.will(drops)
    with pytest.raises(Retryable, match="can't be reached"):
        await make().send(message)


async def test_a_receiver_that_hangs_is_given_up(
    make: MakeWebhook, provider: FakeProvider, message: Message
) -> None:
    provider.will(hangs)
    webhook = make()
    webhook.timeout = 0.05  # type: ignore[misc]
    with pytest.raises(Retryable, match="TimeoutError"):
        await webhook.send(message)


async def test_nobody_listening_is_tried_again(make: MakeWebhook, message: Message) -> None:
    with pytest.raises(Retryable, match=r"127\.0\.0\.1 can't be reached"):
        await make(url="http://127.0.0.1:1/hooks/t0ken").send(message)


async def test_a_private_address_that_is_not_allowed_fails_for_good(
    provider: FakeProvider, message: Message
) -> None:
    params = to_record(WebhookParams, {"url": provider.url, "secret": SECRET})
    async with session(allow_private=False) as http:
        webhook = Webhook(params, context_for(FakeClock(), http))
        with pytest.raises(Permanent, match="not public"):
            await webhook.send(message)
    assert provider.received == []


@pytest.mark.parametrize(
    "params",
    [
        {"url": "ftp://example.com/"},
        {"url": "https:///nowhere"},
        {"secret": "whsec_" + base64.b64encode(b"short").decode()},
        {"secret": base64.b64encode(b"k" * 32).decode()},
        {"secret": "whsec_not base64 but t0ken"},
        {"headers": {"X-Two\r\nX-Three": "x"}},
        {"headers": {"X-Two": "x\r\nX-Three: y"}},
    ],
)
def test_parameters_that_can_not_work_are_refused_without_being_shown(
    params: dict[str, Any],
) -> None:
    good = {"url": "https://example.com/", "secret": SECRET}
    with pytest.raises(msgspec.ValidationError) as caught:
        to_record(WebhookParams, {**good, **params})
    assert "t0ken" not in str(caught.value)
