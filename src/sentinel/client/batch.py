"""Errors that travel together, as the bytes of one request body."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_BYTES = 1_000_000
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """`body` is the gzip of `{"errors": [...]}`; `count` says how many are in it."""

    body: bytes = field(repr=False)
    count: int

    @classmethod
    def of(cls, errors: Sequence[bytes]) -> "Batch":
        raw = b'{"errors":[' + b",".join(errors) + b"]}"
        return cls(gzip.compress(raw, compresslevel=_LEVEL, mtime=0), len(errors))

    def halves(self) -> "list[Batch]":
        """The same errors in two batches; none where it can't be split further."""
        if self.count < 2:
            return []
        try:
            errors = [
                json.dumps(error, ensure_ascii=False, separators=(",", ":")).encode()
                for error in json.loads(_unpacked(self.body))["errors"]
            ]
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
            return []  # A spool file that something else wrote or cut short.
        middle = len(errors) // 2
        return [Batch.of(half) for half in (errors[:middle], errors[middle:]) if half]


def _unpacked(body: bytes) -> bytes:
    """At most what a batch may hold, cut short where a damaged file would unpack to more."""
    with gzip.open(io.BytesIO(body)) as file:
        return file.read(2 * MOST_BYTES)


def packed(errors: Sequence[bytes]) -> Iterator[Batch]:
    """Batches of at most MOST_BYTES before compression."""
    start = size = 0
    for index, error in enumerate(errors):
        if size + len(error) > MOST_BYTES and index > start:
            yield Batch.of(errors[start:index])
            start, size = index, 0
        size += len(error)
    if start < len(errors):
        yield Batch.of(errors[start:])
