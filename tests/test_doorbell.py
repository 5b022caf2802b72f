"""Another process puts a test message into the outbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentinel.doorbell import Doorbell
from sentinel.model.delivery import DeliveryIntent, Reason, Recipient
from sentinel.store import deliveries, sending
from sentinel.store.database import Database
from sentinel.testing import FakeClock


class Outbox:
    """Keeps whom it was told to wake."""

    def __init__(self) -> None:
        self.woken: list[str] = []

    def notify(self, channels: set[str]) -> None:
        self.woken += sorted(channels)


class Door:
    def __init__(self, folder: Path) -> None:
        self.database = Database(folder)
        self.clock = FakeClock()
        self.outbox: Any = Outbox()
        self.bell = Doorbell(self.database, self.outbox, self.clock)

    async def put(self, channel: str, reason: Reason = "test") -> int:
        intent = DeliveryIntent(
            recipient=Recipient(channel), reason=reason, incident=None, severity="info", at=0.0
        )
        return await self.database.write(
            lambda conn: deliveries.enqueue(conn, intent, self.clock.now())
        )


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    door = Door(tmp_path)
    yield door
    door.database.close()


async def test_the_channels_of_waiting_tests_are_woken(door: Door) -> None:
    await door.put("sms")
    await door.put("sms")
    await door.put("mail")
    await door.bell.look()
    assert door.outbox.woken == ["mail", "sms"]


async def test_what_the_daemon_itself_has_written_is_left_to_it(door: Door) -> None:
    await door.put("sms", "firing")
    await door.bell.look()
    assert door.outbox.woken == []


async def test_a_test_that_was_tried_waits_for_its_time(door: Door) -> None:
    id = await door.put("sms")
    now = door.clock.now()

    def fail(conn: Any) -> None:
        sending.claim(conn, id, now)
        sending.mark_retry(conn, id, now, "no answer", now)

    await door.database.write(fail)
    await door.bell.look()
    assert door.outbox.woken == []
