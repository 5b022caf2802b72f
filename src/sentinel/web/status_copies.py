"""Copies of the status page in memory. Each is renewed by one task at a time, and only while it is
asked for; whatever keeps the new one from coming, the last good one is served."""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial

import brotli  # type: ignore[import-untyped]
import structlog
from msgspec import Struct

from sentinel.clock import Clock
from sentinel.errors import StoreError
from sentinel.web.status_site import Document, Site

log = structlog.get_logger("sentinel.web")

FRESH = 5.0
"""Seconds for which a copy is served without looking whether there is more to tell."""
LATE = 60.0
"""Seconds after which a copy says of itself that nothing newer could be read."""
_OLD = 20.0
_WAIT, _WAIT_FOR_FIRST = 1.0, 10.0
_MOST_KEPT = 64
_MOST_COPIES = 32
_BROTLI, _GZIP = 6, 6
_WORTH_IT = 500


class Packed(Struct, frozen=True):
    """A document as it is sent, by the name of its content encoding; `identity` is as it is."""

    document: Document
    mark: str
    bodies: dict[str, bytes]


class Copy:
    """One look at the facts, with those of its documents that were asked for last."""

    def __init__(self, site: Site, at: float, before: "Copy | None" = None) -> None:
        self.site = site
        self.at = at
        self._packed: OrderedDict[str, Packed] = OrderedDict()
        # What has not changed need not be packed again.
        self._before = {} if before is None else dict(before._packed)
        self._turn = asyncio.Lock()

    async def document(self, path: str) -> Packed | None:
        """None where there is none. Made on a thread, once for all that ask at the same time."""
        async with self._turn:
            found = self._packed.get(path)
            if found is None:
                found = await asyncio.to_thread(self._pack, path)
            if found is not None:
                self._packed[path] = found
                self._packed.move_to_end(path)
                while len(self._packed) > _MOST_KEPT:
                    self._packed.popitem(last=False)
            return found

    def _pack(self, path: str) -> Packed | None:
        document = self.site.document(path)
        if document is None:
            return None
        before = self._before.pop(path, None)
        return before if before and before.document == document else packed(document)


def packed(document: Document) -> Packed:
    bodies = {"identity": document.body}
    if len(document.body) > _WORTH_IT:
        bodies["br"] = brotli.compress(document.body, quality=_BROTLI)
        bodies["gzip"] = gzip.compress(document.body, _GZIP, mtime=0)
    return Packed(document, document.mark, bodies)


class Kept:
    """The latest copy of one page. `read` gives it anew; `late` is the same facts with a word that
    they are old."""

    def __init__(
        self, read: Callable[[], Awaitable[Site]], late: Callable[[Site], Site], clock: Clock
    ) -> None:
        self._read = read
        self._late = late
        self._clock = clock
        self._copy: Copy | None = None
        self._is_late = False
        self._begun = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def copy(self) -> Copy:
        """Raises StoreError where there was never one, and none can be had now."""
        now = self._clock.monotonic()
        age = float("inf") if self._copy is None else now - self._copy.at
        if age > FRESH and now - self._begun > FRESH and self._reading is None:
            self._begun = now
            self._reading = asyncio.create_task(self._renew(now))
        if age > _OLD and self._reading is not None:
            longest = _WAIT if self._copy is not None else _WAIT_FOR_FIRST
            await asyncio.wait([self._reading], timeout=longest)
        if self._copy is None:
            raise StoreError("the status page can't be read at the moment")
        if now - self._copy.at > LATE and not self._is_late:
            self._copy, self._is_late = Copy(self._late(self._copy.site), self._copy.at), True
        return self._copy

    async def _renew(self, now: float) -> None:
        try:
            self._copy, self._is_late = Copy(await self._read(), now, self._copy), False
        except StoreError as error:
            log.warning("the status page was not renewed", reason=str(error))
        except Exception as error:
            # Whatever is wrong with the new copy, the last good one is still there to be served.
            log.error("the status page could not be made", exc_info=error)
        finally:
            self._reading = None


class Copies:
    """Of the public, under an empty name, and of the tenants that asked last."""

    def __init__(
        self,
        read: Callable[[str], Awaitable[Site]],
        late: Callable[[str, Site], Site],
        clock: Clock,
    ) -> None:
        self._read = read
        self._late = late
        self._clock = clock
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    async def copy(self, name: str) -> Copy:
        """Raises StoreError as `Kept.copy`."""
        kept = self._kept.get(name)
        if kept is None:
            read, late = partial(self._read, name), partial(self._late, name)
            kept = self._kept[name] = Kept(read, late, self._clock)
        # The public's own never goes.
        self._kept.move_to_end(name)
        if "" in self._kept:
            self._kept.move_to_end("")
        while len(self._kept) > _MOST_COPIES:
            self._kept.popitem(last=False)
        return await kept.copy()

    def forget(self) -> None:
        """What is known may no longer hold: the next one who asks waits for a new copy. One that
        is being read at this moment is not taken either."""
        self._kept.clear()
