"""Apprise, over the service of its own that posts JSON to any server."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.notifiers.chat import TOKENS, told

from sentinel.api import Context, Notifier, Retryable
from sentinel.model.values import to_record
from sentinel.notifiers.apprise import Apprise, AppriseParams
from sentinel.testing.clock import FakeClock
from sentinel.testing.contracts import NotifierContract
from sentinel.testing.notifier import context_for
from sentinel.testing.provider import FakeProvider, answers, drops, fake_provider, hangs

Make = Callable[..., Any]


class TestContract(NotifierContract):
    to = ""

    def notifier(self, context: Context, url: str) -> Notifier[Any]:
        address = url.replace("http://", "json://user:p4ssword@", 1)
        return Apprise(to_record(AppriseParams, {"url": address}), context)


@pytest.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    async with fake_provider() as provider:
        yield provider


@pytest.fixture
async def make(provider: FakeProvider) -> AsyncIterator[Make]:
    made: list[Apprise] = []

    async def make(**given: Any) -> Apprise:
        address = provider.url.replace("http://", "json://user:p4ssword@", 1)
        record = to_record(AppriseParams, {"url": f"{address}/p4th", **given})
        made.append(Apprise(record, context_for(FakeClock())))
        await made[-1].start()
        return made[-1]

    yield make
    for one in made:
        await one.stop()


async def test_the_service_gets_the_subject_the_text_and_the_links(
    provider: FakeProvider, make: Make
) -> None:
    receipt = await (await make()).send(told())
    sent = json.loads(provider.received[0].body)
    assert sent["title"] == told().subject
    assert sent["message"].startswith("This is a message from Sentinel.")
    assert f"Acknowledge: https://sentinel.example.com/a/{TOKENS['acknowledge']}" in sent["message"]
    assert sent["type"] == "failure"
    assert receipt.detail == "handed over by Apprise"


async def test_a_brief_one_holds_the_links_alone(provider: FakeProvider, make: Make) -> None:
    await (await make(full=False)).send(told("resolved"))
    sent = json.loads(provider.received[0].body)
    assert (sent["message"], sent["type"]) == (told("resolved").url, "success")


class Keeper(logging.Handler):
    """As that of Sentinel's own log: on the root, where it sees what loggers pass on."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "aiohttp.access":
            self.lines.append(record.getMessage())


@pytest.fixture
def logged() -> Iterator[list[str]]:
    root, keeper = logging.getLogger(), Keeper()
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    yield keeper.lines
    root.setLevel(level)
    root.removeHandler(keeper)


@pytest.mark.parametrize("behaviour", [answers(500), answers(403), drops])
async def test_every_failure_is_tried_again_and_tells_nothing(
    provider: FakeProvider, make: Make, logged: list[str], behaviour: Any
) -> None:
    provider.will(behaviour)
    with pytest.raises(Retryable) as caught:
        await (await make()).send(told())
    assert str(caught.value) == "Apprise could not hand it over"
    assert not [line for line in logged if "p4ssword" in line or "p4th" in line]


async def test_a_service_that_hangs_can_be_given_up(provider: FakeProvider, make: Make) -> None:
    channel = await make()
    provider.will(hangs)
    sending = asyncio.create_task(channel.send(told()))
    await provider.asked()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


@pytest.mark.parametrize("url", ["unheard0f://p4ssword@example.com", "json://"])
def test_an_address_that_apprise_does_not_know_is_refused_by_the_check(url: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="an address that Apprise knows") as caught:
        to_record(AppriseParams, {"url": url})
    assert "p4ssword" not in str(caught.value)


def test_what_is_no_address_at_all_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="expected an address such as ntfy") as caught:
        to_record(AppriseParams, {"url": "p4ssword"})
    assert "p4ssword" not in str(caught.value)


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentinel.notifiers._extras.find_spec", lambda name: None)
    with pytest.raises(msgspec.ValidationError, match=r"pip install 'sentinel\[apprise\]'"):
        to_record(AppriseParams, {"url": "json://localhost"})
