"""Runs a program of this machine, without a shell."""

import asyncio
import contextlib
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Action, ActionResult, Params, Secret, hook, redacted

_MOST_OUTPUT = 16_384
_SHOWN = 3_000
_GRACE = 2.0


class CommandParams(Params, frozen=True):
    command: Annotated[
        list[Annotated[str, Meta(min_length=1)]],
        Meta(
            min_length=1,
            max_length=100,
            description="The program, by its whole path, and its arguments, one by one. No shell "
            "reads them.",
        ),
    ]
    env: Annotated[
        dict[str, Secret],
        Meta(description="Its environment, beside PATH and LANG; nothing else is handed on."),
    ] = {}  # noqa: RUF012 - a msgspec record copies its defaults
    directory: Annotated[str, Meta(description="Where it runs.")] = "/"
    expect: Annotated[
        list[int], Meta(description="Exit statuses that mean success; 0 if not given.")
    ] = []  # noqa: RUF012

    def __post_init__(self) -> None:
        if not Path(self.command[0]).is_absolute():
            raise ValueError(
                f"command: expected a program's whole path such as /usr/bin/systemctl, found "
                f"{self.command[0]!r}"
            )
        if any("\0" in part for part in self.command):
            raise ValueError("command: expected arguments without NUL characters")


class Command(Action[CommandParams]):
    type = "command"
    summary = "Runs a program of this machine"
    Params = CommandParams
    timeout = 60.0
    changes = True

    def describe(self) -> str:
        return f"Run {shlex.join(self.params.command)} in {self.params.directory}."

    async def run(self) -> ActionResult:
        params = self.params
        try:
            process = await asyncio.create_subprocess_exec(
                *params.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=params.directory,
                env=self._environment(),
                # A group of its own, so that its children end with it.
                start_new_session=True,
            )
        except OSError as error:
            return ActionResult(ok=False, text=f"{params.command[0]}: {error.strerror}.")
        try:
            output = await _output_of(process)
            status = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        ended = f"ended with {status}" if status >= 0 else f"was ended by signal {-status}"
        shown = redacted(output.decode("utf-8", "replace"), params).strip()[-_SHOWN:]
        return ActionResult(
            ok=status in (params.expect or [0]),
            text=f"{params.command[0]} {ended}.",
            facts={"output": shown} if shown else {},
        )

    def _environment(self) -> dict[str, str]:
        own = {name: value.reveal() for name, value in self.params.env.items()}
        return {"PATH": os.defpath, "LANG": "C.UTF-8", **own}


async def _output_of(process: asyncio.subprocess.Process) -> bytes:
    """Its latest output. The rest is read, so that it does not wait for a reader, and dropped."""
    assert process.stdout is not None
    output = b""
    while chunk := await process.stdout.read(_MOST_OUTPUT):
        output = (output + chunk)[-_MOST_OUTPUT:]
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its time is over, and that of whatever it has begun."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await process.wait()


@hook
def register_actions(register: Callable[[type[Action[Any]]], None]) -> None:
    register(Command)
