"""Runs a program, without a shell, in a process group of its own that ends with the look."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct

# Where a program that has ended left others behind that hold its output open.
_STRAGGLERS = 1.0
_INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TZ")


class Ended(Struct, frozen=True, kw_only=True):
    """`code` is negative where a signal ended it. `whole` is False where output was left out."""

    code: int
    output: bytes
    errors: bytes
    whole: bool


async def run(
    arguments: Sequence[str], *, most_output: int, environment: Mapping[str, str] | None = None
) -> Ended:
    """Output and errors up to `most_output` bytes each; the rest is read and thrown away.

    A cancellation kills the whole group. Of our own environment the program sees the path, the
    home and the language alone, as the rest may hold secrets. Raises OSError where the program
    can't be started.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    watcher = _Watcher(most_output)
    starting = asyncio.ensure_future(
        asyncio.get_running_loop().subprocess_exec(
            lambda: watcher,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            env={**inherited, **(environment or {})},
            start_new_session=True,
        )
    )
    try:
        # Cancelled halfway it would end the program alone, and not what that has started.
        transport, _ = await asyncio.shield(starting)
        await asyncio.wait((watcher.exited,))
        await asyncio.wait((watcher.closed,), timeout=_STRAGGLERS)
    finally:
        with suppress(OSError):
            await _end((await starting)[0], watcher)
    code = transport.get_returncode()
    if code is None:
        raise RuntimeError("a program that has ended has no exit code")
    return Ended(
        code=code,
        output=bytes(watcher.output),
        errors=bytes(watcher.errors),
        whole=watcher.whole,
    )


async def _end(transport: asyncio.SubprocessTransport, watcher: "_Watcher") -> None:
    # Once it has ended, only those that still hold its output prove that the group is its own.
    if not watcher.closed.done():
        with suppress(ProcessLookupError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        await asyncio.wait((watcher.closed,), timeout=_STRAGGLERS)
    transport.close()


class _Watcher(asyncio.SubprocessProtocol):
    """Of asyncio's own, `wait` may wait for whoever has inherited the output, too."""

    def __init__(self, most: int) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.output, self.errors = bytearray(), bytearray()
        self.whole = True
        self._most = most

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        kept = self.output if fd == 1 else self.errors
        room = self._most - len(kept)
        kept += data[:room]
        self.whole = self.whole and len(data) <= room

    def process_exited(self) -> None:
        self.exited.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """The program has ended, and so have all who held its output."""
        self.closed.set_result(None)
