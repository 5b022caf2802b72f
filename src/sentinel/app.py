"""The composition root: builds the parts, starts them, reloads them, and stops them in the
reverse order. Nothing else in Sentinel owns a lifetime."""

import asyncio
import random
import signal
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
import uvloop
from msgspec import Struct
from msgspec.structs import replace

from sentinel import installation, systemd
from sentinel.acting.operations import Parts, SentinelOperations
from sentinel.acting.performer import Performer
from sentinel.acting.worker import Worker
from sentinel.answering import Answering
from sentinel.answering import Parts as AnsweringParts
from sentinel.api import AnySignal, Context, Error
from sentinel.books import BookKeeper
from sentinel.broadcasts.fan_out import FanOut
from sentinel.causes import Learner
from sentinel.channels import Channels, address_of
from sentinel.clients.keeper import ClientKeeper
from sentinel.clients.sync import synchronise
from sentinel.clock import Clock, SystemClock
from sentinel.config.problem import Problem
from sentinel.doorbell import Doorbell
from sentinel.ending import leave
from sentinel.errors import SentinelError, StoreError
from sentinel.installation import Installation
from sentinel.keys import Keys
from sentinel.logs import configure_logs
from sentinel.metrics import Metrics
from sentinel.model.group import OWN_PROJECT
from sentinel.monitors.keeper import DeadlineKeeper
from sentinel.net import session
from sentinel.outbox import Outbox
from sentinel.own_health.drills import DrillKeeper
from sentinel.own_health.heartbeat import HeartbeatKeeper
from sentinel.own_health.watch import OwnWatch
from sentinel.own_health.watch import Parts as WatchedParts
from sentinel.pages import Composer
from sentinel.pipeline import Pipeline, Written
from sentinel.push import StoredDevices
from sentinel.retention import Sweeper
from sentinel.scheduler import Scheduler, jobs
from sentinel.self_report import SelfReport, of_template
from sentinel.signing import Signer
from sentinel.snapshots import HealthRounds
from sentinel.store import accounts, action_runs, meta
from sentinel.store.database import Database
from sentinel.store.lock import locked
from sentinel.templating.flaw import Flaw
from sentinel.upkeep import Errands, cancel, keep_up, vital
from sentinel.watch import changes
from sentinel.web.app import create_app
from sentinel.web.intake import IntakeApp, Limits
from sentinel.web.live import Live
from sentinel.web.server import Server, listen
from sentinel.web.services import Services

log = structlog.get_logger("sentinel")

_LAG_EVERY = 1.0


class Options(Struct, frozen=True, kw_only=True):
    config: Path
    state_dir: Path
    listen: tuple[str, int] | None = None
    env: Mapping[str, str]


def serve(options: Options) -> None:
    """Run the daemon in this process until it is told to stop by a signal."""

    async def until_stopped() -> None:
        daemon = App(options, SystemClock())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stop)
        loop.add_signal_handler(signal.SIGHUP, daemon.reload)
        await daemon.run()

    # Closing the runner would wait for what plugins leave behind.
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(until_stopped())
    leave()


