import asyncio
import contextlib
import random
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import ClientResponse, ClientSession, CookieJar
from msgspec.structs import replace

from sentinel.acting.operations import Parts, SentinelOperations
from sentinel.acting.performer import Performer
from sentinel.acting.worker import Worker
from sentinel.answering import Answering
from sentinel.answering import Parts as AnsweringParts
from sentinel.api import Context, Error, Status
from sentinel.channels import Channels, address_of
from sentinel.clock import SystemClock
from sentinel.ingest.event import to_error
from sentinel.installation import Installation, require
from sentinel.keys import Keys
from sentinel.metrics import Metrics
from sentinel.outbox import Outbox
from sentinel.pages import Composer
from sentinel.pipeline import Pipeline, Written
from sentinel.push import StoredDevices
from sentinel.signing import Signer
from sentinel.store import accounts, meta
from sentinel.store.database import Database
from sentinel.web.app import create_app
from sentinel.web.intake import IntakeApp
from sentinel.web.live import Live
from sentinel.web.server import Server
from sentinel.web.services import Services

from .events import an_event

PASSWORD = "four quiet words here"
CONFIG = """
rules_dir: rules
hold: 0s
channels:
  console: {type: console}
  inbox: {type: inapp}
projects:
  shop: {environment: production}
"""
RULES = """
rules:
  - alert: CriticalError
    on: error
    where: {severity: [critical, high], code: {exists: true}}
    by: [code, tenant]
    labels: {severity: critical}
    annotations: {summary: "{code}: {title}"}
  - alert: ComponentDown
    on: status
    where: {status: down}
    by: [component]
routes:
  - {name: default, escalation: default}
escalations:
  - name: default
    steps:
      - notify: [channel:inbox]
"""


class World:
    """A daemon's web side over a real store, pipeline and outbox, on a port of its own."""

    def __init__(self, folder: Path, found: Installation) -> None:
        self.folder = folder
        self.found = found
        self.clock = SystemClock()
        self.live = Live()
        self.metrics = Metrics()
        self.unready: str | None = None
        self.held: dict[tuple[str, str], str] = {}

    async def start(self) -> None:
        # Named as TCP, so that asyncio switches Nagle's delay off: 40 ms a request.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        config = replace(self.found.config, port=port, public_url=self.url)
        found = replace(self.found, config=config)
        self.database = Database(self.folder / "state")
        setup = found.setup(self.database.write_now(meta.scrub_key))
        self.signer = Signer(self.database.write_now(meta.link_key))
        self.answering = Answering(
            AnsweringParts(
                database=self.database,
                clock=self.clock,
                signer=self.signer,
                config=lambda: self.services.setup.config,
                pipeline=lambda: self.pipeline,
                outbox=lambda: self.outbox,
            )
        )
        self._channels = Channels()
        self._http = ClientSession()
        await self._channels.start(found.config, found.registry, self._context_of_channel)
        self.outbox = Outbox(
            self.database,
            self._channels.started,
            Composer(found.config, found.catalog, setup.finder),
            address_of(found.config),
            self.clock,
            random.Random(1),
            on_change=lambda: self.live.tell("deliveries"),
        )
        await self.outbox.start()
        self.pipeline = Pipeline(self.database, setup, self.clock, self._committed)
        self._running = asyncio.create_task(self.pipeline.run())
        self._begin_acting(found)
        self.services = Services(
            database=self.database,
            pipeline=self.pipeline,
            outbox=self.outbox,
            performer=self.performer,
            worker=self.worker,
            setup=setup,
            registry=found.registry,
            keys=Keys(self.database),
            signer=self.signer,
            answering=self.answering,
            channels=lambda: self._channels.started,
            clock=self.clock,
            live=self.live,
            metrics=self.metrics,
            unready=lambda: self.unready,
            held=lambda: self.held,
        )
        self.app = create_app(self.services)
        intake = IntakeApp(
            [receiver() for receiver in found.registry.all("receiver")],
            authenticate=self.services.keys.authenticate,
            accept=self.pipeline.accept,
            count=self.metrics.request,
            log=structlog.get_logger(),
            otherwise=self.app,
        )
        self._server = Server(intake)
        self._serving = asyncio.create_task(self._server.serve([self._socket]))

    async def stop(self) -> None:
        self.live.close()
        # An orderly stop of the server takes 0.2 s; tests/web is no test of that.
        self._serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._serving
        for listener in self._server.servers:
            listener.close()
        # A browser that outlives this world keeps its connections.
        for connection in self._server.server_state.connections:
            connection.transport.close()
        self._acting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._acting
        await self.worker.stop()
        self.pipeline.stop()
        await self._running
        await self.outbox.stop()
        await self._channels.stop()
        await self._http.close()
        self.database.close()

    def _committed(self, written: Written) -> None:
        self.metrics.committed(written)
        if written.effects.deliveries:
            self.outbox.notify({d.recipient.channel for d in written.effects.deliveries})
        self.live.committed(written)

    def _begin_acting(self, found: Installation) -> None:
        parts = Parts(
            config=found.config,
            registry=found.registry,
            channels=self._channels.started,
            context=self._context,
            clock=self.clock,
            emit=lambda signals: self.pipeline.accept("shop", list(signals)),
            reload=self._reload,
        )
        self.performer = Performer(
            found.config,
            found.registry,
            lambda name, actor: replace(
                self._context(name), operations=SentinelOperations(parts, actor)
            ),
            self.clock,
        )
        self.worker = Worker(
            self.database,
            self.performer,
            self.clock,
            on_change=lambda: self.live.tell("actions"),
            on_report=self.pipeline.wake,
        )
        self._acting = asyncio.create_task(self.worker.run())

    async def _reload(self) -> str | None:
        return None

    def _context_of_channel(self, name: str) -> Context:
        answers, hook_url = self.answering.of(name), f"{self.url}/hooks/{name}"
        devices = StoredDevices(self.database)
        return replace(self._context(name), answers=answers, hook_url=hook_url, devices=devices)

    def _context(self, name: str) -> Context:
        return Context(name=name, clock=self.clock, log=structlog.get_logger(), http=self._http)

    async def accept(self, *signals: Error | Status, project: str = "shop") -> None:
        await self.pipeline.accept(project, list(signals))

    async def settle(self) -> None:
        """Until what was to be sent has been sent."""
        await self.outbox.idle()

    async def first_link(self) -> str:
        token = await self.database.write(lambda conn: accounts.first_link(conn, self.clock.now()))
        return f"{self.url}/welcome/{token}"

    async def session(self, name: str = "admin", role: accounts.Role = "admin") -> str:
        """A cookie's value for a user of this role, who is made if need be."""

        def begin(conn: Any) -> str:
            now = self.clock.now()
            known = {user.name: user for user in accounts.users(conn)}
            user = known.get(name) or accounts.add_user(conn, name, role, now)
            if not user.active:
                accounts.use_link(conn, accounts.new_link(conn, user.id, now), "no hash", now)
            return accounts.start_session(conn, user.id, "test", now)

        return await self.database.write(begin)

    async def token(self, name: str = "admin", role: accounts.Role = "admin") -> str:
        await self.session(name, role)

        def make(conn: Any) -> str:
            user = next(user for user in accounts.users(conn) if user.name == name)
            return accounts.new_token(conn, user.id, "a test", self.clock.now())

        return await self.database.write(make)


