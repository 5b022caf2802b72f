"""The processes of this machine that meet some conditions."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import psutil
from msgspec import Struct

from sentinel.probes._latency import Failed

_LONGEST_PID_FILE = 64


class Running(Struct, frozen=True, kw_only=True):
    """`started` is in seconds since 1970, `cpu` in seconds so far, `memory` in resident bytes."""

    pid: int
    started: float
    cpu: float
    memory: int


class Hidden(Exception):
    """We see our own processes alone."""

    def __init__(self) -> None:
        super().__init__(
            "the processes of others are hidden from Sentinel: expected ProtectProc=default in "
            "its unit of systemd, and no hidepid= on /proc"
        )


Test = Callable[[psutil.Process], bool]


def find(pids: Iterable[int], tests: Sequence[Test]) -> list[Running]:
    """Those that run and pass all tests. Blocks for some microseconds for each process."""
    return list(_found(pids, tests))


def check_visible() -> None:
    """Raises Hidden: what is only hidden must not be taken for what does not run."""
    if 1 not in psutil.pids():
        raise Hidden
    try:
        # With hidepid=1 they are listed, and nothing of them can be read.
        psutil.Process(1).status()
    except psutil.AccessDenied as error:
        raise Hidden from error


def everywhere() -> list[int]:
    """All processes but our own, whose command line may hold the very text that is looked for."""
    own = os.getpid()
    return [pid for pid in psutil.pids() if pid != own]


def named_in(pid_file: str) -> int:
    """Raises Failed where the file is missing or names none."""
    try:
        with Path(pid_file).open("rb") as file:
            text = file.read(_LONGEST_PID_FILE).decode(errors="replace").strip()
    except OSError as error:
        raise Failed(f"can't read {pid_file}: {error.strerror}") from error
    pid, _, _ = text.partition("\n")
    if not pid.strip().isdecimal():
        raise Failed(f"{pid_file} names no process: it begins {text[:20]!r}")
    return int(pid)


def _found(pids: Iterable[int], tests: Sequence[Test]) -> Iterator[Running]:
    for pid in pids:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                # A zombie has ended; its parent has only not asked for its exit code.
                if process.status() != psutil.STATUS_ZOMBIE and all(t(process) for t in tests):
                    yield _running(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # It has ended meanwhile, or hides from us.


def _running(process: psutil.Process) -> Running:
    cpu = process.cpu_times()
    return Running(
        pid=process.pid,
        started=process.create_time(),
        cpu=cpu.user + cpu.system,
        memory=process.memory_info().rss,
    )
