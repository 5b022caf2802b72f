import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from msgspec.structs import replace

from sentinel.api import Context, Metric, Signal, Status
from sentinel.clock import SystemClock
from sentinel.probes.host import HostParams, HostProbe
from sentinel.probes.host_reading import Reading, cpu_percent, rates, take

MakeContext = Callable[..., Context]


class Impatient(SystemClock):
    """Real time, but sleeping only lets others run."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture
def look(context: MakeContext) -> Callable[..., Any]:
    async def once(**params: Any) -> Sequence[Signal]:
        probe = HostProbe(HostParams(**params), context(Impatient()))
        await probe.start()
        try:
            return await probe.probe()
        finally:
            await probe.stop()

    return once


def _metrics(signals: Sequence[Signal]) -> dict[str, float]:
    return {
        one.name + "".join(f"{{{value}}}" for value in one.tags.values()): one.value
        for one in signals
        if isinstance(one, Metric)
    }


async def test_the_first_look_already_has_figures(look: Callable[..., Any]) -> None:
    metrics = _metrics(await look())
    assert 0 <= metrics["host.cpu.percent"] <= 100
    assert 0 < metrics["host.memory.percent"] < 100
    assert metrics["host.memory.available"] > 0
    assert metrics["host.load{1m}"] >= 0
    assert metrics["host.disk.free{/}"] == pytest.approx(shutil.disk_usage("/").free, rel=0.1)


async def test_signals_name_the_host(look: Callable[..., Any]) -> None:
    assert {one.host for one in await look()} == {os.uname().nodename}


async def test_each_file_system_that_is_asked_for_is_looked_at(
    look: Callable[..., Any], tmp_path: Path
) -> None:
    metrics = _metrics(await look(mounts=(str(tmp_path),)))
    mounts = [name for name in metrics if name.startswith("host.disk.percent")]
    assert mounts == [f"host.disk.percent{{{tmp_path}}}"]


async def test_what_is_above_its_bound_degrades_the_host(look: Callable[..., Any]) -> None:
    *_, status = await look(memory_above=0.0, disk_above=0.0, mounts=("/",))
    assert isinstance(status, Status)
    assert status.status == "degraded"
    assert "memory is " in status.message
    assert "/ is " in status.message


async def test_a_file_system_that_is_gone_degrades_the_host(look: Callable[..., Any]) -> None:
    *_, status = await look(mounts=("/no/such/place",), memory_above=100.0, cpu_above=100.0)
    assert (status.status, status.message) == ("degraded", "/no/such/place can't be read")


async def test_a_quiet_host_is_up(look: Callable[..., Any]) -> None:
    *_, status = await look(cpu_above=100.0, memory_above=100.0, disk_above=100.0)
    assert status.status == "up"
    assert status.message.startswith("CPU ")


@pytest.fixture(scope="module")
def reading() -> Reading:
    return take(0.0, ("/",))


def test_cpu_is_the_busy_share_of_the_time_between_two_looks(reading: Reading) -> None:
    before = replace(reading, cpu_busy=10.0, cpu_total=100.0)
    after = replace(reading, cpu_busy=13.0, cpu_total=104.0)
    assert cpu_percent(before, after) == 75.0


def test_no_time_between_two_looks_is_no_load(reading: Reading) -> None:
    assert cpu_percent(reading, reading) == 0.0


def test_counters_become_rates() -> None:
    assert rates((100, 50), (400, 50), 3.0) == (100.0, 0.0)


@pytest.mark.parametrize(
    ("before", "after", "seconds"),
    [(None, (1, 1), 1.0), ((1, 1), None, 1.0), ((5, 5), (4, 9), 1.0), ((1, 1), (2, 2), 0.0)],
)
def test_there_is_no_rate_without_two_growing_counters(
    before: tuple[int, int] | None, after: tuple[int, int] | None, seconds: float
) -> None:
    assert rates(before, after, seconds) is None


def test_what_is_full_by_nature_or_was_seen_already_is_no_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("snap", "cd", "data", "again"):
        (tmp_path / name).mkdir()
    (tmp_path / "resolv.conf").touch()
    mounted = [
        ("/", "/dev/vda1", "ext4", "rw"),
        (f"{tmp_path}/snap", "/dev/loop0", "squashfs", "ro,nodev"),
        (f"{tmp_path}/cd", "/dev/sr0", "iso9660", "ro"),
        (f"{tmp_path}/resolv.conf", "/dev/vdc1", "ext4", "rw"),
        (f"{tmp_path}/again", "/dev/vda1", "ext4", "rw"),
        # As a service in a sandbox sees it.
        (f"{tmp_path}/data", "/dev/vdb1", "xfs", "ro"),
    ]
    partitions = [
        SimpleNamespace(mountpoint=mount, device=device, fstype=kind, opts=opts)
        for mount, device, kind, opts in mounted
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: partitions)
    found = [system.mount for system in take(0.0, None).filesystems]
    assert found == ["/", f"{tmp_path}/data"]


def test_a_count_of_waiting_that_fell_is_no_more_than_all_of_the_time(reading: Reading) -> None:
    before = replace(reading, cpu_busy=0.0, cpu_total=0.0)
    assert cpu_percent(before, replace(reading, cpu_busy=12.0, cpu_total=10.0)) == 100.0
    assert cpu_percent(before, replace(reading, cpu_busy=-1.0, cpu_total=10.0)) == 0.0
