"""Batches on disk while the server is away. They outlive the process.

One file a batch, written under another name and renamed, so that a reader never sees half of
one. Several processes share a directory: to send a file is to claim it by renaming it, which
only one of them can do. A claim is good for `LEASE` seconds; what a dead process had claimed
is then free again. A file sent twice is counted once, by the ids of its errors.

Not synced to disk: a power cut may lose the last seconds.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sentinel.client.batch import Batch, Kind
from sentinel.clock import Clock

LEASE = 60.0
LARGEST_FILE = 4_000_000
_READY = ".batch"
_CLAIMED = ".sending"
_PARTIAL = ".partial"
_LETTERS: dict[Kind, str] = {"errors": "", "changes": "c"}
"""Before the count in a file's name."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that only this process sends now. Ends with `release` or `remove`."""

    batch: Batch
    path: Path
    ready: Path

    def release(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path.rename(self.ready)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


class Spool:
    """Holds at most `most_bytes` in `folder`; past that the oldest batches make room."""

    def __init__(self, folder: Path, most_bytes: int, clock: Clock) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._clock = clock
        self._resume_after = ""
        self.renew()

    def renew(self) -> None:
        """A name of its own for this process, so that claims and files never clash."""
        self._token = secrets.token_hex(6)
        self._written = 0

    def put(self, batch: Batch) -> int:
        """Keeps the batch. Gives the number of errors that had to make room. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if len(batch.body) > min(self._most_bytes, LARGEST_FILE):
            return batch.count
        evicted = self._make_room(len(batch.body))
        self._written += 1
        # The time in nanoseconds sorts the names by age.
        age = f"{int(self._clock.now() * 1e9):020d}"
        name = f"{age}-{self._token}-{self._written}-{_LETTERS[batch.kind]}{batch.count}"
        partial = self._folder / (name + _PARTIAL)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(batch.body)
            partial.rename(self._folder / (name + _READY))
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        return evicted

    def claims(self) -> Iterator[Claim]:
        """Each waiting batch in turn, oldest first, going on behind the last one given.

        So a batch that the server always fails on does not stand in the way of the others.
        """
        names = sorted(self._waiting(), key=lambda name: (name <= self._resume_after, name))
        for name in names:
            claim = self._claim(name)
            if claim is not None:
                self._resume_after = name
                yield claim

    def __bool__(self) -> bool:
        """Whether anything waits here."""
        return next(self._waiting(), None) is not None

    def _waiting(self) -> Iterator[str]:
        for entry in self._entries():
            if entry.name.endswith(_READY) or (
                entry.name.endswith(_CLAIMED) and self._is_stale(entry)
            ):
                yield entry.name

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self._folder) as entries:
                yield from entries
        except FileNotFoundError:
            return

    def _is_stale(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.stat().st_mtime < self._clock.now() - LEASE
        except FileNotFoundError:
            return False

    def _claim(self, name: str) -> Claim | None:
        stem = name.split(".")[0]
        claimed = self._folder / f"{stem}.{self._token}{_CLAIMED}"
        try:
            # The lease starts before the rename, so that a fresh claim never looks stale.
            os.utime(self._folder / name, (self._clock.now(), self._clock.now()))
            os.rename(self._folder / name, claimed)
        except FileNotFoundError:
            return None  # Another process was quicker.
        count = _count(stem)
        with claimed.open("rb") as file:
            body = file.read(LARGEST_FILE + 1)
        if len(body) > LARGEST_FILE or not count:
            claimed.unlink(missing_ok=True)  # Not one of ours.
            return None
        return Claim(Batch(body, count, _kind(stem)), claimed, self._folder / (stem + _READY))

    def _make_room(self, wanted: int) -> int:
        """Deletes the oldest waiting batches until `wanted` bytes fit, and what a crash left."""
        sizes: list[tuple[str, int]] = []
        for entry in self._entries():
            if entry.name.endswith(_PARTIAL) and self._is_stale(entry):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(entry.path)
                continue
            with contextlib.suppress(FileNotFoundError):
                sizes.append((entry.name, entry.stat().st_size))
        excess = sum(size for _, size in sizes) + wanted - self._most_bytes
        evicted = 0
        for name, size in sorted(sizes):
            if excess <= 0:
                break
            if name.endswith(_READY):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._folder / name)
                    evicted += _count(name.split(".")[0])
                    excess -= size
        return evicted


def _count(stem: str) -> int:
    number = stem.rpartition("-")[2].removeprefix(_LETTERS["changes"])
    return int(number) if number.isdecimal() else 0


def _kind(stem: str) -> Kind:
    is_changes = stem.rpartition("-")[2].startswith(_LETTERS["changes"])
    return "changes" if is_changes else "errors"
