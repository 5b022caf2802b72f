"""Fire drills: held at their time, over the real outbox, to a real mail server."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import aiohttp
import pytest
from msgspec.structs import replace

from sentinel.channels import Channels, address_of
from sentinel.config.model import Config
from sentinel.installation import Installation, require
from sentinel.model.delivery import Delivery
from sentinel.model.signal import AnySignal, Error
from sentinel.outbox import Outbox
from sentinel.own_health.drills import LATE, DrillKeeper, judged
from sentinel.pages import Composer
from sentinel.store import deliveries, drills
from sentinel.store.database import Database
from sentinel.store.drills import Drill
from sentinel.store.proven import proven
from sentinel.testing import FakeClock
from sentinel.testing.notifier import context_for
from tests.e2e.servers import Mailbox

DAY = 86_400.0
MAIN = """
channels:
  mail: {{type: email, host: 127.0.0.1, port: {port}, tls: none, sender: sentinel@example.com}}
people:
  alice: {{email: alice@example.com}}
  bob: {{email: bob@example.com}}
fire_drills:
  - {{name: daily, every: 1d, notify: [schedule:primary], within: 10m}}
"""
RULES = """
schedules:
  - {name: primary, layers: [{every: 1w, handoff: "Mon 09:00", people: [alice]}]}
