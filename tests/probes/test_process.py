import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from msgspec import ValidationError
from tests.probes.looks import look

from sentinel.api import Context, Probe
from sentinel.probes.process import ProcessParams, ProcessProbe
from sentinel.probes.process_table import Hidden, Running, everywhere
from sentinel.testing import FakeClock, params_of, plugin_context
from sentinel.testing.contracts import ProbeContract

Start = Callable[..., subprocess.Popen[bytes]]
# In the command line of the processes that these tests start, and of no other.
MARK = f"sentinel-test-{os.getpid()}"


class TestProcess(ProbeContract):
    def probe(self, context: Context, url: str) -> Probe[Any]:
        return ProcessProbe(ProcessParams(program="no-such-program"), context)


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def run(mark: str = MARK) -> subprocess.Popen[bytes]:
        """One that has begun, and waits for the end of its input."""
        code = "import sys; print('begun', flush=True); sys.stdin.read()"
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", code, mark], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield run
    for process in started:
        process.communicate()


@pytest.mark.parametrize(
    ("run", "params", "state", "message"),
    [
        (1, {}, "up", "1 runs"),
        (2, {}, "up", "2 run"),
        (0, {}, "down", "no process {mark} runs, expected 1"),
        (1, {"at_least": 2}, "down", "1 process {mark} runs, expected 2"),
        (2, {"at_least": 3}, "down", "2 processes {mark} run, expected 3"),
        (2, {"at_most": 1}, "degraded", "2 run, expected 1 at most"),
        (0, {"at_least": 0, "at_most": 0}, "up", "0 run"),
        (1, {"at_least": 0, "at_most": 0}, "degraded", "1 runs, expected 0 at most"),
    ],
)
async def test_the_number_that_run_says_how_things_are(
    start: Start, run: int, params: dict[str, Any], state: str, message: str
) -> None:
    for _ in range(run):
        start()
    status, metrics = await look(ProcessProbe, cmdline=MARK, **params)
    assert (status.status, status.message) == (state, message.format(mark=MARK))
    assert metrics["process.count"] == run


async def test_memory_and_age_are_metrics(start: Start) -> None:
    process = start()
    _, metrics = await look(ProcessProbe, cmdline=MARK)
    assert metrics["process.memory"] == pytest.approx(
        psutil.Process(process.pid).memory_info().rss, rel=0.2
    )
    assert 0 <= metrics["process.age"] < 60
    assert "process.cpu.percent" not in metrics


async def test_much_memory_is_degraded(start: Start) -> None:
    start()
    status, _ = await look(ProcessProbe, cmdline=MARK, memory_above="1MB")
    assert status.status == "degraded"
    assert status.message.endswith(" MB of memory, more than 1 MB")


def test_it_does_not_find_itself_by_the_text_that_it_looks_for() -> None:
    found = everywhere()
    assert os.getpid() not in found
    assert os.getppid() in found


async def test_program_and_command_line_must_both_fit(start: Start) -> None:
    program = psutil.Process(start().pid).name()
    assert (await look(ProcessProbe, cmdline=MARK, program=program))[0].status == "up"
    assert (await look(ProcessProbe, cmdline=MARK, program="postgres"))[0].status == "down"


async def test_a_zombie_does_not_run(start: Start, tmp_path: Path) -> None:
    process = start()
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    await asyncio.to_thread(os.waitid, os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    file = tmp_path / "zombie.pid"
    file.write_text(str(process.pid))
    assert (await look(ProcessProbe, pid_file=str(file)))[0].status == "down"


@pytest.mark.parametrize(
    ("text", "state", "message"),
    [
        ("{pid}", "up", "1 runs"),
        (" {pid}\nmore\n", "up", "1 runs"),
        ("{ended}", "down", "no process {file} runs, expected 1"),
        ("", "down", "{file} names no process: it begins ''"),
        ("nginx", "down", "{file} names no process: it begins 'nginx'"),
        (None, "down", "can't read {file}: No such file or directory"),
    ],
)
async def test_a_file_can_name_the_process(
    start: Start, tmp_path: Path, text: str | None, state: str, message: str
) -> None:
    ended = start()
    ended.communicate()
    file = tmp_path / "nginx.pid"
    if text is not None:
        file.write_text(text.format(pid=start().pid, ended=ended.pid))
    status, _ = await look(ProcessProbe, pid_file=str(file))
    assert (status.status, status.message) == (state, message.format(file=file))


async def test_a_number_that_another_program_has_now_is_not_taken_for_it(
    start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "nginx.pid"
    file.write_text(str(start().pid))
    assert (await look(ProcessProbe, pid_file=str(file), program="nginx"))[0].status == "down"


async def test_cpu_is_told_from_the_second_look_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three looks, ten seconds apart, at one process that goes on and one that is replaced."""
    tables = iter(
        [
            [_running(1, cpu=100.0), _running(2, cpu=50.0)],
            [_running(1, cpu=104.0), _running(3, cpu=1.0)],
            [_running(1, cpu=104.0), _running(3, cpu=1.0)],
        ]
    )
    monkeypatch.setattr("sentinel.probes.process.find", lambda pids, tests: next(tables))
    clock = FakeClock()
    told = []
    async with plugin_context(clock=clock) as context:
        probe = ProcessProbe(params_of(ProcessProbe, program="any", cpu_above=30), context)
        for _ in range(3):
            status, *metrics = await probe.probe()
            cpu = [one.value for one in metrics if one.name == "process.cpu.percent"]
            told.append((status.status, status.message, *cpu))
            clock.advance(10)
    assert told == [
        ("up", "2 run"),
        ("degraded", "50 % of a core, more than 30 %", 50.0),
        ("up", "2 run", 0.0),
    ]


def _running(pid: int, cpu: float) -> Running:
    return Running(pid=pid, started=1000.0 + pid, cpu=cpu, memory=1_000_000)


async def test_what_is_hidden_is_not_taken_for_what_does_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(psutil, "pids", lambda: [os.getpid()])
    async with plugin_context() as context:
        with pytest.raises(Hidden, match="ProtectProc=default"):
            await ProcessProbe(ProcessParams(program="nginx"), context).start()


async def test_the_loop_goes_on_while_the_table_is_read() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await look(ProcessProbe, cmdline=MARK)
    ticking.cancel()
    assert ticks > 1


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({}, "at least one of program, cmdline and pid_file"),
        ({"program": ""}, "length >= 1"),
        ({"cmdline": "(unclosed"}, "`cmdline`: expected RE2"),
        ({"program": "nginx", "at_least": 3, "at_most": 2}, "at most at_most"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        params_of(ProcessProbe, **params)


async def test_processes_that_are_listed_and_can_not_be_read_are_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(process: psutil.Process) -> str:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "status", refused)
    async with plugin_context() as context:
        with pytest.raises(Hidden, match="hidepid="):
            await ProcessProbe(ProcessParams(program="nginx"), context).start()
