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
_LAST_WORDS = 300
_GRACE = 2.0
_LINGER = 0.5


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
        # A pipe of our own: the end of one that asyncio makes is waited for, and what the program
        # leaves running may hold it open for ever.
        ours, its = os.pipe()
        with contextlib.closing(_Output(ours)) as output:
            try:
                process = await asyncio.create_subprocess_exec(
                    *params.command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=its,
                    stderr=its,
                    cwd=params.directory,
                    env=self._environment(),
                    # A group of its own, so that its children end with it.
                    start_new_session=True,
                )
            except OSError as error:
                return ActionResult(ok=False, text=f"{params.command[0]}: {error.strerror}.")
            finally:
                os.close(its)
            try:
                status = await process.wait()
                await output.rest()
            except asyncio.CancelledError as cancelled:
                await _end(process)
                if said := self._said(output, _LAST_WORDS):
                    raise TimeoutError(f"{params.command[0]} had said: {said}") from cancelled
                raise
        ended = f"ended with {status}" if status >= 0 else f"was ended by signal {-status}"
        shown = self._said(output, _SHOWN)
        return ActionResult(
            ok=status in (params.expect or [0]),
            text=f"{params.command[0]} {ended}.",
            facts={"output": shown} if shown else {},
        )

    def _said(self, output: "_Output", most: int) -> str:
        text = redacted(output.kept.decode("utf-8", "replace"), self.params)
        return _end_of(text.strip(), most)

    def _environment(self) -> dict[str, str]:
        own = {name: value.reveal() for name, value in self.params.env.items()}
        return {"PATH": os.defpath, "LANG": "C.UTF-8", **own}


class _Output:
    """Reads a pipe, and keeps the latest of it. All of it is read, so that nobody waits who writes
    to it."""

    def __init__(self, pipe: int) -> None:
        self.kept = bytearray()
        self._pipe = pipe
        self._ended = asyncio.Event()
        os.set_blocking(pipe, False)
        asyncio.get_running_loop().add_reader(pipe, self._read)

    async def rest(self) -> None:
        """Wait until all who might write have ended, but not for what goes on in the background."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                await self._ended.wait()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pipe)
        os.close(self._pipe)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(self._pipe, _MOST_OUTPUT)
            self.kept += chunk
            del self.kept[:-_MOST_OUTPUT]
            if not chunk:
                asyncio.get_running_loop().remove_reader(self._pipe)
                self._ended.set()


def _end_of(text: str, most: int) -> str:
    """Of a line that is cut in two, half of a secret would be left, or one without its name."""
    if len(text) <= most:
        return text
    end = text[-most:]
    return end.partition("\n" if "\n" in end else " ")[2] or end


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
