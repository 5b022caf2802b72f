"""The machine that Sentinel runs on."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Context, Metric, Params, Probe, Signal, Status, hook
from sentinel.probes.host_reading import Reading, cpu_percent, rates, take

FIRST_WINDOW = 0.5
Percent = Annotated[float, Meta(ge=0, le=100)]


class HostParams(Params, frozen=True):
    mounts: Annotated[
        tuple[str, ...] | None,
        Meta(description="Mount points to look at; all real file systems if not given."),
    ] = None
    cpu_above: Annotated[Percent, Meta(description="Degraded above this share of CPU.")] = 95.0
    memory_above: Annotated[Percent, Meta(description="Degraded above this share of memory.")] = (
        90.0
    )
    disk_above: Annotated[
        Percent, Meta(description="Degraded when a file system is fuller than this.")
    ] = 90.0


class HostProbe(Probe[HostParams]):
    """Rates are over the time since the last look; the first look takes half a second."""

    type = "host"
    summary = "CPU, memory, disks and network of the machine that Sentinel runs on"
    Params = HostParams
    interval = 30.0
    timeout = 10.0

    def __init__(self, params: HostParams, context: Context) -> None:
        super().__init__(params, context)
        self._host = socket.gethostname()
        self._last: Reading | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def start(self) -> None:
        # A thread of its own: a dead disk then holds up this probe and nothing else.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="host-probe")

    async def stop(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def probe(self) -> Sequence[Signal]:
        if self._last is None:
            self._last = await self._take()
            await self.context.clock.sleep(FIRST_WINDOW)
        before, self._last = self._last, await self._take()
        metrics = tuple(self._metrics(before, self._last))
        return (*metrics, self._status(self._last, metrics[0].value))

    async def _take(self) -> Reading:
        loop, now = asyncio.get_running_loop(), self.context.clock.monotonic()
        return await loop.run_in_executor(self._thread, take, now, self.params.mounts)

    def _metrics(self, before: Reading, now: Reading) -> Iterator[Metric]:
        """The CPU comes first."""
        yield self._metric("host.cpu.percent", cpu_percent(before, now), "%")
        yield self._metric("host.memory.percent", now.memory_used, "%")
        yield self._metric("host.memory.available", now.memory_available, "B")
        yield self._metric("host.swap.percent", now.swap_used, "%")
        for window, load in zip(("1m", "5m", "15m"), now.load, strict=True):
            yield self._metric("host.load", load, window=window)
        for system in now.filesystems:
            yield self._metric("host.disk.percent", system.used, "%", mount=system.mount)
            yield self._metric("host.disk.free", system.free, "B", mount=system.mount)
        seconds = now.at - before.at
        if disk := rates(before.disk_io, now.disk_io, seconds):
            yield self._metric("host.disk.read", disk[0], "B/s")
            yield self._metric("host.disk.written", disk[1], "B/s")
        if network := rates(before.network_io, now.network_io, seconds):
            yield self._metric("host.network.received", network[0], "B/s")
            yield self._metric("host.network.sent", network[1], "B/s")
        if now.connections is not None:
            yield self._metric("host.network.connections", now.connections)

    def _metric(self, name: str, value: float, unit: str | None = None, **tags: str) -> Metric:
        return Metric(name=name, value=round(value, 3), unit=unit, host=self._host, tags=tags)

    def _status(self, now: Reading, cpu: float) -> Status:
        complaints = [f"{mount} can't be read" for mount in now.unreadable]
        if cpu > self.params.cpu_above:
            complaints.append(f"the CPU is {cpu:.0f} % busy")
        if now.memory_used > self.params.memory_above:
            complaints.append(f"memory is {now.memory_used:.0f} % used")
        complaints += [
            f"{system.mount} is {system.used:.0f} % full"
            for system in now.filesystems
            if system.used > self.params.disk_above
        ]
        fine = f"CPU {cpu:.0f} %, memory {now.memory_used:.0f} %"
        return Status(
            status="degraded" if complaints else "up",
            message=", ".join(complaints) or fine,
            host=self._host,
        )


@hook
def register_probes(register: Any) -> None:
    register(HostProbe)
