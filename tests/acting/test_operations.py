"""What actions ask of Sentinel: messages over channels, looks of probes, a reload."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from sentinel.acting.operations import Parts, SentinelOperations
from sentinel.api import (
    AnySignal,
    Context,
    Invalid,
    Message,
    Metric,
    Notifier,
    Permanent,
    Probe,
    Receipt,
    Signal,
    Status,
)
from sentinel.config.loader import load_config
from sentinel.outbox import Channel
from sentinel.plugins import load
from sentinel.testing import FakeClock

MAIN = """
channels:
  console: {type: console}
  mail: {type: email, host: localhost, sender: sentinel@acme.example}
people:
  alice: {email: alice@acme.example}
probes:
  - {name: redis, type: http, url: http://localhost, component: cache, tags: {team: shop}}
"""
UP: Sequence[Signal] = (Status(status="up", latency=0.012), Metric(name="load", value=0.5))


class Sender(Notifier[Any]):
    sent: list[Message]
    fault: Exception | None = None

    async def send(self, message: Message) -> Receipt:
        if self.fault is not None:
            raise self.fault
        self.sent.append(message)
        return Receipt(reference="ref-7")


class World:
    def __init__(self, folder: Path, http: aiohttp.ClientSession) -> None:
        (folder / "sentinel.yaml").write_text(MAIN)
        registry, _ = load(None)
        config, problems = load_config(folder / "sentinel.yaml", registry, {})
        assert config is not None, problems
        self.clock = FakeClock()
        self.stored: list[AnySignal] = []
        self.found: Sequence[Signal] | Exception = UP
        self.problems: str | None = None
        self.sender = Sender(None, self._context("mail", http))
        self.sender.sent = []
        names = ("console", "mail")
        self.parts = Parts(
            config=config,
            registry=self,  # type: ignore[arg-type]
            channels=[Channel(name=name, notifier=self.sender) for name in names],
            context=lambda name: self._context(name, http),
            clock=self.clock,
            emit=self._emit,
            reload=self._reload,
        )

    def by(self, actor: str) -> SentinelOperations:
        return SentinelOperations(self.parts, actor)

    def get(self, kind: str, type: str) -> Any:
        world = self

        class Looking(Probe[Any]):
            async def probe(self) -> Sequence[Signal]:
                if isinstance(world.found, Exception):
                    raise world.found
                return world.found

        return Looking

    def _context(self, name: str, http: aiohttp.ClientSession) -> Context:
        return Context(name=name, clock=self.clock, log=structlog.get_logger(), http=http)

    async def _emit(self, signals: Sequence[AnySignal]) -> None:
        self.stored += signals

    async def _reload(self) -> str | None:
        return self.problems


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as http:
        yield World(tmp_path, http)


async def test_a_test_message_goes_to_whoever_asks(world: World) -> None:
    result = await world.by("alice").test_channel("mail")
    assert result.ok
    assert result.facts == {"reference": "ref-7"}
    (message,) = world.sender.sent
    assert (message.to, message.reason) == ("alice@acme.example", "test")


async def test_a_channel_that_knows_where_to_send_needs_nobody(world: World) -> None:
    assert (await world.by("rule Stuck").test_channel("console")).ok
    assert world.sender.sent[0].to == ""


async def test_whoever_has_no_address_is_told_so(world: World) -> None:
    with pytest.raises(Invalid, match="bob is none with an email"):
        await world.by("bob").test_channel("mail")
    assert (await world.by("bob").test_channel("mail", "alice")).ok


async def test_what_the_provider_refuses_is_a_failure(world: World) -> None:
    world.sender.fault = Permanent("no such mailbox")
    result = await world.by("alice").test_channel("mail")
    assert not result.ok
    assert "no such mailbox" in result.text


async def test_a_look_is_told_and_stored(world: World) -> None:
    result = await world.by("alice").run_probe("redis")
    assert (result.ok, result.text) == (True, "cache is up after 12 ms")
    assert result.facts == {"load": "0.5"}
    assert [(one.component, one.tags["team"], one.at) for one in world.stored] == [
        ("cache", "shop", world.clock.now())
    ] * 2


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([Status(status="down", message="refused")], "cache is down: refused"),
        (ValueError("broken"), "cache is unknown: ValueError: broken"),
    ],
)
async def test_a_look_that_finds_trouble_or_fails_is_no_success(
    world: World, found: Any, text: str
) -> None:
    world.found = found
    result = await world.by("alice").run_probe("redis")
    assert (result.ok, result.text) == (False, text)
    assert len(world.stored) == 1


async def test_what_there_is_not_is_refused(world: World) -> None:
    with pytest.raises(Invalid, match="no probe mysql"):
        await world.by("alice").run_probe("mysql")
    with pytest.raises(Invalid, match="no channel pager"):
        await world.by("alice").test_channel("pager")


async def test_a_reload_that_is_refused_says_why(world: World) -> None:
    assert (await world.by("alice").reload()).ok
    world.problems = "rules/a.yaml:1: …"
    result = await world.by("alice").reload()
    assert (result.ok, result.text) == (False, "rules/a.yaml:1: …")
