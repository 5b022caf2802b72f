"""A daemon's web side with a real mail server, where clients may sign up."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from tests.notifiers.conftest import MailServer, StartServer, authority, start_server
from tests.web.conftest import Browser, World

from sentinel.clients.sync import synchronise
from sentinel.installation import require
from sentinel.store.connection import connect, transaction
from sentinel.store.migrations import migrate

__all__ = ["authority", "start_server"]

CONFIG = """
rules_dir: rules
channels:
  mail: {{type: email, host: localhost, port: {port}, tls: none, sender: "Shop <shop@example.com>"}}
  hooks: {{type: client_webhook, secret: whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=}}
clients:
  title: Shop status
  sign_up: {sign_up}
  channels: {{email: mail, webhook: hooks}}
  limits: {{sign_ups: 6}}
components: {{payments: {{}}, ledger: {{}}, search: {{}}}}
status_page:
  title: Shop status
  components:
    - {{title: Payments, component: [payments, ledger]}}
    - {{title: Search, component: search}}
tenants:
  acme: {{title: Acme Ltd}}
  globex: {{title: Globex}}
"""


class Shop:
    """`mails` are what the mail server took."""

    def __init__(self, world: World, browser: Browser, server: MailServer) -> None:
        self.world = world
        self.browser = browser
        self.server = server

    async def mails(self) -> list[EmailMessage]:
        await self.world.settle()
        found: list[Any] = [
            message_from_bytes(bytes(one.content or b""), policy=policy.default)  # type: ignore[arg-type]
            for one in self.server.mails
        ]
        return found

    async def link(self, purpose: str) -> str:
        """The path of such a link in the latest mail."""
        text = text_of((await self.mails())[-1])
        found = re.search(rf"https?://[^/]+(/{purpose}/\S+)", text)
        assert found, text
        return found[1]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def conn(tmp_path: Path) -> Any:
    """A store's connection, inside of a transaction."""
    connection = connect(tmp_path / "state")
    migrate(connection)
    with transaction(connection):
        yield connection
    connection.close()


@asynccontextmanager
async def opened(folder: Path, start: StartServer, sign_up: str) -> AsyncIterator[Shop]:
    server = await start()
    (folder / "rules").mkdir()
    (folder / "sentinel.yaml").write_text(CONFIG.format(port=server.port, sign_up=sign_up))
    world = World(folder, require(folder / "sentinel.yaml", {})[0])
    await world.start()
    now = world.clock.now()
    await world.database.write(lambda conn: synchronise(conn, world.found.config.tenants, now))
    browser = Browser(world)
    yield Shop(world, browser, server)
    await browser.http.close()
    await world.stop()


@pytest.fixture
async def shop(tmp_path: Path, start_server: StartServer) -> AsyncIterator[Shop]:
    async with opened(tmp_path, start_server, "open") as shop:
        yield shop
