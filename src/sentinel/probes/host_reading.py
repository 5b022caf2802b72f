"""One look at this machine's counters, and what two looks say about the time between them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
from msgspec import Struct

# Images that are full by nature. That they are read-only would not tell them: to a service in a
# sandbox every file system is.
READ_ONLY_TYPES = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"})


class Filesystem(Struct, frozen=True):
    """`used` is in percent of what an ordinary user can have, `free` in bytes."""

    mount: str
    used: float
    free: int


class Reading(Struct, frozen=True, kw_only=True):
    """`at` is monotonic seconds. CPU times are in seconds and, as disk and network counters
    (bytes), count from boot; None where the machine does not tell."""

    at: float
    cpu_busy: float
    cpu_total: float
    memory_used: float
    memory_available: int
    swap_used: float
    load: tuple[float, float, float]
    disk_io: tuple[int, int] | None
    network_io: tuple[int, int] | None
    connections: int | None
    filesystems: tuple[Filesystem, ...]
    unreadable: tuple[str, ...]


def take(at: float, mounts: Iterable[str] | None) -> Reading:
    """Blocks: a dead disk can keep statvfs(2) waiting. `mounts` None looks at all real ones."""
    cpu, memory = psutil.cpu_times(), psutil.virtual_memory()
    idle = cpu.idle + getattr(cpu, "iowait", 0.0)
    # The kernel counts guest time within user time, too.
    total = sum(cpu) - getattr(cpu, "guest", 0.0) - getattr(cpu, "guest_nice", 0.0)
    disk, network = psutil.disk_io_counters(), psutil.net_io_counters()
    filesystems, unreadable = _filesystems(mounts)
    return Reading(
        at=at,
        cpu_busy=total - idle,
        cpu_total=total,
        memory_used=memory.percent,
        memory_available=memory.available,
        swap_used=psutil.swap_memory().percent,
        load=os.getloadavg(),
        disk_io=(disk.read_bytes, disk.write_bytes) if disk else None,
        network_io=(network.bytes_recv, network.bytes_sent) if network else None,
        connections=_connections(),
        filesystems=filesystems,
        unreadable=unreadable,
    )


def cpu_percent(before: Reading, after: Reading) -> float:
    total = after.cpu_total - before.cpu_total
    if total <= 0:
        return 0.0
    # The kernel's count of time in wait for disks may fall, and the rest then seems to exceed all.
    return min(100.0, max(0.0, 100 * (after.cpu_busy - before.cpu_busy) / total))


def rates(
    before: tuple[int, int] | None, after: tuple[int, int] | None, seconds: float
) -> tuple[float, float] | None:
    """Growth per second of two counters; None where one went back, as after a device left."""
    if before is None or after is None or seconds <= 0:
        return None
    if after[0] < before[0] or after[1] < before[1]:
        return None
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds


def _filesystems(wanted: Iterable[str] | None) -> tuple[tuple[Filesystem, ...], tuple[str, ...]]:
    found, unreadable = [], []
    for mount in _mounts() if wanted is None else wanted:
        try:
            usage = psutil.disk_usage(mount)
        except OSError:
            # One that nobody asked for may be another user's; one that is wanted is reported.
            unreadable.append(mount)
        else:
            found.append(Filesystem(mount, usage.percent, usage.free))
    return tuple(found), tuple(unreadable) if wanted is not None else ()


def _mounts() -> Iterator[str]:
    """The root, and each other device once: a service's sandbox and containers mount the same
    device in many places."""
    yield "/"
    partitions = sorted(psutil.disk_partitions(all=False), key=lambda one: len(one.mountpoint))
    seen = {one.device for one in partitions if one.mountpoint == "/"}
    for one in partitions:
        real = one.fstype not in READ_ONLY_TYPES and Path(one.mountpoint).is_dir()
        if real and one.device not in seen:
            seen.add(one.device)
            yield one.mountpoint


def _connections() -> int | None:
    """TCP sockets in use, from the kernel's own count: listing each would need every process."""
    counts = []
    for name in ("sockstat", "sockstat6"):
        try:
            lines = Path("/proc/net", name).read_text().splitlines()
        except OSError:  # not Linux, or hidden by a sandbox
            continue
        counts += [int(words[2]) for words in map(str.split, lines) if words[:2] in _TCP_IN_USE]
    return sum(counts) if counts else None


_TCP_IN_USE = (["TCP:", "inuse"], ["TCP6:", "inuse"])
