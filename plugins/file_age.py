"""How old a file is: backups, exports and caches that must be written again and again.

probes:
  - name: nightly-backup
    type: file_age
    path: /var/backups/shop-*.tar.gz
    degraded_above: 25h
    down_above: 49h
    at_least: 10MB
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from glob import has_magic, iglob
from pathlib import Path
from stat import S_ISREG
from typing import Annotated, Any

from msgspec import Meta, Struct

from sentinel.api import Duration, Metric, Params, Probe, Signal, Size, Status, duration, hook, size

MOST_FILES = 200_000


class FileAgeParams(Params, frozen=True):
    path: Annotated[
        str, Meta(min_length=1, description="The file; with * or ?, the newest that matches.")
    ]
    degraded_above: Annotated[Duration, Meta(description="Degraded when older.")] = duration("25h")
    down_above: Annotated[Duration, Meta(description="Down when older.")] = duration("49h")
    at_least: Annotated[Size, Meta(description="Down when smaller.")] = size("0B")

    def __post_init__(self) -> None:
        if self.degraded_above > self.down_above:
            raise ValueError("expected degraded_above to be at most down_above")


class Unclear(Exception):
    """It can't be told which file is the newest; the text says why."""


class File(Struct, frozen=True):
    """`written` is in seconds since 1970 UTC, `size` in bytes."""

    path: str
    written: float
    size: int


class FileAge(Probe[FileAgeParams]):
    type = "file_age"
    summary = "How old a file, or the newest of several, is"
    Params = FileAgeParams
    interval = 300.0
    timeout = 30.0

    async def probe(self) -> Sequence[Signal]:
        # A file on a dead network disk holds up a thread of its own, not the event loop.
        file = await asyncio.to_thread(newest, self.params.path)
        if file is None:
            return [Status(status="down", message=f"no file matches {self.params.path}")]
        age = Duration(max(0, round(self.context.clock.now() - file.written)))
        return [
            self._judge(file, age),
            Metric(name="file.age", value=float(age), unit="s"),
            Metric(name="file.size", value=file.size, unit="B"),
        ]

    def _judge(self, file: File, age: Duration) -> Status:
        if file.size < self.params.at_least:
            return Status(
                status="down",
                message=f"{file.path} has {file.size} bytes, expected {self.params.at_least}",
            )
        said = f"{file.path} is {age} old"
        if age > self.params.down_above:
            return Status(status="down", message=f"{said}, expected {self.params.down_above}")
        if age > self.params.degraded_above:
            text = f"{said}, expected {self.params.degraded_above}"
            return Status(status="degraded", message=text)
        return Status(status="up", message=said)


def newest(pattern: str) -> File | None:
    """The file written last of those that match; None where there is none.

    Raises OSError where the folder can't be read, and Unclear where more match than are looked at.
    """
    found: File | None = None
    for number, name in enumerate(iglob(pattern)):
        if number >= MOST_FILES:
            # The newest may be among those that were not looked at.
            raise Unclear(f"more than {MOST_FILES:,} files match {pattern}")
        try:
            status = Path(name).stat()
        except FileNotFoundError:
            continue  # It was removed just now, as rotated files are.
        if S_ISREG(status.st_mode) and (found is None or status.st_mtime > found.written):
            found = File(name, status.st_mtime, status.st_size)
    if found is None:
        _check_readable(pattern)
    return found


def _check_readable(pattern: str) -> None:
    """Matching passes over a folder that it may not read, as if it were empty. Raises OSError."""
    folder = Path(pattern).parent
    while has_magic(str(folder)):
        folder = folder.parent
    try:
        os.scandir(folder).close()
    except (FileNotFoundError, NotADirectoryError):
        return


@hook
def register_probes(register: Callable[[type[Probe[Any]]], None]) -> None:
    register(FileAge)
