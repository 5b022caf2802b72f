"""Runs one action without a daemon: to test a channel before anything else runs."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from msgspec.structs import replace

from sentinel.acting.operations import Parts, SentinelOperations
from sentinel.acting.performer import Performer
from sentinel.acting.worker import Worker
from sentinel.api import AnySignal, Context
from sentinel.channels import Channels
from sentinel.clock import Clock
from sentinel.installation import Installation
from sentinel.model.action import ActionRun
from sentinel.net import session
from sentinel.store import action_runs
from sentinel.store.database import Database
from sentinel.store.lock import locked


async def run_alone(
    found: Installation, state_dir: Path, name: str, actor: str, clock: Clock, *, dry: bool
) -> ActionRun:
    """As the daemon would, and recorded as there; but what a probe finds is not stored, as no
    rule is there to judge it. Raises StoreError if a daemon runs, ConfigError where a channel does
    not start."""
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(state_dir))
        database = Database(state_dir)
        stack.callback(database.close)
        http = await stack.enter_async_context(session(found.config.http.allow_private))

        def context(name: str) -> Context:
            log = structlog.get_logger("sentinel.plugin").bind(plugin=name)
            return Context(name=name, clock=clock, log=log, http=http)

        channels = Channels()
        await channels.start(found.config, found.registry, context)
        stack.push_async_callback(channels.stop)
        parts = Parts(
            config=found.config,
            registry=found.registry,
            channels=channels.started,
            context=context,
            clock=clock,
            emit=_forgotten,
            reload=_nothing_to_reload,
        )
        performer = Performer(
            found.config,
            found.registry,
            lambda name, actor: replace(context(name), operations=SentinelOperations(parts, actor)),
            clock,
        )
        now = clock.now()
        number = await database.write(lambda conn: action_runs.ask(conn, name, actor, now, dry=dry))
        run = await Worker(database, performer, clock).run_one(number)
        assert run is not None
        return run


async def _forgotten(signals: Sequence[AnySignal]) -> None:
    pass


async def _nothing_to_reload() -> str | None:
    return "no daemon runs: it reads the configuration when it starts"
