"""Webhooks of clients: signed, and never into a private network."""

import base64
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook as OfficialVerifier

from sentinel.api import Context, Message, Notifier, Permanent, Retryable
from sentinel.clock import SystemClock
from sentinel.model.values import to_record
from sentinel.notifiers.client_webhook import (
    ClientWebhook,
    ClientWebhookParams,
    SlackWebhook,
    SlackWebhookParams,
)
from sentinel.testing.clock import FakeClock
from sentinel.testing.contracts import HttpNotifierContract
from sentinel.testing.notifier import context_for
from sentinel.testing.provider import FakeProvider, answers, echoes, fake_provider

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
HERE = ["127.0.0.1"]


@pytest.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    async with fake_provider() as provider:
        yield provider


@pytest.fixture
async def open_one() -> AsyncIterator[Any]:
    """`await open_one(["127.0.0.1"])`: started, with these private hosts allowed."""
    opened: list[ClientWebhook] = []

    async def start(allowed: list[str]) -> ClientWebhook:
        params = to_record(ClientWebhookParams, {"secret": SECRET, "allow_private": allowed})
        one = ClientWebhook(params, context_for(SystemClock()))
        opened.append(one)
        await one.start()
        return one

    yield start
    for one in opened:
        await one.stop()


def to(message: Message, url: str) -> Message:
    return replace(message, to=url)


async def test_the_secret_that_was_shown_proves_who_calls(
    open_one: Any, provider: FakeProvider, message: Message
) -> None:
    one = await open_one(HERE)
    await one.send(to(message, provider.url))
    request = provider.received[0]
    secret = one.secret_for(provider.url)
    assert OfficialVerifier(secret).verify(request.body, dict(request.headers)) == message.payload
    assert secret != SECRET
    assert secret != one.secret_for(f"{provider.url}/other")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0:{port}/",
    ],
)
async def test_a_private_address_is_not_called(
    open_one: Any, provider: FakeProvider, message: Message, url: str
) -> None:
    one = await open_one([])
    port = provider.url.rpartition(":")[2]
    with pytest.raises(Permanent, match="not public"):
        await one.send(to(message, url.format(port=port)))
    assert provider.received == []


async def test_a_name_that_leads_to_a_private_address_is_not_called(
    open_one: Any, provider: FakeProvider, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with DNS rebinding: the address that is called is the one that was judged."""
    real = socket.getaddrinfo

    def lying(host: str, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "hooks.example.com" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lying)
    one = await open_one([])
    port = provider.url.rpartition(":")[2]
    with pytest.raises(Permanent, match="not public"):
        await one.send(to(message, f"http://hooks.example.com:{port}/"))
    assert provider.received == []


async def test_a_redirect_is_not_followed(
    open_one: Any, provider: FakeProvider, message: Message
) -> None:
    provider.will(answers(301, headers={"location": "http://169.254.169.254/"}))
    one = await open_one(HERE)
    with pytest.raises(Permanent, match="redirect"):
        await one.send(to(message, provider.url))
    assert len(provider.received) == 1


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (400, False), (403, False)])
async def test_a_receiver_that_is_gone_says_so(
    open_one: Any, provider: FakeProvider, message: Message, status: int, gone: bool
) -> None:
    provider.will(answers(status))
    one = await open_one(HERE)
    with pytest.raises(Permanent) as caught:
        await one.send(to(message, provider.url))
    assert caught.value.unreachable is gone


async def test_before_it_was_started_nothing_is_lost(message: Message) -> None:
    one = ClientWebhook(
        to_record(ClientWebhookParams, {"secret": SECRET}), context_for(FakeClock())
    )
    with pytest.raises(Retryable):
        await one.send(message)


async def test_slack_reads_no_markup_of_ours(provider: FakeProvider, message: Message) -> None:
    params = to_record(SlackWebhookParams, {"allow_private": HERE})
    slack = SlackWebhook(params, context_for(FakeClock()))
    await slack.start()
    told = replace(message, to=provider.url, text="<!channel> & <http://evil|here>")
    await slack.send(told)
    await slack.stop()
    text = json.loads(provider.received[0].body)["text"]
    assert "<" not in text
    assert "&lt;!channel&gt; &amp; " in text


async def test_an_address_that_is_echoed_is_not_told(
    open_one: Any, provider: FakeProvider, message: Message
) -> None:
    provider.will(echoes(400))
    one = await open_one(HERE)
    with pytest.raises(Permanent) as caught:
        await one.send(to(message, f"{provider.url}/T0/B0/secret"))
    assert "secret" not in str(caught.value)


class TestClientWebhook(HttpNotifierContract):
    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        self.to = url
        params = to_record(ClientWebhookParams, {"secret": SECRET, "allow_private": HERE})
        return ClientWebhook(params, context)


class TestSlackWebhook(HttpNotifierContract):
    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        self.to = url
        return SlackWebhook(to_record(SlackWebhookParams, {"allow_private": HERE}), context)
