import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from sentinel.api import Context, Metric, Status
from sentinel.clock import SystemClock
from sentinel.scheduler import checked
from sentinel.testing import fake_provider, load_plugin, params_of, plugin_context
from sentinel.testing.contracts import HttpProbeContract
from sentinel.testing.provider import FakeProvider, answers

Slack: Any = load_plugin(Path(__file__).with_name("slack.py")).get("probe", "slack")
TOKEN = "xoxb-of-acme"

Serve = Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]]


def workspace(scopes: str = "chat:write,users:read") -> Serve:
    """Slack's `auth.test`: every answer is a 200, and the body says whether it went well."""

    async def serve(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if request.method != "POST" or request.path != "/auth.test":
            return web.json_response({"ok": False, "error": "unknown_method"})
        if given != f"Bearer {TOKEN}":
            error = "invalid_auth" if given.removeprefix("Bearer").strip() else "not_authed"
            return web.json_response({"ok": False, "error": error})
        found = {"ok": True, "team": "Acme", "user": "sentinel", "team_id": "T1", "user_id": "U1"}
        return web.json_response(found, headers={"X-OAuth-Scopes": scopes})

    return serve


class TestSlack(HttpProbeContract):
    @pytest_asyncio.fixture
    async def provider(self) -> AsyncIterator[FakeProvider]:
        async with fake_provider() as provider:
            provider.will(workspace())
            yield provider

    def probe(self, context: Context, url: str) -> Any:
        return Slack(params_of(Slack, token=TOKEN, base_url=url), context)


@pytest.fixture
async def slack() -> AsyncIterator[FakeProvider]:
    async with fake_provider() as provider:
        provider.will(workspace())
        yield provider


async def look(provider: FakeProvider, **yaml: Any) -> tuple[Status, dict[str, float]]:
    yaml = {"token": TOKEN, "base_url": provider.url, **yaml}
    async with plugin_context(clock=SystemClock()) as context:
        status, *metrics = checked(await Slack(params_of(Slack, **yaml), context).probe())
    assert isinstance(status, Status)
    return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}


async def test_a_token_that_works_is_up(slack: FakeProvider) -> None:
    status, metrics = await look(slack, scopes=["chat:write", "users:read"])
    assert (status.status, status.message) == ("up", "sentinel in Acme")
    assert status.latency == metrics["slack.latency"] > 0


async def test_a_token_without_a_scope_it_needs_is_degraded(slack: FakeProvider) -> None:
    status, _ = await look(slack, scopes=["chat:write", "files:write"])
    assert (status.status, status.message) == ("degraded", "the token lacks files:write")


async def test_a_slow_answer_is_degraded(slack: FakeProvider) -> None:
    status, _ = await look(slack, degraded_above="0s")
    assert status.status == "degraded"
    assert status.message.endswith("more than 0s")


@pytest.mark.parametrize(
    ("token", "said"),
    [("xoxb-wrong", "it is wrong, or this address may not use it"), ("", "it is empty")],
)
async def test_a_token_that_is_refused_is_down(slack: FakeProvider, token: str, said: str) -> None:
    status, metrics = await look(slack, token=token)
    assert (status.status, status.message) == ("down", f"Slack refuses the token: {said}")
    assert metrics == {}


@pytest.mark.parametrize(
    ("error", "said"),
    [("token_revoked", "it was revoked"), ("ekm_access_denied", "ekm_access_denied")],
)
async def test_an_error_is_told_in_plain_words_where_there_are_some(
    slack: FakeProvider, error: str, said: str
) -> None:
    slack.will(answers(200, json.dumps({"ok": False, "error": error})))
    status, _ = await look(slack)
    assert status.message == f"Slack refuses the token: {said}"


async def test_a_pause_that_slack_wants_is_told(slack: FakeProvider) -> None:
    slack.will(answers(429, "", {"Retry-After": "30"}))
    status, _ = await look(slack)
    assert status.status == "down"
    assert status.message == "Slack is asked too often, and wants a pause of 30 s"


@pytest.mark.parametrize(
    ("code", "body", "said"),
    [
        (503, "", "Slack does not serve: HTTP 503"),
        (200, "<html>", "Slack's answer makes no sense: "),
        (200, "{}", "Slack's answer makes no sense: "),
    ],
)
async def test_what_is_no_answer_of_slack_is_down(
    slack: FakeProvider, code: int, body: str, said: str
) -> None:
    slack.will(answers(code, body))
    status, _ = await look(slack)
    assert status.status == "down"
    assert status.message.startswith(said)


async def test_a_redirect_is_not_followed_with_the_token(slack: FakeProvider) -> None:
    slack.will(answers(302, "", {"Location": f"{slack.url}/elsewhere"}))
    status, _ = await look(slack)
    assert (status.status, status.message) == ("down", "Slack does not serve: HTTP 302")
    assert len(slack.received) == 1


async def test_troubles_of_slack_itself_are_not_called_the_token_s(slack: FakeProvider) -> None:
    slack.will(answers(200, json.dumps({"ok": False, "error": "internal_error"})))
    status, _ = await look(slack)
    assert (status.status, status.message) == ("down", "Slack does not serve: internal_error")
