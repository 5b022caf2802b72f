"""Processes of this machine: how many of a kind run, and what they use."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Context, Metric, Params, Probe, Signal, Size, Status, hook
from sentinel.probes._latency import Failed, down
from sentinel.probes._regex import compiled
from sentinel.probes.process_table import Running, Test, check_visible, everywhere, find, named_in

Text = Annotated[str, Meta(min_length=1)]


class ProcessParams(Params, frozen=True):
    """The conditions that are given must all hold."""

    program: Annotated[Text | None, Meta(description="Its program's name, such as postgres.")] = (
        None
    )
    cmdline: Annotated[
        Text | None,
        Meta(description="Regular expression (RE2) that the command line must match somewhere."),
    ] = None
    pid_file: Annotated[
        Text | None, Meta(description="File that holds the number of the process.")
    ] = None
    at_least: Annotated[int, Meta(ge=0, description="Down when fewer run.")] = 1
    at_most: Annotated[
        Annotated[int, Meta(ge=0)] | None, Meta(description="Degraded when more run.")
    ] = None
    memory_above: Annotated[
        Size | None, Meta(description="Degraded when they use more resident memory together.")
    ] = None
    cpu_above: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="Degraded when they use more percent of one core together."),
    ] = None

    def __post_init__(self) -> None:
        if not (self.program or self.cmdline or self.pid_file):
            raise ValueError("expected at least one of program, cmdline and pid_file")
        if self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("expected at_least to be at most at_most")
        if self.cmdline is not None:
            compiled("cmdline", self.cmdline)


class ProcessProbe(Probe[ProcessParams]):
    """The share of CPU is that since the last look, so that the first look gives none."""

    type = "process"
    summary = "Processes of this machine: how many run, CPU, memory, age"
    Params = ProcessParams

    def __init__(self, params: ProcessParams, context: Context) -> None:
        super().__init__(params, context)
        self._tests = list(_tests(params))
        self._last: tuple[float, Mapping[tuple[int, float], float]] | None = None

    async def start(self) -> None:
        """Raises Hidden, with what to do."""
        check_visible()

    async def probe(self) -> Sequence[Signal]:
        try:
            running = await asyncio.to_thread(self._find)
        except Failed as failed:
            return (down(failed),)
        cpu = self._cpu_percent(running)
        memory = sum(one.memory for one in running)
        return (self._judge(len(running), cpu, memory), *self._metrics(running, cpu, memory))

    def _find(self) -> list[Running]:
        file = self.params.pid_file
        return find(everywhere() if file is None else [named_in(file)], self._tests)

    def _cpu_percent(self, running: Sequence[Running]) -> float | None:
        now = self.context.clock.monotonic()
        used = {(one.pid, one.started): one.cpu for one in running}
        last, self._last = self._last, (now, used)
        if last is None or now <= last[0]:
            return None
        # What started since the last look has used all of its time since then.
        spent = sum(cpu - last[1].get(which, 0.0) for which, cpu in used.items())
        return 100.0 * spent / (now - last[0])

    def _judge(self, count: int, cpu: float | None, memory: int) -> Status:
        params = self.params
        said = f"{count} {'runs' if count == 1 else 'run'}"
        if count < params.at_least:
            run = "processes {} run" if count > 1 else "process {} runs"
            which = run.format(params.program or params.pid_file or params.cmdline)
            text = f"{count or 'no'} {which}, expected {params.at_least}"
            return Status(status="down", message=text)
        complaints = []
        if params.at_most is not None and count > params.at_most:
            complaints.append(f"{said}, expected {params.at_most} at most")
        if params.memory_above is not None and memory > params.memory_above:
            allowed = _megabytes(params.memory_above)
            complaints.append(f"{_megabytes(memory)} of memory, more than {allowed}")
        if params.cpu_above is not None and cpu is not None and cpu > params.cpu_above:
            complaints.append(f"{cpu:.0f} % of a core, more than {params.cpu_above:g} %")
        return Status(
            status="degraded" if complaints else "up", message=", ".join(complaints) or said
        )

    def _metrics(
        self, running: Sequence[Running], cpu: float | None, memory: int
    ) -> Iterator[Metric]:
        yield Metric(name="process.count", value=float(len(running)))
        if not running:
            return
        yield Metric(name="process.memory", value=float(memory), unit="B")
        if cpu is not None:
            yield Metric(name="process.cpu.percent", value=round(cpu, 2), unit="%")
        youngest = self.context.clock.now() - max(one.started for one in running)
        yield Metric(name="process.age", value=round(max(0.0, youngest), 1), unit="s")


def _tests(params: ProcessParams) -> Iterator[Test]:
    """The name first, as it is the cheapest to read."""
    program = params.program
    if program is not None:
        yield lambda process: process.name() == program
    if params.cmdline is not None:
        pattern = compiled("cmdline", params.cmdline)
        yield lambda process: pattern.search(" ".join(process.cmdline())) is not None


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


@hook
def register_probes(register: Any) -> None:
    register(ProcessProbe)
