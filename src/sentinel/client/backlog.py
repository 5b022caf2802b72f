"""What could not be sent yet: on disk where there is a spool, else in bounded memory."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from sentinel.client.batch import Batch
from sentinel.client.spool import Spool

MOST_IN_MEMORY = 4_000_000


class Kept(Protocol):
    """A batch taken up for sending. Ends with `release` (back to wait) or `remove`."""

    @property
    def batch(self) -> Batch: ...
    def release(self) -> None: ...
    def remove(self) -> None: ...


class Backlog:
    """`lost` is called with a number of errors and the reason when some must be given up."""

    def __init__(self, spool: Spool | None, lost: Callable[[int, str], None]) -> None:
        self._spool = spool
        self._lost = lost
        self.renew()

    def renew(self) -> None:
        """For a forked child: what the parent holds, the parent sends."""
        self._memory: deque[Batch] = deque()
        if self._spool is not None:
            self._spool.renew()

    def put(self, batch: Batch) -> None:
        if self._spool is None or not self._write(self._spool, batch):
            self._memory.append(batch)
            while sum(len(kept.body) for kept in self._memory) > MOST_IN_MEMORY:
                self._lost(self._memory.popleft().count, "the backlog in memory is full")

    def kept(self) -> Iterator[Kept]:
        """Everything that waits, each to be released or removed before the next is asked for."""
        for _ in range(len(self._memory)):
            yield _InMemory(self._memory)
        try:
            if self._spool is not None:
                yield from self._spool.claims()
        except OSError as problem:
            self._lost(0, f"the spool can't be read: {problem}")

    def park(self) -> None:
        """The process ends: memory goes to disk, or is lost."""
        while self._memory:
            batch = self._memory.popleft()
            if self._spool is None or not self._write(self._spool, batch):
                self._lost(batch.count, "the process ended while the server was away")

    @property
    def volatile(self) -> bool:
        """Whether something waits that would not outlive the process."""
        return bool(self._memory)

    @property
    def shared(self) -> bool:
        """Whether other processes may leave something here."""
        return self._spool is not None

    def __bool__(self) -> bool:
        if self._memory:
            return True
        try:
            return bool(self._spool)
        except OSError as problem:
            self._lost(0, f"the spool can't be read: {problem}")
            return False

    def _write(self, spool: Spool, batch: Batch) -> bool:
        try:
            evicted = spool.put(batch)
        except OSError as problem:
            self._lost(0, f"the spool can't be written: {problem}")
            return False
        if evicted:
            self._lost(evicted, "the spool is full")
        return True


class _InMemory:
    def __init__(self, memory: deque[Batch]) -> None:
        self._memory = memory
        self.batch = memory.popleft()

    def release(self) -> None:
        self._memory.append(self.batch)

    def remove(self) -> None:
        """It left the memory when it was taken."""
