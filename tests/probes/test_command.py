import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from msgspec import ValidationError
from tests.probes.looks import look

from sentinel.api import Context, Metric, Probe, Secret
from sentinel.probes import _subprocess
from sentinel.probes.command import MOST_OUTPUT, CommandParams, CommandProbe
from sentinel.probes.command_output import MOST_METRICS, message_of, metrics_of, shortened
from sentinel.testing import params_of, plugin_context
from sentinel.testing.contracts import ProbeContract


class TestCommand(ProbeContract):
    """It says out loud what it was given."""

    def probe(self, context: Context, url: str) -> Probe[Any]:
        params = CommandParams(
            command=("sh", "-c", 'echo "the token is $TOKEN"; echo "$TOKEN" >&2; exit 1'),
            environment={"TOKEN": Secret("hunter2")},
        )
        return CommandProbe(params, context)


def sh(script: str) -> list[str]:
    return ["sh", "-c", script]


@pytest.mark.parametrize(
    ("script", "state", "message"),
    [
        ("echo all fine", "up", "all fine in "),
        ("true", "up", "it succeeded in "),
        ("echo slow; exit 1", "degraded", "slow"),
        ("exit 1", "degraded", "it exited with 1"),
        ("echo broken; exit 2", "down", "broken"),
        ("echo 'who knows'; exit 3", "unknown", "who knows"),
        ("exit 3", "unknown", "it exited with 3"),
        ("echo what; exit 4", "down", "it exited with 4: what"),
        ("no-such-program-here", "down", "it exited with 127: "),
        ("echo gone; kill -SEGV $$", "down", "it was ended by SIGSEGV: gone"),
        ("echo complains >&2; exit 2", "down", "complains"),
        ("echo one; echo two; exit 2", "down", "one"),
        ("echo 'OK - 3 mails | mails=3;10;20'; exit 1", "degraded", "OK - 3 mails"),
    ],
)
async def test_the_exit_code_says_how_things_are(script: str, state: str, message: str) -> None:
    status, _ = await look(CommandProbe, command=sh(script))
    assert status.status == state
    if state == "up" or "127" in message:
        assert status.message.startswith(message)
    else:
        assert status.message == message


def test_it_runs_on_the_loop_of_the_daemon_too() -> None:
    status, metrics = uvloop.run(look(CommandProbe, command=sh("echo fine; echo jobs=3")))
    assert (status.status, metrics) == ("up", {"jobs": 3.0})


async def test_no_shell_reads_the_arguments() -> None:
    status, _ = await look(CommandProbe, command=["echo", "$HOME; exit 2"])
    assert status.status == "up"
    assert status.message.startswith("$HOME; exit 2 in ")


async def test_a_program_that_is_not_there_is_unknown_and_says_so() -> None:
    status, _ = await look(CommandProbe, command=["/nowhere/check"])
    expected = "can't run /nowhere/check: No such file or directory"
    assert (status.status, status.message) == ("unknown", expected)


async def test_of_our_environment_it_sees_what_is_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "hunter2")
    monkeypatch.setenv("LANG", "C.UTF-8")
    script = 'echo "[$TWILIO_AUTH_TOKEN] [$LANG] [$QUEUE]"; exit 1'
    status, _ = await look(CommandProbe, command=sh(script), environment={"QUEUE": "mail"})
    assert status.message == "[] [C.UTF-8] [***]"


async def test_its_input_is_empty() -> None:
    status, _ = await look(CommandProbe, command=["cat"])
    assert status.status == "up"


async def test_much_output_is_read_to_the_end_and_kept_to_the_limit() -> None:
    script = "echo fine; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo late=1"
    status, metrics = await look(CommandProbe, command=sh(script))
    assert status.status == "up"
    assert metrics == {}
    ended = await _subprocess.run(sh(script), most_output=MOST_OUTPUT)
    assert (len(ended.output), ended.whole) == (MOST_OUTPUT, False)


