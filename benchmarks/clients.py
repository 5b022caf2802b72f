"""Ten thousand clients told of one incident, and a page in the middle of it.

    .venv/bin/python -m benchmarks.clients

The real fan-out, outbox, store, composer and e-mail channel, in a process of their own, hand each
client's mail to a real SMTP server in another one. When half are out a critical page is written.
"""

import argparse
import asyncio
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog
import uvloop
from aiohttp import ClientSession

from benchmarks.daemon import folder
from benchmarks.figures import Figure, percentile, show
from benchmarks.mailbox import Mailbox
from sentinel.api import Context
from sentinel.broadcasts.fan_out import FanOut
from sentinel.channels import Channels, address_of
from sentinel.clock import SystemClock
from sentinel.installation import require
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.client import Contact, Subscription
from sentinel.model.delivery import DeliveryIntent, Recipient
from sentinel.outbox import Outbox
from sentinel.pages import Composer
from sentinel.store import broadcasts, clients, deliveries, meta
from sentinel.store.database import Database

_T = TypeVar("_T")
_PAGE = "page@example.com"
_TEXT = """Sending text messages is disrupted.

Since 09:12 UTC messages may arrive late or not at all. We have found the cause and are working on
it. You need not do anything: what waits is sent once it works again."""
_CONFIG = """
public_url: https://status.example.com
channels:
  mail:
    type: email
    host: 127.0.0.1
    port: {port}
    tls: none
    sender: Example status <status@example.com>
    connections: {connections}
clients: {{channels: {{email: mail}}}}
components: {{sms: {{title: Text messages}}}}
status_page: {{title: Example, components: [{{component: sms, title: Text messages}}]}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    # Nothing but the outcome is of interest here, and writing 10,000 lines is not free.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    title = f"{options.clients:,} clients over {options.connections} connections"
    with (
        folder() as path,
        Mailbox(r"To: \S+") as mailbox,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        measured = _measure(path, mailbox, options.clients, options.connections)
        show(title, runner.run(measured))


class _Timed(Database):
    """Notes in `taken` how many seconds of work each transaction was, without its flush to the
    disk, which depends on what else the disk does."""

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir)
        self.taken: list[float] = []

    async def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        return await super().write(self._timed(change))

    async def write_here(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        return await super().write_here(self._timed(change))

    def _timed(
        self, change: Callable[[sqlite3.Connection], _T]
    ) -> Callable[[sqlite3.Connection], _T]:
        def timed(conn: sqlite3.Connection) -> _T:
            began = time.monotonic()
            result = change(conn)
            self.taken.append(time.monotonic() - began)
            return result

        return timed


async def _measure(path: Path, mailbox: Mailbox, number: int, connections: int) -> list[Figure]:
    (path / "sentinel.yaml").write_text(_CONFIG.format(port=mailbox.port, connections=connections))
    found, _ = require(path / "sentinel.yaml", {})
    clock, database = SystemClock(), _Timed(path / "state")
    database.write_now(meta.link_key)
    setup = found.setup(b"key")
    channels = Channels()
    async with ClientSession() as http:

        def context(name: str) -> Context:
            return Context(name=name, clock=clock, log=structlog.get_logger(), http=http)

        await channels.start(found.config, found.registry, context)
        outbox = Outbox(
            database,
            channels.started,
            Composer(found.config, found.catalog, setup.finder),
            address_of(found.config),
            clock,
            random.Random(1),
        )
        fan_out = FanOut(database, clock, lambda: found.config, outbox.notify, lambda: None)
        await database.write(lambda conn: _subscribe(conn, number, clock.now()))
        database.taken.clear()
        await outbox.start()
        cpu = time.process_time()
        began = time.monotonic()
        await database.write(lambda conn: _publish(conn, clock.now()))
        await fan_out.tell_all()
        written = time.monotonic()
        fanned_out = max(database.taken)
        paged = await _page_in_the_middle(database, outbox, number // 2, clock)
        await outbox.idle()
        cpu = time.process_time() - cpu
        await outbox.stop()
        await channels.stop()
    database.close()
    taken = mailbox.taken()
    last = max(moment for _, moment in taken)
    page = next(moment for to, moment in taken if to == f"To: {_PAGE}")
    return [
        Figure("deliveries written", written - began, "s"),
        Figure("all handed to the server after", last - began, "s", goal=60.0),
        Figure("the page, after it was written", (page - paged) * 1e3, "ms", goal=1e3),
        Figure("CPU of a mail", cpu / number * 1e3, "ms"),
        Figure(
            "longest transaction meanwhile, without its flush", fanned_out * 1e3, "ms", goal=20.0
        ),
        Figure("all transactions, 99th percentile", percentile(database.taken, 99) * 1e3, "ms"),
        Figure("clients not told", number + 1 - len({to for to, _ in taken}), goal=0),
        Figure("mails sent twice", len(taken) - number - 1, goal=0),
    ]


async def _page_in_the_middle(
    database: Database, outbox: Outbox, after: int, clock: SystemClock
) -> float:
    """When it was written, on the monotonic clock."""
    sent = 0
    while sent < after:
        await asyncio.sleep(0.05)
        sent = await database.read(_sent)
    paged = time.monotonic()
    await database.write(lambda conn: _page(conn, clock.now()))
    outbox.notify(["mail"])
    return paged


def _subscribe(conn: sqlite3.Connection, number: int, now: float) -> None:
    for one in range(number):
        name = f"Client {one}"
        contact = clients.add_contact(
            conn, Contact(id=0, tenant=None, name=name, source="managed", created=now)
        )
        subscription = Subscription(
            id=0,
            contact=contact,
            kind="email",
            address=f"client-{one}@example.com",
            state="active",
            since=now,
        )
        clients.add_subscription(conn, subscription)


def _publish(conn: sqlite3.Connection, now: float) -> None:
    broadcast = Broadcast(
        id=1,
        title="Text messages may be late",
        components=("sms",),
        audience="all",
        phase="investigating",
        opened=now,
    )
    update = Update(
        id=1,
        broadcast=1,
        phase="investigating",
        text=_TEXT,
        state="published",
        created=now,
        published=now,
    )
    broadcasts.save(conn, [broadcast])
    broadcasts.save_updates(conn, [update])


def _page(conn: sqlite3.Connection, now: float) -> None:
    recipient = Recipient("mail", _PAGE, "alice")
    page = DeliveryIntent(
        recipient=recipient, reason="firing", incident=8, severity="critical", at=now
    )
    deliveries.enqueue(conn, page, now)


def _sent(conn: sqlite3.Connection) -> int:
    found: int = conn.execute("SELECT count(*) FROM deliveries WHERE state = 'sent'").fetchone()[0]
    return found


if __name__ == "__main__":
    main()
