"""Runs each probe every interval, one run at a time, and hands on what it found.

A run that fails, takes too long or is held off still gives a signal: its component's status is
`unknown`, with the reason. Nothing that was to be looked at is silently not looked at.

Each probe has its own grid of moments, set off by a hash of its name: they neither bunch nor move
from one start to the next. `Slots` bounds how many look at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from math import isfinite
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from sentinel.api import AnySignal, Context, Metric, Params, Probe, Signal, Status
from sentinel.clock import Clock
from sentinel.config.model import ProbeConfig
from sentinel.errors import SentinelError
from sentinel.isolation import Faulted, Guard, GuardStatus
from sentinel.model.values import secrets_in
from sentinel.plugins import Registry
from sentinel.slots import Slots

log = structlog.get_logger("sentinel.scheduler")

AT_ONCE = 50
SLOW = 2.0
"""Seconds after which a look counts as slow, so that the next one gets in others' way less."""
MOST_SIGNALS = 1000
LIFE_CYCLE_TIMEOUT = 10.0
FIRST_RUNS_WITHIN = 3.0
"""Seconds over which the first runs are spread, so that a fresh start shows something at once."""

Emit = Callable[[Sequence[AnySignal]], Awaitable[None]]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One probe to run. Two equal jobs are the same job to a reload; times are in seconds."""

    name: str
    plugin: type[Probe[Any]]
    params: Params
    interval: float
    timeout: float
    component: str
    retries: int = 0
    code: str | None = None
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`signals` were handed on; `lost` are those that the pipeline did not take."""

    name: str
    type: str
    guard: GuardStatus
    runs: int
    signals: int
    lost: int


def jobs(probes: Iterable[ProbeConfig], registry: Registry) -> list[Job]:
    """The jobs of a checked configuration, whose probe types are all registered."""
    found: list[Job] = []
    for probe in probes:
        plugin = registry.get("probe", probe.type)
        if plugin is None:
            raise LookupError(f"no probe is registered as {probe.type!r}")
        found.append(
            Job(
                name=probe.name,
                plugin=plugin,
                params=probe.params,
                interval=probe.interval,
                timeout=probe.timeout,
                component=probe.component,
                retries=probe.retries,
                code=probe.code,
                tags=probe.tags,
            )
        )
    return found


class Scheduler:
    """`emit` returns once the signals are stored, and raises SentinelError where they are not.

    `context` makes the context of a probe from its name. `on_fault` hears of each fault.
    `at_once` is how many probes look at the same time at most.
    """

    def __init__(
        self,
        context: Callable[[str], Context],
        emit: Emit,
        clock: Clock,
        *,
        on_fault: Callable[[Guard, Faulted], None] | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        self._context = context
        self._emit = emit
        self._clock = clock
        self._on_fault = on_fault
        self._slots = Slots(at_once)
        self._running: dict[str, _Running] = {}

    async def start(self, jobs: Iterable[Job]) -> None:
        await self.reload(jobs)

    async def reload(self, jobs: Iterable[Job]) -> None:
        """Run these from now on. A job that has not changed runs on, its times untouched."""
        wanted = {job.name: job for job in jobs}
        ended = [name for name, one in self._running.items() if wanted.get(name) != one.job]
        await self._end(ended)
        for name, job in wanted.items():
            if name not in self._running:
                self._running[name] = self._begin(job)

    async def stop(self) -> None:
        await self._end(list(self._running))

    def status(self) -> list[JobStatus]:
        return [one.runner.status for _, one in sorted(self._running.items())]

    def held(self) -> dict[tuple[str, str], str]:
        """The reasons of the probes in quarantine, for `Registry.listing`."""
        return {
            ("probe", one.type): f"{one.name}: {one.guard.reason}"
            for one in self.status()
            if one.guard.state == "quarantined"
        }

    def _begin(self, job: Job) -> "_Running":
        guard = Guard(
            job.name, self._clock, secrets=secrets_in(job.params), on_fault=self._on_fault
        )
        runner = _Runner(job, guard, self._context, self._emit, self._clock, self._slots)
        return _Running(job, runner, asyncio.create_task(runner.run(), name=f"probe {job.name}"))

    async def _end(self, names: list[str]) -> None:
        ended = [self._running.pop(name) for name in names]
        for one in ended:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in ended), return_exceptions=True)
        await asyncio.gather(*(one.runner.close() for one in ended))


class _Running(msgspec.Struct, frozen=True):
    job: Job
    runner: "_Runner"
    task: asyncio.Task[None]


