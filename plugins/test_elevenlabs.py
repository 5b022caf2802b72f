import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from sentinel.api import Context, Metric, Status
from sentinel.scheduler import checked
from sentinel.testing import fake_provider, load_plugin, params_of, plugin_context
from sentinel.testing.contracts import HttpProbeContract
from sentinel.testing.provider import FakeProvider, answers

ElevenLabs: Any = load_plugin(Path(__file__).with_name("elevenlabs.py")).get("probe", "elevenlabs")
KEY = "sk_0f-acme"

Serve = Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]]


def subscription(**fields: Any) -> Serve:
    """The one address that is asked, for who has the key."""
    found = {
        "tier": "creator",
        "status": "active",
        "character_count": 30_000,
        "character_limit": 100_000,
        "can_extend_character_limit": True,
        "allowed_to_extend_character_limit": False,
        "next_character_count_reset_unix": 1_760_000_000,
        **fields,
    }

    async def serve(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if request.headers.get("xi-api-key") != KEY:
            detail = {"status": "invalid_api_key", "message": "Invalid API key"}
            return web.json_response({"detail": detail}, status=401)
        if request.path != "/v1/user/subscription":
            return web.json_response({"detail": "Not Found"}, status=404)
        return web.json_response(found)

    return serve


class TestElevenLabs(HttpProbeContract):
    @pytest_asyncio.fixture
    async def provider(self) -> AsyncIterator[FakeProvider]:
        async with fake_provider() as provider:
            provider.will(subscription())
            yield provider

    def probe(self, context: Context, url: str) -> Any:
        return ElevenLabs(params_of(ElevenLabs, api_key=KEY, base_url=url), context)


@pytest.fixture
async def labs() -> AsyncIterator[FakeProvider]:
    async with fake_provider() as provider:
        provider.will(subscription())
        yield provider


async def look(provider: FakeProvider, **yaml: Any) -> tuple[Status, dict[str, float]]:
    yaml = {"api_key": KEY, "base_url": provider.url, **yaml}
    async with plugin_context() as context:
        found = await ElevenLabs(params_of(ElevenLabs, **yaml), context).probe()
    status, *metrics = checked(found)
    assert isinstance(status, Status)
    return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}


async def test_a_subscription_with_characters_left_is_up(labs: FakeProvider) -> None:
    status, metrics = await look(labs)
    assert (status.status, status.message) == ("up", "70000 of 100000 characters are left")
    assert metrics == {
        "elevenlabs.characters.used": 30_000,
        "elevenlabs.characters.left": 70_000,
        "elevenlabs.characters.left.percent": 70,
    }


@pytest.mark.parametrize(
    ("used", "state", "said"),
    [
        (90_000, "up", "10000 of 100000 characters are left"),
        (90_100, "degraded", "9900 of 100000 characters are left, expected 10 %"),
        (100_000, "down", "0 of 100000 characters are left"),
        (100_500, "down", "0 of 100000 characters are left"),
    ],
)
async def test_few_characters_are_degraded_and_none_down(
    labs: FakeProvider, used: int, state: str, said: str
) -> None:
    labs.will(subscription(character_count=used))
    status, _ = await look(labs)
    assert (status.status, status.message) == (state, said)


async def test_who_may_buy_more_is_up_without_any_left(labs: FakeProvider) -> None:
    labs.will(subscription(character_count=100_500, allowed_to_extend_character_limit=True))
    status, _ = await look(labs)
    assert status.status == "up"
    assert status.message == "0 of 100000 characters are left, and more are sold"


@pytest.mark.parametrize(
    ("state", "said"),
    [("past_due", "the subscription is past due"), ("canceled", "the subscription is canceled")],
)
async def test_a_subscription_that_is_not_paid_is_down(
    labs: FakeProvider, state: str, said: str
) -> None:
    labs.will(subscription(status=state))
    status, _ = await look(labs)
    assert (status.status, status.message) == ("down", said)


async def test_a_wrong_key_is_down(labs: FakeProvider) -> None:
    status, _ = await look(labs, api_key="sk_wrong")
    assert (status.status, status.message) == (
        "down",
        "ElevenLabs refuses the key: Invalid API key",
    )


async def test_a_key_that_may_not_read_the_user_says_so(labs: FakeProvider) -> None:
    detail = {"status": "missing_permissions", "message": "user_read is missing"}
    labs.will(answers(401, json.dumps({"detail": detail})))
    status, _ = await look(labs)
    assert status.message == "the key may not read the subscription: user_read is missing"


@pytest.mark.parametrize(
    ("code", "body", "said"),
    [
        (500, "Internal Server Error", "ElevenLabs does not serve: HTTP 500"),
        (429, '{"detail": "slow down"}', "ElevenLabs does not serve: slow down"),
        (401, "", "ElevenLabs refuses the key: HTTP 401"),
        (400, f'{{"detail": "{KEY}?"}}', "ElevenLabs does not serve: ***?"),
    ],
)
async def test_a_refusal_is_down_and_told_in_its_own_words(
    labs: FakeProvider, code: int, body: str, said: str
) -> None:
    labs.will(answers(code, body))
    status, _ = await look(labs)
    assert (status.status, status.message) == ("down", said)


@pytest.mark.parametrize("body", ["<html>", "{}", '{"status": "active"}'])
async def test_an_answer_that_makes_no_sense_is_down(labs: FakeProvider, body: str) -> None:
    labs.will(answers(200, body))
    status, _ = await look(labs)
    assert status.status == "down"
    assert status.message.startswith("ElevenLabs' answer makes no sense: ")


async def test_a_redirect_is_not_followed_with_the_key(labs: FakeProvider) -> None:
    labs.will(answers(302, "", {"Location": f"{labs.url}/elsewhere"}))
    status, _ = await look(labs)
    assert (status.status, status.message) == ("down", "ElevenLabs does not serve: HTTP 302")
    assert len(labs.received) == 1
