"""One request to an address, told without its secrets."""

from typing import Any

import pytest

from sentinel.actions.http import Http
from sentinel.api import ActionResult
from sentinel.net import session
from sentinel.testing import context_for, fake_provider, params_of, plugin_context
from sentinel.testing.clock import FakeClock
from sentinel.testing.provider import Behaviour, answers, drops

TOKEN = "t0ken-of-acme"


async def run(url: str, **more: Any) -> ActionResult:
    async with plugin_context() as context:
        return await Http(params_of(Http, url=url, **more), context).run()


@pytest.mark.parametrize(
    ("behaviour", "expect", "ok"),
    [
        (answers(204), [], True),
        (answers(302, headers={"Location": "/elsewhere"}), [], False),
        (answers(500), [], False),
        (answers(409), [200, 409], True),
        (drops, [], False),
    ],
)
async def test_the_answer_says_whether_it_succeeded(
    behaviour: Behaviour, expect: list[int], ok: bool
) -> None:
    async with fake_provider() as provider:
        provider.will(behaviour)
        result = await run(provider.url, expect=expect)
        assert result.ok == ok
        assert len(provider.received) == 1


async def test_it_sends_what_it_was_told_to() -> None:
    async with fake_provider() as provider:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        await run(f"{provider.url}/purge", method="PUT", headers=headers, body='{"all": true}')
        (request,) = provider.received
    assert (request.method, request.path, request.body) == ("PUT", "/purge", b'{"all": true}')
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"


async def test_neither_description_nor_result_shows_a_secret() -> None:
    async with fake_provider() as provider, plugin_context() as context:
        provider.will(answers(200, f"hello {TOKEN}"))
        params = params_of(Http, url=f"{provider.url}/hooks/{TOKEN}?a=b", headers={"X-Key": TOKEN})
        action = Http(params, context)
        result = await action.run()
        assert action.describe() == f"Send POST {provider.url} with the headers X-Key."
    assert result.facts["answer"] == "hello ***"
    assert TOKEN not in f"{result}{action.describe()}"


async def test_of_a_long_answer_whole_lines_of_the_beginning_are_shown() -> None:
    async with fake_provider() as provider, plugin_context() as context:
        lines = ["all is well"] * 160 + [f"token: {TOKEN}{'x' * 500}"] * 100
        provider.will(answers(200, "\n".join(lines)))
        params = params_of(Http, url=provider.url, headers={"X-Key": TOKEN})
        result = await Http(params, context).run()
    assert result.facts["answer"] == "\n".join(lines[:160])


async def test_a_private_address_is_refused_where_it_is_not_allowed() -> None:
    async with fake_provider() as provider, session(allow_private=False) as http:
        context = context_for(FakeClock(), http)
        result = await Http(params_of(Http, url=provider.url), context).run()
        assert provider.received == []
    assert not result.ok
    assert "not public" in result.text


def test_what_is_no_web_address_is_refused() -> None:
    with pytest.raises(ValueError, match="http://"):
        params_of(Http, url="file:///etc/passwd")
