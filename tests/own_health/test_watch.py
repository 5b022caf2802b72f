"""What Sentinel finds wrong with itself."""

import shutil
from collections import namedtuple
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import Struct, field
from prometheus_client import generate_latest

from sentinel.installation import require
from sentinel.isolation import GuardStatus
from sentinel.metrics import Metrics
from sentinel.model.delivery import DeliveryIntent, Recipient
from sentinel.model.signal import Error
from sentinel.outbox.channel import Health
from sentinel.own_health import troubles
from sentinel.own_health.watch import OwnWatch, Parts
from sentinel.scheduler import JobStatus
from sentinel.self_report import SelfReport
from sentinel.store import deliveries, sending
from sentinel.store.database import Database
from sentinel.testing import FakeClock

Usage = namedtuple("Usage", "total used free")
GB = 1_000_000_000
MAIN = """
channels:
  inbox: {type: inapp}
  mail: {type: email, host: localhost, sender: sentinel@example.com}
people:
  alice: {email: alice@example.com}
"""


def job(state: str, name: str = "shop") -> JobStatus:
    guard = GuardStatus(
        name=name,
        state=state,
        calls=3,
        faults=3,
        row=3,
        reason="it raised X",
        retry_in=30.0,  # type: ignore[arg-type]
    )
    return JobStatus(name=name, type="http", guard=guard, runs=3, signals=0, lost=0)


class World(Struct):
    clock: FakeClock
    database: Database
    watch: OwnWatch
    channels: list[Health]
    probes: list[JobStatus]
    trouble: list[str]
    told: list[Error] = field(default_factory=list)

    async def look(self, after: float = 0.0) -> list[str | None]:
        """The codes of what was told by this look."""
        self.clock.advance(after)
        before = len(self.told)
        await self.watch.look()
        return [one.code for one in self.told[before:]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "sentinel.yaml").write_text(MAIN)
    config = require(tmp_path / "sentinel.yaml", {})[0].config
    clock, database = FakeClock(), Database(tmp_path / "state")
    channels: list[Health] = []
    probes: list[JobStatus] = []
    trouble: list[str] = []
    told: list[Error] = []
    watch = OwnWatch(
        database,
        clock,
        SelfReport(clock),
        told.append,
        Parts(
            config=lambda: config,
            channels=lambda: channels,
            probes=lambda: probes,
            trouble=lambda: trouble[0] if trouble else None,
        ),
    )
    yield World(clock, database, watch, channels, probes, trouble, told)
    database.close()


async def test_nothing_is_told_where_nothing_is_wrong(world: World) -> None:
    world.channels.append(Health(channel="mail"))
    world.probes.append(job("faulty"))
    assert await world.look(60) == []


async def test_a_channel_that_fails_for_long_is_told_of_now_and_then(world: World) -> None:
    world.channels[:] = [Health(channel="mail", failing_for=599.0, error="refused")]
    assert await world.look() == []
    world.channels[:] = [Health(channel="mail", failing_for=600.0, error="refused")]
    assert await world.look() == ["SENTINEL_CHANNEL_FAILING"]
    assert world.told[0].message == "the channel mail has failed for 10 min: refused"
    assert world.told[0].tags == {"channel": "mail"}
    world.channels[:] = [Health(channel="mail", failing_for=610.0, error="refused")]
    assert await world.look(10) == []
    assert await world.look(600) == ["SENTINEL_CHANNEL_FAILING"]


async def test_two_channels_that_fail_are_told_of_both(world: World) -> None:
    world.channels[:] = [Health(channel=name, failing_for=900.0) for name in ("mail", "sms")]
    assert await world.look() == ["SENTINEL_CHANNEL_FAILING"] * 2


async def test_a_probe_in_quarantine_is_told_of_once_it_lasts(world: World) -> None:
    world.probes[:] = [job("quarantined")]
    assert await world.look() == []
    assert await world.look(300) == []
    assert await world.look(300) == ["SENTINEL_PROBE_QUARANTINED"]
    world.probes[:] = [job("ok")]
    assert await world.look(10) == []
    world.probes[:] = [job("quarantined")]
    assert await world.look(10) == []


async def test_refused_commits_are_told_of_once_the_store_takes_them(world: World) -> None:
    world.trouble[:] = ["the disk is full"]
    assert await world.look() == []
    assert await world.look(120) == []
    world.trouble.clear()
    assert await world.look(60) == ["SENTINEL_STORE_REFUSED"]
    assert world.told[0].message == "for 3 min the store took nothing: the disk is full"
    assert await world.look(900) == []


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (20.0, None),
        (-20.0, None),
        (3600.0, "the clock was set ahead by 1 h, or the machine slept"),
        (-90.0, "the clock was set back by 1 min, or the machine slept"),
    ],
)
async def test_a_clock_that_is_set_is_told_of(world: World, step: float, told: str | None) -> None:
    await world.look(10)
    world.clock.step(step)
    await world.look(10)
    assert [one.message for one in world.told] == ([told] if told else [])
    await world.look(900)
    assert len(world.told) == (1 if told else 0)


async def test_messages_that_nobody_sends_are_told_of(world: World) -> None:
    now = world.clock.now()
    intent = DeliveryIntent(
        recipient=Recipient("inbox"), reason="firing", incident=None, severity="info", at=now
    )
    await world.database.write(lambda conn: deliveries.enqueue(conn, intent, now))
    assert await world.look(299) == []
    assert await world.look(1) == ["SENTINEL_BACKLOG_OLD"]
    assert "1 message to be sent, the oldest due for 5 min" in world.told[0].message
    assert await world.look(120) == []


@pytest.mark.parametrize(
    ("usage", "full"),
    [
        (Usage(100 * GB, 0, 6 * GB), False),
        (Usage(100 * GB, 0, 4.9 * GB), True),
        (Usage(1000 * GB, 0, 6 * GB), False),
        (Usage(2 * GB, 0, 0.25 * GB), False),
        (Usage(2 * GB, 0, 0.15 * GB), True),
    ],
)
def test_a_disk_is_nearly_full(usage: Usage, full: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert bool(list(troubles.disk(Path("/")))) == full


async def test_the_age_of_the_last_proven_delivery_is_a_figure(world: World) -> None:
    now = world.clock.now()

    def send(conn: object) -> None:
        intent = DeliveryIntent(
            recipient=Recipient("inbox"), reason="test", incident=None, severity="info", at=now
        )
        number = deliveries.enqueue(conn, intent, now)  # type: ignore[arg-type]
        sending.mark_sent(conn, number, "", now)  # type: ignore[arg-type]

    await world.database.write(send)
    await world.look()
    world.clock.advance(90)
    metrics = Metrics()
    metrics.watch_each("age", "Age.", ("channel", "person"), world.watch.ages)
    text = generate_latest(metrics.registry).decode()
    assert 'sentinel_age{channel="inbox",person=""} 90.0' in text
    assert 'sentinel_age{channel="mail",person="alice"} +Inf' in text
