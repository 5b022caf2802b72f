"""Programs are run without a shell, within bounds, and end with all that they began."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sentinel.actions.command import Command
from sentinel.api import ActionResult
from sentinel.testing import params_of, plugin_context

PYTHON = sys.executable


async def run(*command: str, **more: Any) -> ActionResult:
    async with plugin_context() as context:
        return await Command(params_of(Command, command=list(command), **more), context).run()


async def python(code: str, **more: Any) -> ActionResult:
    return await run(PYTHON, "-c", code, **more)


@pytest.mark.parametrize(
    ("status", "expect", "ok"), [(0, [], True), (3, [], False), (3, [0, 3], True), (0, [3], False)]
)
async def test_the_exit_status_says_whether_it_succeeded(
    status: int, expect: list[int], ok: bool
) -> None:
    result = await python(f"raise SystemExit({status})", expect=expect)
    assert result.ok == ok
    assert result.text == f"{PYTHON} ended with {status}."


async def test_its_output_and_its_complaints_are_told() -> None:
    result = await python("import sys; print('one'); print('two', file=sys.stderr)")
    assert set(result.facts["output"].split()) == {"one", "two"}


async def test_no_shell_reads_the_arguments() -> None:
    result = await run(PYTHON, "-c", "import sys; print(sys.argv[1])", "$HOME; echo *")
    assert result.facts["output"] == "$HOME; echo *"


async def test_of_a_long_output_the_end_is_kept() -> None:
    result = await python("print('x' * 1_000_000); print('the end')")
    assert len(result.facts["output"]) <= 3_000
    assert result.facts["output"].endswith("the end")


async def test_a_line_that_is_cut_in_two_is_left_out() -> None:
    found = await python("print('token: ' + 'x' * 3000); print('the end')")
    assert found.facts["output"] == "the end"


async def test_what_it_had_said_when_its_time_was_over_is_told(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time; print('half of it', flush=True)\n"
        f"pathlib.Path({str(tmp_path)!r}, 'said').touch(); time.sleep(600)"
    )
    task = asyncio.create_task(python(code))
    deadline = time.monotonic() + 20
    while not (tmp_path / "said").exists():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(TimeoutError, match=r"had said: half of it$"):
        await task


async def test_nothing_of_our_environment_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "t0ken")
    code = "import os; print('ACME_TOKEN' in os.environ, os.environ['OWN'])"
    result = await python(code, env={"OWN": "value"})
    assert result.facts["output"] == "False ***"


async def test_a_secret_that_it_prints_is_cut_out() -> None:
    result = await python("import os; print('key', os.environ['KEY'])", env={"KEY": "s3cr3t"})
    assert result.facts["output"] == "key ***"


async def test_a_program_that_is_not_there_is_a_failure() -> None:
    result = await run("/nowhere/program")
    assert (result.ok, result.text) == (False, "/nowhere/program: No such file or directory.")


async def test_what_it_leaves_running_in_the_background_is_not_waited_for(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    began = time.monotonic()
    result = await run("/bin/sh", "-c", f"sleep 60 & echo $! > {pid}; echo started")
    assert time.monotonic() - began < 20
    assert (result.ok, result.facts["output"]) == (True, "started")
    os.kill(int(pid.read_text()), signal.SIGKILL)


async def test_what_takes_too_long_ends_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([{PYTHON!r}, '-c', 'import time; time.sleep(600)'])\n"
        f"part = open({str(pids)!r} + '.part', 'w')\n"
        "part.write(f'{os.getpid()} {child.pid}'); part.close()\n"
        f"os.rename({str(pids)!r} + '.part', {str(pids)!r})\n"
        "time.sleep(600)\n"
    )
    task = asyncio.create_task(python(code))
    deadline = time.monotonic() + 20
    while not pids.exists():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for pid in map(int, pids.read_text().split()):
        assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # A zombie whose parent has not looked yet is dead enough.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.parametrize(
    ("command", "said"), [(["ls"], "whole path"), (["/bin/echo", "a\0b"], "NUL")]
)
def test_what_can_not_be_meant_is_refused(command: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        params_of(Command, command=command)


async def test_it_says_what_it_will_run() -> None:
    async with plugin_context() as context:
        params = params_of(Command, command=["/bin/echo", "two words"], env={"KEY": "s3cr3t"})
        assert Command(params, context).describe() == "Run /bin/echo 'two words' in /."
