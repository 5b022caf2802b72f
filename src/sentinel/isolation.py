"""Calls foreign code so that it can hurt nobody but itself.

What can't be contained: code that blocks the event loop (a plain `time.sleep`, a long
computation). No time-out interrupts it, and everything waits with it; a watchdog over the loop's
lag reports it. Plugins run blocking work by `asyncio.to_thread`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

import msgspec

from sentinel.clock import Clock
from sentinel.discretion import presentable

T = TypeVar("T")
FAULTS_TO_QUARANTINE = 3
FIRST_BACK_OFF = 30.0
LONGEST_BACK_OFF = 3600.0
GRACE = 5.0


class Faulted(msgspec.Struct, frozen=True, kw_only=True):
    """A guarded call that gave no result, and why. `plugin` is the guard's name."""

    plugin: str
    how: Literal["raised", "overdue", "quarantined"]
    reason: str


class GuardStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`calls` and `faults` count since the start, `row` counts the faults without a success
    between them. `retry_in` is the rest of the quarantine in seconds."""

    name: str
    state: Literal["ok", "faulty", "quarantined"]
    calls: int
    faults: int
    row: int
    reason: str
    retry_in: float


class Guard:
    """One plugin object's calls: timed out, caught, and held off after repeated faults.

    After `FAULTS_TO_QUARANTINE` faults in a row calls are refused for a time that doubles with
    each further fault; then one call is tried, and its success ends the quarantine. A call that
    ignores its cancellation is abandoned, and no other is begun until it has ended. One that raises
    when it is cancelled has its text told: how far it came.

    `secrets` are cut out of all reasons. `on_fault` hears of each fault once it is counted.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        secrets: tuple[str, ...] = (),
        on_fault: Callable[["Guard", Faulted], None] | None = None,
    ) -> None:
        self.name = name
        self._clock = clock
        self._secrets = secrets
        self._on_fault = on_fault
        self._calls = 0
        self._faults = 0
        self._row = 0
        self._reason = ""
        self._until = 0.0
        self._strays: set[asyncio.Task[Any]] = set()

    @property
    def status(self) -> GuardStatus:
        held = self._strays or self._retry_in() > 0
        return GuardStatus(
            name=self.name,
            state="quarantined" if held else "faulty" if self._row else "ok",
            calls=self._calls,
            faults=self._faults,
            row=self._row,
            reason=self._reason,
            retry_in=self._retry_in(),
        )

    async def call(
        self,
        make: Callable[[], Awaitable[T]],
        within: float,
        *,
        lets_through: tuple[type[Exception], ...] = (),
        even_quarantined: bool = False,
    ) -> T | Faulted:
        """Await `make()` for at most `within` seconds.

        Exceptions of `lets_through` are answers and no faults (a notifier's Permanent and
        Retryable): they are raised to the caller. So is the caller's own cancellation.
        `even_quarantined` is for the clean-up that must be tried in any case.
        """
        refusal = None if even_quarantined else self._refusal()
        if refusal:
            return refusal
        self._calls += 1
        task = asyncio.create_task(_contained(make), name=self.name)
        try:
            in_time = await self._finished(task, within)
        except asyncio.CancelledError:
            await self._cancel(task)
            raise
        if not in_time:
            obeyed = await self._cancel(task)
            last = _last_words(task) if obeyed else ", and it can't be cancelled"
            return self._fault("overdue", f"no answer within {within:g} s{last}")
        error = _error_of(task)
        if error is None:
            self._recover()
            return task.result()
        if isinstance(error, lets_through):
            self._recover()
            raise error
        text = str(error)
        name = type(error).__name__
        return self._fault("raised", f"{name}: {text}" if text else name)

    def _retry_in(self) -> float:
        return max(0.0, self._until - self._clock.monotonic())

    def _refusal(self) -> Faulted | None:
        if self._strays:
            return self._faulted("quarantined", "an earlier call has not ended yet")
        wait = self._retry_in()
        if wait:
            text = f"quarantined for {wait:.0f} s more after {self._row} faults: {self._reason}"
            return self._faulted("quarantined", text)
        return None

    async def _finished(self, task: asyncio.Task[Any], seconds: float) -> bool:
        """Whether the task ended within so many seconds of the handed-in clock."""
        alarm = asyncio.create_task(self._clock.sleep(seconds))
        try:
            await asyncio.wait((task, alarm), return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
        return task.done()

    async def _cancel(self, task: asyncio.Task[Any]) -> bool:
        """Cancel, and wait a little; one that goes on nonetheless is a stray until it ends."""
        self._strays.add(task)
        task.add_done_callback(self._strays.discard)
        task.add_done_callback(_error_of)
        task.cancel()
        return await self._finished(task, GRACE)

    def _recover(self) -> None:
        self._row, self._reason, self._until = 0, "", 0.0

    def _fault(self, how: Literal["raised", "overdue"], reason: str) -> Faulted:
        faulted = self._faulted(how, reason)
        self._faults += 1
        self._row += 1
        self._reason = faulted.reason
        beyond = self._row - FAULTS_TO_QUARANTINE
        if beyond >= 0:
            # The exponent is bounded so that a plugin faulty for years does not overflow it.
            back_off = min(FIRST_BACK_OFF * 2.0 ** min(beyond, 32), LONGEST_BACK_OFF)
            self._until = self._clock.monotonic() + back_off
        if self._on_fault:
            self._on_fault(self, faulted)
        return faulted

    def _faulted(self, how: Literal["raised", "overdue", "quarantined"], reason: str) -> Faulted:
        return Faulted(plugin=self.name, how=how, reason=presentable(reason, self._secrets))


class Exited(Exception):
    """SystemExit in a task ends the whole program, so it is turned into this."""


async def _contained(make: Callable[[], Awaitable[T]]) -> T:
    try:
        return await make()
    except SystemExit as error:
        raise Exited(f"called exit({error.code!r})") from error


def _last_words(task: asyncio.Task[Any]) -> str:
    """What a call that was cancelled had to say of how far it came."""
    error = _error_of(task)
    if error is None or isinstance(error, asyncio.CancelledError) or not str(error):
        return ""
    return f": {error}"


def _error_of(task: asyncio.Task[Any]) -> BaseException | None:
    """How the task failed, if it did. Asking also keeps asyncio from reporting it as forgotten."""
    if task.cancelled():
        return asyncio.CancelledError("cancelled itself")
    return task.exception()
