"""The job that looks after subscriptions: ends those that can't be reached, forgets what was never
confirmed, and contacts of whom nothing is needed any more."""

import sqlite3
from collections.abc import Callable

import structlog

from sentinel.clients import subscribing
from sentinel.clients.sign_up import forget_unconfirmed
from sentinel.clock import Clock
from sentinel.config.model import Config
from sentinel.errors import StoreError
from sentinel.model.client import Change
from sentinel.store import client_deliveries, client_history, clients
from sentinel.store.database import Database

log = structlog.get_logger("sentinel.clients")
_EVERY = 60.0
_BITE = 200


class ClientKeeper:
    def __init__(self, database: Database, clock: Clock, config: Callable[[], Config]) -> None:
        self._database = database
        self._clock = clock
        self._config = config

    async def run(self) -> None:
        while True:
            try:
                while await self.look():
                    pass
            except StoreError as error:
                log.error("clients not looked after", error=str(error))
            await self._clock.sleep(_EVERY)

    async def look(self) -> int:
        """Once; how much was done."""
        now, config = self._clock.now(), self._config()
        limits, kept = config.clients.limits, float(config.retention.deliveries)
        return await self._database.write(
            lambda conn: (
                count_bounces(conn, limits.bounces, now)
                + forget_unconfirmed(conn, float(limits.confirm_within), now, _BITE)
                + forget_ended(conn, now - kept, _BITE)
            )
        )


def count_bounces(conn: sqlite3.Connection, most: int, now: float) -> int:
    """Takes the messages of which a channel has said that they did not arrive, each once."""
    found = client_deliveries.uncounted(conn, _BITE)
    for one in found:
        text = one.detail or "it did not arrive"
        change = Change(
            at=one.at,
            actor=subscribing.SENTINEL,
            what="bounced",
            subscription=one.subscription,
            detail=text,
        )
        client_history.note(conn, one.contact, change)
        if client_history.strikes(conn, one.subscription) >= most:
            subscribing.give_up(conn, one.subscription, text, now)
    return len(found)


def forget_ended(conn: sqlite3.Connection, before: float, limit: int) -> int:
    """Contacts who have received nothing since then, and will not. How many went."""
    over = clients.ended(conn, before, limit)
    for contact in over:
        client_deliveries.erase(conn, contact)
        client_history.erase(conn, contact)
        clients.delete_contact(conn, contact)
    return len(over)