def lives(pid: int) -> bool:
    try:
        # A zombie has ended; who has inherited it has only not asked for its exit code.
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def eventually(holds: Callable[[], bool]) -> None:
    """Waits for what the kernel does meanwhile."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - nobody tells us of it
            await asyncio.sleep(0.002)


BACKGROUND = "sleep 600 & echo $! >> {file}; echo $$ >> {file}; "


async def test_a_command_that_takes_too_long_is_killed_with_all_that_it_started(
    tmp_path: Path,
) -> None:
    file = tmp_path / "pids"
    status, _ = await look(
        CommandProbe,
        command=sh(BACKGROUND.format(file=file) + "echo here; wait"),
        degraded_above="100ms",
        down_above="300ms",
    )
    assert (status.status, status.message) == ("down", "no answer within 0.3s")
    pids = [int(pid) for pid in file.read_text().split()]
    assert len(pids) == 2
    await eventually(lambda: not any(lives(pid) for pid in pids))


async def test_so_it_is_when_the_look_is_cancelled(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    async with plugin_context() as context:
        command = sh(BACKGROUND.format(file=file) + "wait")
        probe = CommandProbe(params_of(CommandProbe, command=command), context)
        looking = asyncio.create_task(probe.probe())
        await eventually(lambda: file.exists() and file.read_text().count("\n") == 2)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
    pids = [int(pid) for pid in file.read_text().split()]
    await eventually(lambda: not any(lives(pid) for pid in pids))


@pytest.mark.parametrize("turns", range(5))
async def test_so_it_is_when_the_look_is_cancelled_while_the_command_starts(
    tmp_path: Path, turns: int
) -> None:
    file = tmp_path / "pids"
    async with plugin_context() as context:
        command = sh(BACKGROUND.format(file=file) + "wait")
        probe = CommandProbe(params_of(CommandProbe, command=command), context)
        looking = asyncio.create_task(probe.probe())
        for _ in range(turns):
            await asyncio.sleep(0)
        # The loop stands still while the command goes on, if it has begun.
        deadline = time.monotonic() + 0.1
        while time.monotonic() < deadline and not file.exists():
            pass
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
    pids = [int(pid) for pid in file.read_text().split()] if file.exists() else []
    await eventually(lambda: not any(lives(pid) for pid in pids))


async def test_whoever_it_leaves_behind_with_its_output_open_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_subprocess, "_STRAGGLERS", 0.1)
    file = tmp_path / "pids"
    script = f"sleep 600 & echo $! > {file}; echo done"
    status, _ = await look(CommandProbe, command=sh(script))
    assert status.status == "up"
    assert status.message.startswith("done in ")
    pid = int(file.read_text())
    await eventually(lambda: not lives(pid))


async def test_a_daemon_that_it_starts_properly_lives_on(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    script = f"sleep 600 > /dev/null 2>&1 & echo $! > {file}"
    await look(CommandProbe, command=sh(script))
    pid = int(file.read_text())
    assert lives(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (b"", ""),
        (b"fine\nmore", "fine"),
        (b"OK - load 0.1 | load1=0.1", "OK - load 0.1"),
        (b"\x7fELF\x02\x01\x01\x00\xff\xfe\x00", ""),
        (b"\xff\xfe broken", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} broken"),
    ],
)
def test_the_message_is_the_first_line(output: bytes, message: str) -> None:
    assert message_of(output) == message


@pytest.mark.parametrize(
    ("output", "metrics"),
    [
        (b"fine\njobs=3\nqueue.age = 5", [("jobs", 3.0, None)]),
        (b"fine\nqueue.age=5.5s\nfree=-1e3MB", [("queue.age", 5.5, "s"), ("free", -1000.0, "MB")]),
        (b"jobs=3", [("jobs", 3.0, None)]),
        (b"a=1 b=2", []),
        (b"retries=3 of 5 failed", []),
        (b"jobs=many\njobs=nan\njobs=1e999\njobs=", []),
        (b"OK | load1=0.10;5;10;0; load5=.2;;", [("load1", 0.1, None), ("load5", 0.2, None)]),
        (b"OK | '/var log'=17%;80;90 time=5ms", [("/var log", 17.0, "%"), ("time", 5.0, "ms")]),
        (b"OK | broken=U;1;2 fine=1", [("fine", 1.0, None)]),
        (b"OK | a=1\nlong text\n | b=2", [("a", 1.0, None), ("b", 2.0, None)]),
        (b"OK | 1.2.3", []),
    ],
)
def test_figures_are_read_from_lines_and_from_performance_data(
    output: bytes, metrics: list[tuple[str, float, str | None]]
) -> None:
    assert [(one.name, one.value, one.unit) for one in metrics_of(output)] == metrics


def test_a_flood_of_figures_is_bounded() -> None:
    found = metrics_of(b"OK | " + b" ".join(b"m%d=1" % number for number in range(5000)))
    assert len(found) == MOST_METRICS
    assert isinstance(found[0], Metric)


@pytest.mark.parametrize("command", [[], [""], "uptime"])
def test_commands_that_make_no_sense_are_refused(command: Any) -> None:
    with pytest.raises(ValidationError):
        params_of(CommandProbe, command=command)


async def test_a_long_message_is_cut_and_no_half_of_a_secret_is_left() -> None:
    secret = "s3cret-of-acme"
    status, _ = await look(
        CommandProbe,
        command=sh("printf 'x%.0s' $(seq 292); echo $TOKEN; exit 2"),
        environment={"TOKEN": secret},
    )
    assert status.message == "x" * 292 + "***"
    assert shortened("x" * 400) == "x" * 299 + "…"


@pytest.mark.parametrize(
    "output",
    [
        b"OK | " + b"a" * 60_000,
        b"OK | '" + b"a" * 60_000,
        b"OK | a=" + b"1" * 60_000 + b"!",
        b"a=" + b"1" * 60_000 + b"!",
        b"a" * 60_000,
    ],
)
def test_a_long_line_of_garbage_does_not_keep_the_loop(output: bytes) -> None:
    begun = time.process_time()
    assert metrics_of(output) == []
    assert time.process_time() - begun < 1.0
