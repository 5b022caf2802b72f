"""A store with clients, a pipeline over it, and the worker that tells them."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from sentinel.api import AnySignal, Error
from sentinel.broadcasts.fan_out import FanOut
from sentinel.model.client import Contact, Subscription, Tenant
from sentinel.pages import Composer
from sentinel.store import clients, deliveries, meta
from sentinel.testing import FakeClock
from tests.running import START, Running

MAIN = """
rules_dir: rules
hold: 0s
public_url: https://status.example.com
channels: {inbox: {type: inapp}, mail: {type: email, host: 127.0.0.1, sender: a@example.com}}
clients: {title: Example Ltd, channels: {email: mail}, footer: "Example Ltd, 1 High Street"}
status_page: {title: Example}
components:
  sms: {title: Text messages}
  voice: {title: Voice calls}
"""
RULES = """
rules:
  - alert: SmsFailing
    on: error
    where: {code: SMS_DELIVERY_FAILURE}
    timeframe: 1m
    by: [code]
    labels: {severity: warning}
routes:
  - {name: all, escalation: all}
escalations:
  - {name: all, steps: [{notify: [channel:inbox]}]}
broadcasts:
  - name: sms
    when: {alert: SmsFailing}
    title: Text messages are delayed
    components: [sms]
    audience: AUDIENCE
    publish: PUBLISH
    resolve_after: 0s
    messages:
      investigating: "Text messages arrive late. You need not send them again."
      identified: "We know why."
      resolved: "Text messages arrive at once again."
"""


class Told(Running):
    """`tell` lets the worker write what is due."""

    def __init__(self, folder: Path, clock: FakeClock, rules: str, main: str = MAIN) -> None:
        super().__init__(folder, clock, rules, main)
        # As the daemon does at its start: what is composed only reads.
        self.database.write_now(meta.link_key)
        self.notified: list[str] = []
        self.fan_out = FanOut(
            self.database,
            clock,
            lambda: self.found.config,
            notify=self.notified.extend,
            on_told=lambda: None,
        )

    async def tell(self) -> None:
        await self.fan_out.tell_all()

    async def failing(self, tenant: str | None) -> None:
        await self.send(sms_error(tenant))
        await self.tell()

    async def messages(self) -> list[tuple[str, str]]:
        """Address and phase of what was written for clients, in its order."""
        rows = await self.rows(
            "SELECT d.address, u.phase FROM deliveries AS d JOIN updates AS u ON u.id = d.update_id"
            " WHERE d.subscription_id IS NOT NULL ORDER BY d.id"
        )
        return [(row[0], row[1]) for row in rows]

    async def composed(self) -> list[Any]:
        """What clients read."""
        found = self.found

        def compose(conn: Any) -> list[Any]:
            composer = Composer(found.config, found.catalog, found.setup(b"key").finder)
            return [
                composer(conn, one)
                for one in deliveries.listing(conn)[::-1]
                if one.reason in ("update", "veto")
            ]

        return await self.database.read(compose)

    async def said(self) -> list[tuple[str, str]]:
        """Phase and state of all updates."""
        rows = await self.rows("SELECT phase, state FROM updates ORDER BY id")
        return [(row[0], row[1]) for row in rows]

    async def subscribe(
        self, address: str, tenant: str | None = None, **wishes: Any
    ) -> Subscription:
        own = {name: wishes.pop(name) for name in ("components", "severity") if name in wishes}

        def write(conn: Any) -> Subscription:
            return subscribe(conn, address, tenant, contact=wishes, **own)

        return await self.database.write(write)


def subscribe(
    conn: Any,
    address: str,
    tenant: str | None = None,
    *,
    contact: dict[str, Any] | None = None,
    **wishes: Any,
) -> Subscription:
    if tenant is not None:
        one = Tenant(name=tenant, title=tenant.title(), source="managed", created=START)
        clients.put_tenant(conn, one)
    number = clients.add_contact(
        conn,
        Contact(
            id=0, tenant=tenant, name="Somebody", source="managed", created=START, **(contact or {})
        ),
    )
    wanted = Subscription(
        id=0,
        contact=number,
        kind="email",
        address=address,
        state="active",
        since=START,
        **wishes,
    )
    return replace(wanted, id=clients.add_subscription(conn, wanted))


def sms_error(tenant: str | None, **fields: Any) -> AnySignal:
    return Error(message="refused", code="SMS_DELIVERY_FAILURE", tenant=tenant, **fields)


@contextlib.asynccontextmanager
async def told(
    folder: Path,
    clock: FakeClock,
    *,
    audience: str = "affected",
    publish: str = "auto",
    rules: str = RULES,
    main: str = MAIN,
) -> AsyncIterator[Told]:
    text = rules.replace("AUDIENCE", audience).replace("PUBLISH", publish)
    one = Told(folder, clock, text, main)
    try:
        yield one
    finally:
        await one.stop()