"""


class World:
    def __init__(self, found: Installation, folder: Path, http: aiohttp.ClientSession) -> None:
        self.found = found
        self.config: Config = found.config
        self.clock = FakeClock()
        self.database = Database(folder / "state")
        self.channels = Channels()
        self.http = http
        self.told: list[AnySignal] = []
        self.began: list[set[str]] = []

    async def start(self) -> None:
        await self.channels.start(
            self.config, self.found.registry, lambda name: context_for(self.clock, self.http, name)
        )
        self.outbox = Outbox(
            self.database,
            self.channels.started,
            Composer(self.config, self.found.catalog, self.found.setup(b"key").finder),
            address_of(self.config),
            self.clock,
            Random(1),
        )
        await self.outbox.start()
        self.keeper = self.new_keeper()
        await self.keeper.configure(self.config.fire_drills.values())

    def new_keeper(self) -> DrillKeeper:
        async def emit(signals: Sequence[AnySignal]) -> None:
            self.told += signals

        return DrillKeeper(
            self.database, self.clock, lambda: self.config, emit, on_begin=self.began.append
        )

    async def stop(self) -> None:
        await self.outbox.stop()
        await self.channels.stop()
        self.database.close()

    async def look(self) -> None:
        await self.keeper.look()
        await self.outbox.idle()

    async def held(self) -> list[Drill]:
        return await self.database.read(lambda conn: drills.listing(conn, 10))


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    mailbox.start()
    yield mailbox
    mailbox.stop()


@pytest.fixture
async def world(tmp_path: Path, mailbox: Mailbox) -> AsyncIterator[World]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    (tmp_path / "sentinel.yaml").write_text(MAIN.format(port=mailbox.port))
    found, _ = require(tmp_path / "sentinel.yaml", {})
    async with aiohttp.ClientSession() as http:
        world = World(found, tmp_path, http)
        await world.start()
        yield world
        await world.stop()


async def test_a_drill_is_held_at_its_time_and_arrives(world: World, mailbox: Mailbox) -> None:
    world.clock.advance(DAY - 1)
    await world.look()
    assert await world.held() == []
    world.clock.advance(1)
    await world.look()
    await world.look()
    (held,) = await world.held()
    assert (held.outcome, held.actor) == ("passed", "schedule")
    assert "alice over mail" in held.text
    (mail,) = mailbox.mails
    assert mail.parsed["subject"] == "Fire drill: nothing is broken"
    assert "A true page would have reached you the same way" in mail.part("plain")
    assert mail.recipients == ["alice@example.com"]
    assert world.told == []
    found = await world.database.read(proven)
    assert found["mail", "alice"].at == world.clock.now()


async def test_a_drill_that_does_not_arrive_in_time_is_told_of_once(
    world: World, mailbox: Mailbox
) -> None:
    mailbox.refusal = "451 try again later"
    world.clock.advance(DAY)
    await world.look()
    world.clock.advance(601)
    await world.look()
    await world.look()
    (held,) = await world.held()
    assert held.outcome == "failed"
    (error,) = world.told
    assert isinstance(error, Error)
    assert (error.code, error.tags) == ("SENTINEL_DRILL_FAILED", {"drill": "daily"})
    assert "daily: no receipt within 10 min: alice over mail" in error.message


async def test_who_asks_for_one_is_named_and_the_next_is_counted_from_it(world: World) -> None:
    asked = await world.database.write(lambda conn: drills.ask(conn, "daily", "bob", 0.0))
    assert asked
    now = world.clock.now()
    await world.database.write(lambda conn: drills.ask(conn, "daily", "bob", now))
    await world.look()
    await world.look()
    assert [one.actor for one in await world.held()] == ["bob"]
    plan = (await world.database.read(drills.plans))["daily"]
    assert (plan.due, plan.asked_by) == (now + DAY, None)


async def test_a_restart_keeps_the_time_of_the_next_one(world: World) -> None:
    before = await world.database.read(drills.plans)
    world.clock.advance(DAY / 2)
    await world.new_keeper().configure(world.config.fire_drills.values())
    assert await world.database.read(drills.plans) == before


async def test_a_drill_whose_time_fell_into_a_stop_is_left_out(world: World) -> None:
    world.clock.advance(DAY + LATE)
    await world.keeper.configure(world.config.fire_drills.values())
    await world.look()
    assert await world.held() == []


async def test_a_clock_that_was_ahead_puts_no_drill_off(world: World) -> None:
    world.clock.step(365 * DAY)
    await world.look()
    await world.look()
    world.clock.step(-365 * DAY)
    before = len(await world.held())
    await world.look()
    world.clock.advance(DAY)
    await world.look()
    assert len(await world.held()) == before + 1


async def test_a_drill_that_was_taken_out_is_held_no_more(world: World) -> None:
    world.config = replace(world.config, fire_drills={})
    await world.keeper.configure(())
    world.clock.advance(DAY)
    await world.look()
    assert await world.held() == []


def a_drill(*messages: int) -> Drill:
    return Drill(
        id=1,
        name="d",
        actor="a",
        began=100.0,
        until=700.0,
        deliveries=messages,
        outcome="waiting",
        text="",
    )


def a_message(state: str, sent: float | None = None, error: str | None = None) -> Delivery:
    return Delivery(
        id=1,
        key="k",
        channel="mail",
        address="",
        person="alice",
        reason="drill",
        state=state,  # type: ignore[arg-type]
        created=100.0,
        due=100.0,
        sent=sent,
        error=error,
    )


@pytest.mark.parametrize(
    ("messages", "now", "outcome", "text"),
    [
        ([], 100.0, "failed", "it reached nobody"),
        ([a_message("pending")], 699.0, "waiting", ""),
        ([a_message("sent", 130.0)], 131.0, "passed", "within 30 s: alice over mail"),
        ([a_message("sent", 130.0), a_message("sending")], 131.0, "waiting", ""),
        ([a_message("failed", error="no such user")], 131.0, "failed", "(no such user)"),
        ([a_message("sent", 130.0), a_message("pending")], 700.0, "failed", "(it is pending)"),
    ],
)
def test_what_comes_of_a_drill(
    messages: list[Delivery], now: float, outcome: str, text: str
) -> None:
    found = judged(a_drill(*range(len(messages))), messages, now)
    assert found[0] == outcome
    assert text in found[1]


def test_messages_that_retention_took_are_no_success() -> None:
    assert judged(a_drill(1), [], 131.0)[0] == "failed"


async def test_a_drill_is_a_message_of_the_outbox_like_any_other(world: World) -> None:
    world.clock.advance(DAY)
    await world.look()
    (one,) = await world.database.read(deliveries.listing)
    assert (one.reason, one.person, one.incident) == ("drill", "alice", None)
