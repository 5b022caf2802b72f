"""Alice and Bob on call, their telephones and mailboxes, and a daemon's inside on a clock that the
test moves."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sentinel.answering import Answering, Parts
from sentinel.api import Error, Message
from sentinel.channels import address_of
from sentinel.installation import Installation, require
from sentinel.outbox import Channel, Outbox
from sentinel.pages import Composer
from sentinel.pipeline import Pipeline, Written
from sentinel.signing import Signer
from sentinel.store import alerts, deliveries, meta
from sentinel.store.database import Database
from sentinel.testing import FakeClock, MemoryNotifier

MAIN = """
public_url: https://sentinel.example.com
hold: 0s
channels:
  mail: {type: email, host: 127.0.0.1, sender: sentinel@example.com}
  sms:
    type: sms
    account_sid: AC00000000000000000000000000000001
    auth_token: "0123456789abcdef0123456789abcdef"
    sender: "+15005550006"
people:
  alice: {sms: "+44 7700 900123", email: alice@example.com}
  bob: {sms: "+447700900456", email: bob@example.com}
"""
RULES = """
rules:
  - alert: Broken
    on: error
    by: [code]
    labels: {severity: critical}
    keep_firing_for: 7d
routes:
  - {name: default, escalation: default}
escalations:
  - name: default
    steps:
      - notify: [alice]
        by: sms
      - after: 5m
        notify: [bob]
        by: sms
"""


class World:
    """`sms` and `mail` keep what they were given."""

    def __init__(self, folder: Path, found: Installation) -> None:
        self.config = found.config
        self.clock = FakeClock(1_800_000_000.0)
        self.database = Database(folder / "state")
        self.signer = Signer(self.database.write_now(meta.link_key))
        setup = found.setup(b"key")
        self.sms, self.mail = MemoryNotifier(self.clock), MemoryNotifier(self.clock)
        self.outbox = Outbox(
            self.database,
            [
                Channel(name="sms", notifier=self.sms, fallback="mail"),
                Channel(name="mail", notifier=self.mail),
            ],
            Composer(found.config, found.catalog, setup.finder),
            address_of(found.config),
            self.clock,
            random.Random(1),
        )
        self.pipeline = Pipeline(self.database, setup, self.clock, self._committed)
        self.answering = Answering(
            Parts(
                database=self.database,
                clock=self.clock,
                signer=self.signer,
                config=lambda: self.config,
                pipeline=lambda: self.pipeline,
                outbox=lambda: self.outbox,
            )
        )
        self.answers = self.answering.of("sms")

    def _committed(self, written: Written) -> None:
        if written.effects.deliveries:
            self.outbox.notify({one.recipient.channel for one in written.effects.deliveries})

    async def start(self) -> None:
        await self.outbox.start()
        self._task = asyncio.create_task(self.pipeline.run())

    async def stop(self) -> None:
        self.pipeline.stop()
        await self._task
        await self.outbox.stop()
        self.database.close()

    async def breaks(self, *codes: str) -> None:
        for code in codes:
            await self.pipeline.accept("shop", [Error(code=code, message=f"{code} is broken")])
        await self.outbox.idle()

    async def say(self, text: str, number: str = "+447700900123") -> str:
        answer = await self.answers.said(number, text)
        await self.outbox.idle()
        return answer

    async def states(self) -> dict[int, tuple[str, str | None]]:
        def query(conn: Any) -> dict[int, tuple[str, str | None]]:
            found = alerts.search_incidents(conn)
            return {one.id: (one.state, one.acknowledged_by) for one in found}

        return await self.database.read(query)

    async def sent(self) -> list[tuple[str, str | None, str, str]]:
        """Channel, person, reason and state of every delivery, oldest first."""
        found = await self.database.read(lambda conn: deliveries.listing(conn, limit=200))
        return [(one.channel, one.person, one.reason, one.state) for one in reversed(found)]

    def token(self, verb: str, message: Message | None = None) -> str:
        given = message or self.sms.accepted[-1]
        return next(one.token for one in given.choices if one.verb == verb)


def installation(folder: Path) -> Installation:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    (folder / "sentinel.yaml").write_text(MAIN)
    return require(folder / "sentinel.yaml", {})[0]


@contextlib.asynccontextmanager
async def a_world(folder: Path, found: Installation) -> AsyncIterator[World]:
    world = World(folder, found)
    await world.start()
    try:
        yield world
    finally:
        await world.stop()
