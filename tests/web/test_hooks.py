"""What providers call back with."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession
from tests.web.conftest import World

from sentinel.api import Reply, Request
from sentinel.errors import Invalid, Overloaded, StoreError, Unauthorized


class Called:
    """A notifier that answers, or fails, as it is told."""

    def __init__(self) -> None:
        self.answer: Reply | Exception = Reply(body=b"<ok/>", content_type="text/xml")
        self.requests: list[Request] = []

    async def receive(self, request: Request) -> Reply:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def called(world: World) -> Called:
    notifier = Called()
    channel: Any = SimpleNamespace(name="sms", notifier=notifier)
    world.services.channels = lambda: [channel]
    return notifier


async def call(world: World, path: str, body: bytes = b"a=1") -> tuple[int, str, Any]:
    async with (
        ClientSession() as http,
        http.post(world.url + path, data=body, headers={"X-Signature": "s"}) as response,
    ):
        return response.status, await response.text(), response.headers


async def test_the_channels_notifier_gets_the_request_as_it_came(
    world: World, called: Called
) -> None:
    status, text, headers = await call(world, "/hooks/sms/status/7?of=x", b"Body=ack&From=%2B44")
    assert (status, text) == (200, "<ok/>")
    assert headers["content-type"].startswith("text/xml")
    (request,) = called.requests
    assert request.path == {"rest": "status/7"}
    assert request.query == {"of": "x"}
    assert request.headers["x-signature"] == "s"
    assert request.body == b"Body=ack&From=%2B44"


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Unauthorized("the signature is wrong"), 403, "the signature is wrong"),
        (Invalid("found no Body"), 400, "found no Body"),
        (Overloaded("full", 3), 429, "full"),
        (StoreError("the disk is full"), 503, "the disk is full"),
        (RuntimeError("secret detail"), 500, "it could not be taken"),
    ],
)
async def test_what_was_not_taken_is_never_answered_as_if_it_were(
    world: World, called: Called, error: Exception, status: int, said: str
) -> None:
    called.answer = error
    found, text, _ = await call(world, "/hooks/sms")
    assert found == status
    assert said in text
    assert "secret" not in text


async def test_a_channel_that_there_is_not_is_not_found(world: World, called: Called) -> None:
    assert (await call(world, "/hooks/nobody"))[0] == 404


async def test_a_channel_that_is_never_called_back_refuses_all_calls(world: World) -> None:
    name = world.services.channels()[0].name
    assert (await call(world, f"/hooks/{name}"))[0] == 403


async def test_a_body_beyond_the_bound_is_refused_unread(world: World, called: Called) -> None:
    assert (await call(world, "/hooks/sms", b"x" * 1_000_001))[0] == 413
    assert not called.requests