class _Runner:
    """One job, for as long as it stays unchanged."""

    def __init__(
        self,
        job: Job,
        guard: Guard,
        context: Callable[[str], Context],
        emit: Emit,
        clock: Clock,
        slots: Slots,
    ) -> None:
        self._job = job
        self._guard = guard
        self._context = context
        self._emit = emit
        self._clock = clock
        self._slots = slots
        self._probe: Probe[Any] | None = None
        self._started = False
        self._slow = False
        self._runs = self._signals = self._lost = 0

    @property
    def status(self) -> JobStatus:
        return JobStatus(
            name=self._job.name,
            type=self._job.plugin.type,
            guard=self._guard.status,
            runs=self._runs,
            signals=self._signals,
            lost=self._lost,
        )

    async def run(self) -> None:
        """Look, wait for the next time, look again; never returns."""
        share = phase(self._job.name)
        grid = self._clock.monotonic() + share * self._job.interval
        await self._clock.sleep(share * min(self._job.interval, FIRST_RUNS_WITHIN))
        while True:
            try:
                async with self._slots.taken(slow=self._slow):
                    await self._hand_on(await self._timed())
            except Exception:  # an error of ours must not silently end the looking
                log.exception("probe_round_failed", probe=self._job.name)
            await self._clock.sleep(until_next(grid, self._job.interval, self._clock.monotonic()))

    async def close(self) -> None:
        """The end of the plugin's life cycle, also after a failed start."""
        probe, self._probe, self._started = self._probe, None, False
        if probe is not None:
            await self._guard.call(probe.stop, LIFE_CYCLE_TIMEOUT, even_quarantined=True)

    async def _timed(self) -> Sequence[AnySignal]:
        begun = self._clock.monotonic()
        found = await self._look()
        self._slow = self._clock.monotonic() - begun > SLOW
        return found

    async def _look(self) -> Sequence[AnySignal]:
        self._runs += 1
        if not self._started:
            begun = await self._guard.call(self._open, LIFE_CYCLE_TIMEOUT)
            if isinstance(begun, Faulted):
                await self.close()
                return [self._unknown(begun)]
            self._started = True
        found = await self._guard.call(self._checked, self._job.timeout)
        for _ in range(self._job.retries):
            if isinstance(found, Faulted) or (reason := _why_down(found)) is None:
                break
            log.info("probe_looks_again", probe=self._job.name, reason=reason)
            found = await self._guard.call(self._checked, self._job.timeout)
        return [self._unknown(found)] if isinstance(found, Faulted) else found

    async def _open(self) -> None:
        self._probe = self._job.plugin(self._job.params, self._context(self._job.name))
        await self._probe.start()

    async def _checked(self) -> Sequence[AnySignal]:
        """Inside the guard: a wrong result is the plugin's fault like any other."""
        if self._probe is None:
            raise RuntimeError("the probe is not started")
        return [self._filled(signal) for signal in checked(await self._probe.probe())]

    def _filled(self, signal: AnySignal) -> AnySignal:
        return completed(signal, self._job, self._clock.now())

    def _unknown(self, faulted: Faulted) -> AnySignal:
        if faulted.how != "quarantined":
            log.warning(
                "probe_failed", probe=self._job.name, how=faulted.how, reason=faulted.reason
            )
        return self._filled(Status(status="unknown", message=faulted.reason))

    async def _hand_on(self, signals: Sequence[AnySignal]) -> None:
        try:
            await self._emit(signals)
        except SentinelError as error:
            # The next look brings newer signals; keeping these would only deepen an overload.
            self._lost += len(signals)
            log.warning("probe_signals_lost", probe=self._job.name, reason=str(error))
        else:
            self._signals += len(signals)


def _why_down(signals: Sequence[AnySignal]) -> str | None:
    """The message of the first component that is down; None where none is."""
    for signal in signals:
        if isinstance(signal, Status) and signal.status == "down":
            return signal.message
    return None


def phase(name: str) -> float:
    """From 0 to 1, evenly spread over names and the same after a restart."""
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest()) / 2**48


def until_next(grid: float, interval: float, now: float) -> float:
    """Seconds to the next moment of the grid; those already missed are not made up for."""
    wait = interval - (now - grid) % interval
    # A clock that wakes a sleeper a hair early would otherwise run the same moment twice.
    return wait if wait > interval / 1000 else wait + interval


def checked(signals: Any) -> list[AnySignal]:
    """A probe's result, held against the records' types. Raises TypeError or ValidationError."""
    if not isinstance(signals, list | tuple):
        raise TypeError(f"probe() gave {type(signals).__name__}, expected a list of signals")
    if len(signals) > MOST_SIGNALS:
        raise TypeError(f"probe() gave {len(signals)} signals, expected at most {MOST_SIGNALS}")
    return [_checked(signal) for signal in signals]


def completed(signal: AnySignal, job: Job | ProbeConfig, now: float) -> AnySignal:
    """With what the configuration says of it."""
    if isinstance(signal, Status) and signal.status == "down" and signal.code is None:
        signal = replace(signal, code=job.code)
    return replace(
        signal,
        at=signal.at or now,
        component=signal.component or job.component,
        tags={"probe": job.name, **job.tags, **signal.tags},
    )


def _checked(signal: Any) -> AnySignal:
    if not isinstance(signal, Signal):
        raise TypeError(f"probe() gave {type(signal).__name__} among its signals")
    if isinstance(signal, Metric) and not isfinite(signal.value):
        raise ValueError(f"probe() gave the metric {signal.name} the value {signal.value}")
    # A record does not check its fields when it is made; a round trip does.
    decoded: AnySignal = msgspec.json.decode(msgspec.json.encode(signal), type=type(signal))  # type: ignore[assignment]
    return decoded