class App:
    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._stopping = asyncio.Event()
        self._reload_asked = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._metrics = Metrics()
        self._live = Live()
        self._self_report = SelfReport(clock)
        self._reports, self._looks = Errands(), Errands()

    async def run(self) -> None:
        """Serve until `stop`. Raises ConfigError, StoreError or OSError if it can't start."""
        found, warnings = self._read()
        configure_logs(found.config.log)
        for warning in warnings:
            log.warning("configuration", problem=str(warning))
        async with AsyncExitStack() as stack:
            await self._start(stack, found)
            log.info("ready", url=found.config.public_url, state=str(self._options.state_dir))
            systemd.ready(f"Serving {found.config.public_url}")
            await self._stopping.wait()
            systemd.stopping("Draining")
            log.info("stopping")
        log.info("stopped")

    def stop(self) -> None:
        self._stopping.set()

    def reload(self) -> None:
        """Read the configuration again; a bad one is refused whole and the running one stays."""
        self._reload_asked.set()

    def _read(self) -> tuple[Installation, list[Problem]]:
        options = self._options
        return installation.require(options.config, options.env, options.listen)

    async def _start(self, stack: AsyncExitStack, found: Installation) -> None:
        """In the order of dependence; the stack undoes it in reverse."""
        state_dir = self._options.state_dir
        stack.enter_context(locked(state_dir))
        self._database = Database(state_dir)
        stack.callback(self._database.close)
        self._scrub_key = self._database.write_now(meta.scrub_key)
        self._checksum_key = self._database.write_now(meta.checksum_key)
        self._http = await stack.enter_async_context(session(found.config.http.allow_private))
        setup = found.setup(self._scrub_key)
        self._signer = Signer(self._database.write_now(meta.link_key))
        self._answering = Answering(
            AnsweringParts(
                database=self._database,
                clock=self._clock,
                signer=self._signer,
                config=lambda: self._services.setup.config,
                pipeline=lambda: self._pipeline,
                outbox=lambda: self._outbox,
            )
        )
        self._devices = StoredDevices(self._database)
        self._channels = Channels()
        await self._channels.start(found.config, found.registry, self._context_of_channel(found))
        stack.push_async_callback(self._stop_channels)
        self._composer = Composer(
            found.config, found.catalog, setup.finder, self._on_template_failure()
        )
        self._outbox = Outbox(
            self._database,
            self._channels.started,
            self._composer,
            address_of(found.config),
            self._clock,
            random.Random(),  # noqa: S311 - jitter is no secret
            self._metrics.outbox,
            # What is read in the web interface is there once it was sent, not when it was written.
            on_change=lambda: self._live.tell("deliveries"),
        )
        await self._outbox.start()
        stack.push_async_callback(self._outbox.stop)

        self._database.write_now(lambda conn: self._keep(conn, found))
        # Before the engine runs: it then hears at once of what the last daemon left half done.
        self._database.write_now(lambda conn: action_runs.release(conn, self._clock.now()))
        self._fan_out = FanOut(
            self._database,
            self._clock,
            lambda: self._services.setup.config,
            notify=lambda channels: self._outbox.notify(channels),
            on_told=lambda: self._live.tell("broadcasts", "deliveries"),
        )
        self._pipeline = Pipeline(self._database, setup, self._clock, self._committed)
        # A remedy may have fallen due while nothing ran: then the first commit asks for its action.
        self._begin_acting(found)
        running = vital("pipeline", self._pipeline.run(), self.stop)
        stack.push_async_callback(self._drain, running)

        self._scheduler = Scheduler(
            self._context,
            self._emit,
            self._clock,
            on_fault=self._metrics.faulted,
            at_once=found.config.probes_at_once,
        )
        await self._scheduler.start(jobs(found.config.probes, found.registry))
        stack.push_async_callback(self._scheduler.stop)

        self._keeper = DeadlineKeeper(self._database, self._pipeline, self._clock)
        await self._keeper.configure(found.config.monitors)
        await self._begin_watching(found)
        self._sweeper = Sweeper(self._database, self._clock, found.config.retention)
        stack.push_async_callback(self._stop_acting)
        self._services = Services(
            database=self._database,
            pipeline=self._pipeline,
            outbox=self._outbox,
            performer=self._performer,
            worker=self._worker,
            setup=setup,
            registry=found.registry,
            keys=Keys(self._database),
            signer=self._signer,
            answering=self._answering,
            channels=lambda: self._channels.started,
            clock=self._clock,
            live=self._live,
            metrics=self._metrics,
            unready=self._unready,
            held=self._scheduler.held,
        )
        self._book_keeper = BookKeeper(
            self._database, self._clock, lambda: self._services.setup, self._report
        )
        self._health_rounds = HealthRounds(
            self._database,
            self._clock,
            lambda: self._services.setup.config,
            self._emit,
            key=self._checksum_key,
            env=self._options.env,
            on_round=lambda: self._live.tell("snapshots"),
        )
        self._learner = Learner(
            self._database, self._clock, lambda: self._services.setup.config.retention
        )
        self._metrics.watch(
            "books_imbalances",
            "What the latest check of the books found not to be accounted for.",
            lambda: self._book_keeper.imbalances,
        )
        await self._serve(stack, found)
        for job in (
            self._keeper.run,
            self._heartbeat.run,
            self._drills.run,
            self._own_watch.run,
            self._sweeper.run,
            self._worker.run,
            self._book_keeper.run,
            self._health_rounds.run,
            self._learner.run,
            Doorbell(self._database, self._outbox, self._clock).run,
            self._fan_out.run,
            ClientKeeper(self._database, self._clock, lambda: self._services.setup.config).run,
            self._watch_files,
            self._reload_when_asked,
            self._watch_loop,
        ):
            task = asyncio.create_task(keep_up(job, self._clock))
            stack.push_async_callback(cancel, task)
        await self._welcome(found.config.public_url)

    async def _begin_watching(self, found: Installation) -> None:
        """What looks after Sentinel itself."""
        self._heartbeat = HeartbeatKeeper(
            self._database,
            self._emit,
            OWN_PROJECT,
            self._http,
            self._clock,
            lambda: self._services.setup.config.heartbeat,
        )
        self._drills = DrillKeeper(
            self._database,
            self._clock,
            lambda: self._services.setup.config,
            self._emit,
            on_begin=self._drill_begun,
            on_end=lambda: self._live.tell("health"),
        )
        await self._drills.configure(found.config.fire_drills.values())
        self._own_watch = OwnWatch(
            self._database,
            self._clock,
            self._self_report,
            self._report,
            WatchedParts(
                config=lambda: self._services.setup.config,
                channels=lambda: self._outbox.health().values(),
                probes=self._scheduler.status,
                trouble=lambda: self._pipeline.trouble,
            ),
        )
        self._metrics.watch_each(
            "last_proven_delivery_seconds",
            "Seconds since a message last got its receipt; +Inf where none ever did.",
            ("channel", "person"),
            self._own_watch.ages,
        )

    def _drill_begun(self, channels: set[str]) -> None:
        self._outbox.notify(channels)
        self._live.tell("deliveries", "health")

    def _begin_acting(self, found: Installation) -> None:
        self._parts = Parts(
            config=found.config,
            registry=found.registry,
            channels=self._channels.started,
            context=self._context,
            clock=self._clock,
            emit=self._emit,
            reload=self._try_reload,
        )
        self._performer = Performer(
            found.config,
            found.registry,
            self._context_of_action,
            self._clock,
            on_fault=self._metrics.faulted,
        )
        self._worker = Worker(
            self._database,
            self._performer,
            self._clock,
            on_change=lambda: self._live.tell("actions", "incidents"),
            on_report=self._pipeline.wake,
            on_end=self._metrics.ran,
        )

    async def _stop_acting(self) -> None:
        await self._worker.stop()
        await self._looks.stop()

    def _context_of_channel(self, found: Installation) -> Callable[[str], Context]:
        def context(name: str) -> Context:
            return replace(
                self._context(name),
                answers=self._answering.of(name),
                hook_url=f"{found.config.public_url}/hooks/{name}",
                devices=self._devices,
            )

        return context

    def _context_of_action(self, name: str, actor: str) -> Context:
        return replace(self._context(name), operations=SentinelOperations(self._parts, actor))

    def _unready(self) -> str | None:
        return "it is stopping" if self._stopping.is_set() else self._pipeline.trouble

    async def _serve(self, stack: AsyncExitStack, found: Installation) -> None:
        self._intake = IntakeApp(
            [receiver() for receiver in found.registry.all("receiver")],
            authenticate=self._services.keys.authenticate,
            accept=self._pipeline.accept,
            count=self._metrics.request,
            log=log,
            otherwise=create_app(self._services),
            limits=Limits(
                body=found.config.limits.max_body, unpacked=found.config.limits.max_decompressed
            ),
        )
        server = Server(self._intake)
        serving = vital("server", server.serve(self._sockets(found)), self.stop)
        stack.push_async_callback(self._stop_server, server, serving)

    def _sockets(self, found: Installation) -> list[socket.socket]:
        """Those that systemd opened, else one of our own."""
        inherited = list(systemd.listen_fds().values())
        if inherited:
            return inherited
        return [listen(found.config.host, found.config.port)]

    async def _stop_server(self, server: Server, serving: asyncio.Task[None]) -> None:
        self._live.close()
        server.stop()
        await serving

    async def _drain(self, running: asyncio.Task[None]) -> None:
        self._pipeline.stop()
        await running

    async def _stop_channels(self) -> None:
        await self._channels.stop()

    def _committed(self, written: Written) -> None:
        self._metrics.committed(written)
        if written.effects.deliveries:
            self._outbox.notify({d.recipient.channel for d in written.effects.deliveries})
        if written.effects.actions:
            self._worker.notify()
        if written.effects.updates or written.effects.broadcasts:
            self._fan_out.notify()
        for probe in written.effects.looks:
            self._look(probe)
        self._live.committed(written)
        for error in self._self_report.of(written.effects.decisions):
            log.error("in need of attention", code=error.code, reason=error.message)
            self._report(error)

    def _on_template_failure(self) -> Callable[[str, Flaw], None]:
        """Messages are rendered on other threads: what fails there is told on the loop."""
        loop = asyncio.get_running_loop()

        def failed(template: str, flaw: Flaw) -> None:
            loop.call_soon_threadsafe(self._report, of_template(template, str(flaw)))

        return failed

    def _report(self, error: Error) -> None:
        """Sentinel's own errors take the way of all others, once this commit is through."""
        self._reports.send(self._emit([error]), "an own error was not stored")

    def _look(self, probe: str) -> None:
        """The engine wants to know now whether a component is up; it waits no longer than a look
        may take."""
        operations = SentinelOperations(self._parts, "the proof of a repair")
        self._looks.send(operations.run_probe(probe), "a probe did not look")

    async def _emit(self, signals: Sequence[AnySignal]) -> None:
        await self._pipeline.accept(OWN_PROJECT, list(signals))

    def _context(self, name: str) -> Context:
        return Context(
            name=name,
            clock=self._clock,
            log=structlog.get_logger("sentinel.plugin").bind(plugin=name),
            http=self._http,
        )

    async def _reload_when_asked(self) -> None:
        while True:
            await self._reload_asked.wait()
            self._reload_asked.clear()
            await self._try_reload()

    async def _try_reload(self) -> str | None:
        """What is wrong with the configuration; None where it is now in use."""
        async with self._reloading:
            systemd.reloading()
            try:
                await self._reload()
            except Exception as error:
                # Whatever was wrong, what runs goes on, and the next reload is another chance.
                unforeseen = None if isinstance(error, SentinelError) else error
                log.error("reload refused", problems=str(error), exc_info=unforeseen)
                self._metrics.reloaded("refused")
                systemd.ready("Serving; the last reload was refused")
                return str(error) or type(error).__name__
        return None

    async def _reload(self) -> None:
        """Build everything new first, then exchange it: a failure leaves the old in place."""
        found, warnings = await asyncio.to_thread(self._read)
        setup = found.setup(self._scrub_key)
        channels = Channels()
        await channels.start(found.config, found.registry, self._context_of_channel(found))
        try:
            await self._database.write(lambda conn: self._keep(conn, found))
        except StoreError:
            await channels.stop()
            raise
        old, self._channels = self._channels, channels
        self._composer.reconfigure(found.config, found.catalog, setup.finder)
        await self._outbox.reconfigure(channels.started, address_of(found.config))
        self._pipeline.reconfigure(setup)
        self._services.setup, self._services.registry = setup, found.registry
        self._parts.config, self._parts.registry = found.config, found.registry
        self._parts.channels = channels.started
        self._performer.reconfigure(found.config, found.registry)
        self._sweeper.kept = found.config.retention
        await self._keeper.configure(found.config.monitors)
        await self._drills.configure(found.config.fire_drills.values())
        await self._scheduler.reload(jobs(found.config.probes, found.registry))
        await old.stop()
        configure_logs(found.config.log)
        for warning in warnings:
            log.warning("configuration", problem=str(warning))
        log.info("reloaded", rules=len(found.config.rules))
        self._metrics.reloaded("taken")
        self._live.tell("config")
        systemd.ready(f"Serving {found.config.public_url}")

    def _keep(self, conn: sqlite3.Connection, found: Installation) -> None:
        """What the database holds of the configuration."""
        synchronise(conn, found.config.tenants, self._clock.now())
        meta.set_public_url(conn, found.config.public_url)

    async def _watch_files(self) -> None:
        async for _ in changes(lambda: self._services.setup.config):
            self.reload()

    async def _watch_loop(self) -> None:
        """Feed the watchdog while the loop runs and the pipeline commits, and note any lag."""
        every = min(systemd.watchdog_interval() or _LAG_EVERY, _LAG_EVERY)
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(every)
            self._metrics.lagged(max(0.0, self._clock.monotonic() - before - every))
            if self._pipeline.is_moving():
                systemd.alive()

    async def _welcome(self, public_url: str) -> None:
        """On a fresh database: a link by which the first administrator sets a password."""
        now = self._clock.now()
        token = await self._database.write(lambda conn: accounts.first_link(conn, now))
        if token is not None:
            # Only to the console that started it: the log may be shipped elsewhere.
            print(f"\nFirst sign-in (one hour, once): {public_url}/welcome/{token}\n", flush=True)  # noqa: T201
