"""One look of a probe, apart from its schedule: with an object of its own."""

from collections.abc import Callable, Sequence
from typing import Any

from sentinel.acting.limits import LIFE_CYCLE_TIMEOUT
from sentinel.api import AnySignal, Context, Probe, Status
from sentinel.clock import Clock
from sentinel.config.model import ProbeConfig
from sentinel.isolation import Faulted, Guard
from sentinel.model.values import secrets_in
from sentinel.scheduler import checked, completed


async def look(
    probe: ProbeConfig,
    plugin: type[Probe[Any]],
    context: Callable[[str], Context],
    clock: Clock,
) -> Sequence[AnySignal]:
    """What it found; its component as `unknown`, with the reason, if it failed."""
    guard = Guard(probe.name, clock, secrets=secrets_in(probe.params))
    made: list[Probe[Any]] = []

    async def begin() -> None:
        made.append(plugin(probe.params, context(probe.name)))
        await made[0].start()

    async def work() -> Sequence[AnySignal]:
        return checked(await made[0].probe())

    try:
        begun = await guard.call(begin, LIFE_CYCLE_TIMEOUT)
        found = begun if isinstance(begun, Faulted) else await guard.call(work, probe.timeout)
    finally:
        if made:
            await guard.call(made[0].stop, LIFE_CYCLE_TIMEOUT, even_quarantined=True)
    if isinstance(found, Faulted):
        found = [Status(status="unknown", message=found.reason)]
    return [completed(signal, probe, clock.now()) for signal in found]
