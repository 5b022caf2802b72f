"""What Sentinel finds wrong with itself, apart from what single decisions show."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from sentinel.intelligence.wording import counted, span
from sentinel.outbox.channel import Health
from sentinel.scheduler import JobStatus

CHANNEL = "SENTINEL_CHANNEL_FAILING"
BACKLOG = "SENTINEL_BACKLOG_OLD"
STORE = "SENTINEL_STORE_REFUSED"
DISK = "SENTINEL_DISK_NEARLY_FULL"
CLOCK = "SENTINEL_CLOCK_STEPPED"
PROBE = "SENTINEL_PROBE_QUARANTINED"

LONG = 600.0
"""Seconds that a channel or a probe may fail before people are told."""
_WAITED = 300.0
_STEP = 30.0
_LEAST_FREE = 200_000_000
_SHARE_FREE, _ENOUGH_FREE = 0.05, 5_000_000_000


class Trouble(Struct, frozen=True):
    """`about` tells several of one code apart, by tags of the error."""

    code: str
    text: str
    about: dict[str, str] = {}


def channels(found: Iterable[Health]) -> Iterator[Trouble]:
    for one in found:
        if one.failing_for is not None and one.failing_for >= LONG:
            text = f"the channel {one.channel} has failed for {span(one.failing_for)}: {one.error}"
            yield Trouble(CHANNEL, text, {"channel": one.channel})


def backlog(count: int, since: float | None, now: float) -> Iterator[Trouble]:
    """Of deliveries that are due and that nobody sends."""
    if since is not None and now - since >= _WAITED:
        waits = f"{counted(count, 'message')} to be sent, the oldest due for {span(now - since)}"
        yield Trouble(BACKLOG, f"{waits}: the channel is slower than what comes, or stuck")


def disk(folder: Path) -> Iterator[Trouble]:
    """Raises OSError where it can't be looked at."""
    usage = shutil.disk_usage(folder)
    if usage.free < max(_LEAST_FREE, min(_SHARE_FREE * usage.total, _ENOUGH_FREE)):
        free = f"{usage.free / 1e6:,.0f} MB of {usage.total / 1e9:,.1f} GB"
        yield Trouble(DISK, f"only {free} are free where the database is ({folder})")


def clock(wall: float, passed: float) -> Iterator[Trouble]:
    """`wall` and `passed` are the seconds that went by on the wall clock and on one that can't be
    set."""
    step = wall - passed
    if abs(step) >= _STEP:
        way = "ahead" if step > 0 else "back"
        text = f"the clock was set {way} by {span(abs(step))}, or the machine slept"
        yield Trouble(CLOCK, text)


def probes(found: Iterable[JobStatus]) -> Iterator[Trouble]:
    for one in found:
        if one.guard.state == "quarantined":
            text = f"the probe {one.name} ({one.type}) is held off: {one.guard.reason}"
            yield Trouble(PROBE, text, {"probe": one.name})
