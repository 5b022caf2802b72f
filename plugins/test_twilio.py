import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from sentinel.api import Context, Metric, Status
from sentinel.scheduler import checked
from sentinel.testing import fake_provider, load_plugin, params_of, plugin_context
from sentinel.testing.contracts import HttpProbeContract
from sentinel.testing.provider import FakeProvider, answers

Twilio: Any = load_plugin(Path(__file__).with_name("twilio.py")).get("probe", "twilio")
SID = "AC0123456789abcdef0123456789abcdef"
TOKEN = "t0ken-of-acme"

Serve = Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]]


def account(status: str = "active", balance: str = "123.45", currency: str = "USD") -> Serve:
    """Twilio's API of one account, for who has its token."""
    expected = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()

    async def serve(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if request.headers.get("Authorization") != expected:
            return refusal(401, 20003, "Authenticate")
        match request.path:
            case path if path == f"/2010-04-01/Accounts/{SID}.json":
                return web.json_response(
                    {"sid": SID, "status": status, "friendly_name": "Acme", "type": "Full"}
                )
            case path if path == f"/2010-04-01/Accounts/{SID}/Balance.json":
                return web.json_response(
                    {"account_sid": SID, "balance": balance, "currency": currency}
                )
        return refusal(404, 20404, "The requested resource was not found")

    return serve


def refusal(status: int, code: int, message: str) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return web.json_response(body, status=status)


def refuses(status: int, code: int, message: str) -> Serve:
    body = refusal(status, code, message).text
    return answers(status, body or "")


class TestTwilio(HttpProbeContract):
    @pytest_asyncio.fixture
    async def provider(self) -> AsyncIterator[FakeProvider]:
        async with fake_provider() as provider:
            provider.will(account())
            yield provider

    def probe(self, context: Context, url: str) -> Any:
        params = params_of(Twilio, account_sid=SID, auth_token=TOKEN, base_url=url)
        return Twilio(params, context)


@pytest.fixture
async def twilio() -> AsyncIterator[FakeProvider]:
    async with fake_provider() as provider:
        provider.will(account())
        yield provider


async def look(provider: FakeProvider, **yaml: Any) -> tuple[Status, dict[str, float]]:
    yaml = {"account_sid": SID, "auth_token": TOKEN, "base_url": provider.url, **yaml}
    async with plugin_context() as context:
        status, *metrics = checked(await Twilio(params_of(Twilio, **yaml), context).probe())
    assert isinstance(status, Status)
    return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}


async def test_an_active_account_with_money_is_up(twilio: FakeProvider) -> None:
    status, metrics = await look(twilio)
    assert (status.status, status.message) == ("up", "123.45 USD are left")
    assert metrics == {"twilio.balance": 123.45}


@pytest.mark.parametrize(
    ("balance", "state", "said"),
    [
        ("20", "up", "20.00 EUR are left"),
        ("19.99", "degraded", "19.99 EUR are left, expected at least 20"),
        ("0", "degraded", "0.00 EUR are left, expected at least 20"),
        ("-3.1", "down", "-3.10 EUR are left, expected at least 0"),
    ],
)
async def test_a_small_balance_is_degraded_and_then_down(
    twilio: FakeProvider, balance: str, state: str, said: str
) -> None:
    twilio.will(account(balance=balance, currency="EUR"))
    status, metrics = await look(twilio)
    assert (status.status, status.message) == (state, said)
    assert metrics["twilio.balance"] == float(balance)


@pytest.mark.parametrize("state", ["suspended", "closed"])
async def test_an_account_that_is_not_active_is_down(twilio: FakeProvider, state: str) -> None:
    twilio.will(account(status=state))
    status, _ = await look(twilio)
    assert (status.status, status.message) == ("down", f"the account is {state}")


async def test_a_wrong_token_is_down(twilio: FakeProvider) -> None:
    status, _ = await look(twilio, auth_token="w0ng")
    assert status.status == "down"
    assert status.message == "Twilio refuses the credentials (error 20003: Authenticate)"


@pytest.mark.parametrize("missing", ["account_sid", "auth_token"])
async def test_without_credentials_it_is_down_and_nothing_is_asked(
    twilio: FakeProvider, missing: str
) -> None:
    status, _ = await look(twilio, **{missing: ""})
    assert status.status == "down"
    assert status.message == f"Twilio refuses the credentials: {missing} is empty"
    assert twilio.received == []


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, 20005, "Twilio refuses this account (error 20005: no)"),
        (404, 20404, "Twilio does not know this account (error 20404: no)"),
        (429, 20429, "Twilio is asked too often (error 20429: no)"),
        (400, 20001, "Twilio refuses (error 20001: no)"),
        (503, 20503, "Twilio does not serve (error 20503: no)"),
    ],
)
async def test_a_refusal_is_told_with_the_code_of_its_error(
    twilio: FakeProvider, status: int, code: int, said: str
) -> None:
    twilio.will(refuses(status, code, "no"))
    found, _ = await look(twilio)
    assert (found.status, found.message) == ("down", said)


async def test_a_refusal_by_a_proxy_in_html_is_told_by_its_status(twilio: FakeProvider) -> None:
    twilio.will(answers(502, "<html>Bad gateway</html>"))
    found, _ = await look(twilio)
    assert (found.status, found.message) == ("down", "Twilio does not serve (HTTP 502)")


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "{}", json.dumps({"status": 7})])
async def test_an_answer_that_makes_no_sense_is_down(twilio: FakeProvider, body: str) -> None:
    twilio.will(answers(200, body))
    found, _ = await look(twilio)
    assert found.status == "down"
    assert found.message.startswith("Twilio's answer makes no sense: ")


async def test_a_refusal_that_echoes_the_token_does_not_tell_it(twilio: FakeProvider) -> None:
    twilio.will(refuses(400, 20001, f"{TOKEN} is wrong"))
    found, _ = await look(twilio)
    assert found.message == "Twilio refuses (error 20001: *** is wrong)"


async def test_a_redirect_is_not_followed_with_the_token(twilio: FakeProvider) -> None:
    twilio.will(answers(302, "", {"Location": f"{twilio.url}/elsewhere"}))
    found, _ = await look(twilio)
    assert found.status == "down"
    assert len(twilio.received) == 1


def test_a_sid_that_can_be_none_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="account_sid"):
        params_of(Twilio, account_sid="SK123", auth_token=TOKEN)


async def test_an_account_without_a_name_is_an_account(twilio: FakeProvider) -> None:
    whole = account()

    async def nameless(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if request.path.endswith(f"{SID}.json"):
            return web.json_response({"sid": SID, "status": "active", "friendly_name": None})
        return await whole(request, body)

    twilio.will(nameless)
    status, _ = await look(twilio)
    assert status.status == "up"