class Browser:
    """Follows no redirects by itself, keeps cookies, and fills in the form's token."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.csrf = ""

    async def sign_in(self, name: str = "admin", role: accounts.Role = "admin") -> "Browser":
        token = await self.world.session(name, role)
        self.http.cookie_jar.update_cookies({"sentinel": token})
        await self.get("/")
        return self

    async def get(self, path: str, **options: Any) -> tuple[ClientResponse, str]:
        url = path if path.startswith("http") else self.world.url + path
        async with self.http.get(url, allow_redirects=False, **options) as response:
            text = await response.text()
        if found := re.search(r'name="csrf(?:-token)?" (?:content|value)="([^"]+)"', text):
            self.csrf = found[1]
        return response, text

    async def post(self, path: str, **fields: str) -> tuple[ClientResponse, str]:
        url = path if path.startswith("http") else self.world.url + path
        data = {"csrf": self.csrf, **fields}
        headers = {"origin": self.world.url}
        async with self.http.post(
            url, data=data, headers=headers, allow_redirects=False
        ) as response:
            return response, await response.text()


def installation(folder: Path) -> Installation:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    (folder / "sentinel.yaml").write_text(CONFIG)
    return require(folder / "sentinel.yaml", {})[0]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Read once: catalog and plugins take half a second."""
    return installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture
async def world(tmp_path: Path, installed: Installation) -> AsyncIterator[World]:
    world = World(tmp_path, installed)
    await world.start()
    yield world
    await world.stop()


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Browser]:
    browser = Browser(world)
    yield browser
    await browser.http.close()


@pytest.fixture
def event() -> Callable[..., Error]:
    def make(code: str | None = "TWILIO_API_FAILURE", **more: Any) -> Error:
        return to_error(an_event(code, **more), id=f"{random.getrandbits(128):032x}", size=5_000)

    return make
