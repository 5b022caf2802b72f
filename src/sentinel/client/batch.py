"""Errors, or changes, that travel together, as the bytes of one request body."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["errors", "changes"]
MOST_BYTES = 1_000_000
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """`body` is the gzip of `{kind: [...]}`; `count` says how many are in it."""

    body: bytes = field(repr=False)
    count: int
    kind: Kind = "errors"

    @classmethod
    def of(cls, items: Sequence[bytes], kind: Kind = "errors") -> "Batch":
        raw = b'{"%s":[%s]}' % (kind.encode(), b",".join(items))
        return cls(gzip.compress(raw, compresslevel=_LEVEL, mtime=0), len(items), kind)

    def halves(self) -> "list[Batch]":
        """The same in two batches; none where it can't be split further."""
        if self.count < 2:
            return []
        try:
            items = [
                json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
                for item in json.loads(_unpacked(self.body))[self.kind]
            ]
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
            return []  # A spool file that something else wrote or cut short.
        middle = len(items) // 2
        return [Batch.of(half, self.kind) for half in (items[:middle], items[middle:]) if half]


def _unpacked(body: bytes) -> bytes:
    """At most what a batch may hold, cut short where a damaged file would unpack to more."""
    with gzip.open(io.BytesIO(body)) as file:
        return file.read(2 * MOST_BYTES)


def packed(items: Sequence[bytes], kind: Kind = "errors") -> Iterator[Batch]:
    """Batches of at most MOST_BYTES before compression."""
    start = size = 0
    for index, item in enumerate(items):
        if size + len(item) > MOST_BYTES and index > start:
            yield Batch.of(items[start:index], kind)
            start, size = index, 0
        size += len(item)
    if start < len(items):
        yield Batch.of(items[start:], kind)
