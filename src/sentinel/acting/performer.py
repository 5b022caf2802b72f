"""Performs one run: makes the plugin's object, runs it under its time-out, and takes it down.

Whatever the plugin does, there is an end, and a bounded text without secrets that tells of it.
"""

import re
from collections.abc import Callable
from typing import Any

import structlog
from msgspec import Struct

from sentinel.acting.limits import LIFE_CYCLE_TIMEOUT
from sentinel.api import Action, ActionResult, Context
from sentinel.clock import Clock
from sentinel.config.model import ActionConfig, Config
from sentinel.errors import SentinelError
from sentinel.ingest.scrub import Scrubber
from sentinel.isolation import Faulted, Guard
from sentinel.model.action import ActionRun, Outcome
from sentinel.model.values import hidden, secrets_in
from sentinel.plugins import Registry

log = structlog.get_logger("sentinel.acting")

MOST_TEXT = 4_000
_MOST_READ = 5 * MOST_TEXT
# The key is for the hashes of users, of whom there are none in what an action says.
_NO_USERS = b"-"
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]+")


class Performed(Struct, frozen=True):
    outcome: Outcome
    text: str


class Performer:
    """`context_of` makes the context of an action from its name and who asks for it. A reload
    exchanges configuration and registry; what runs by then runs on."""

    def __init__(
        self,
        config: Config,
        registry: Registry,
        context_of: Callable[[str, str], Context],
        clock: Clock,
        *,
        on_fault: Callable[[Guard, Faulted], None] | None = None,
    ) -> None:
        self._context_of = context_of
        self._clock = clock
        self._on_fault = on_fault
        self.reconfigure(config, registry)

    def reconfigure(self, config: Config, registry: Registry) -> None:
        self._config = config
        self._registry = registry
        self._guards: dict[str, Guard] = {}
        self._scrubber = Scrubber(config.scrub, key=_NO_USERS)
        self._secrets = secrets_in(
            [one.params for one in config.channels.values()]
            + [one.params for one in config.actions.values()]
            + [one.params for one in config.probes]
        )

    def action(self, name: str) -> ActionConfig | None:
        return self._config.actions.get(name)

    def describe(self, name: str, actor: str) -> str:
        """What a run would do. Raises SentinelError where that can't be told."""
        action = self._config.actions[name]
        try:
            text = self._make(action, actor).describe()
        except Exception as error:
            # The code of a plugin may raise anything: the caller is told which one did.
            reason = self._bounded(f"{type(error).__name__}: {error}")
            raise SentinelError(f"the action {name} can't be described: {reason}") from error
        return self._bounded(text)

    async def perform(self, run: ActionRun) -> Performed:
        action = self._config.actions.get(run.action)
        if action is None:
            return Performed("refused", f"no action {run.action} is configured any more")
        if run.dry:
            try:
                return Performed("succeeded", f"Dry run: {self.describe(run.action, run.actor)}")
            except SentinelError as error:
                return Performed("failed", str(error))
        result = await self._run(action, run.actor)
        if isinstance(result, Faulted):
            how = {"raised": "it raised ", "overdue": "", "quarantined": ""}[result.how]
            return Performed("failed", self._scrubbed(f"{how}{result.reason}"))
        facts = "".join(f"\n{name}: {value}" for name, value in result.facts.items())
        outcome: Outcome = "succeeded" if result.ok else "failed"
        return Performed(outcome, self._scrubbed(f"{result.text}{facts}"))

    async def _run(self, action: ActionConfig, actor: str) -> ActionResult | Faulted:
        guard = self._guards.get(action.name) or self._guard(action.name)
        made: list[Action[Any]] = []

        async def begin() -> None:
            made.append(self._make(action, actor))
            await made[0].start()

        async def work() -> ActionResult:
            result: Any = await made[0].run()
            if not isinstance(result, ActionResult):
                raise TypeError(f"run() gave {type(result).__name__}, expected an ActionResult")
            return result

        try:
            begun = await guard.call(begin, LIFE_CYCLE_TIMEOUT)
            if isinstance(begun, Faulted):
                return begun
            return await guard.call(work, action.timeout, lets_through=(SentinelError,))
        except SentinelError as error:
            # What Sentinel itself refuses to an action is an answer, and no fault of the plugin.
            return ActionResult(ok=False, text=str(error))
        finally:
            if made:
                await guard.call(made[0].stop, LIFE_CYCLE_TIMEOUT, even_quarantined=True)

    def _guard(self, name: str) -> Guard:
        guard = Guard(name, self._clock, secrets=self._secrets, on_fault=self._on_fault)
        self._guards[name] = guard
        return guard

    def _make(self, action: ActionConfig, actor: str) -> Action[Any]:
        plugin: Any = self._registry.get("action", action.type)
        made: Action[Any] = plugin(action.params, self._context_of(action.name, actor))
        return made

    def _scrubbed(self, text: str) -> str:
        """What a program printed, or a server answered, may hold whatever an error may hold."""
        read = hidden(text, self._secrets)[:_MOST_READ]
        clean: str = self._scrubber.clean({"text": read})["text"]
        return self._bounded(clean)

    def _bounded(self, text: str) -> str:
        shown = _UNSEEN.sub(" ", hidden(text, self._secrets)).strip()
        return shown if len(shown) <= MOST_TEXT else f"{shown[: MOST_TEXT - 1]}…"
