"""Many small changes, few commits."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sentinel.errors import StoreError

_T = TypeVar("_T")
_Change = Callable[[sqlite3.Connection], Any]


class Writer(Protocol):
    async def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T: ...


class GroupedWrites:
    """Changes that wait at the same time share one transaction, and so one flush to the disk.

    A change that raises fails alone: the others are then run again, each by itself.
    """

    def __init__(self, database: Writer) -> None:
        self._database = database
        self._waiting: list[tuple[_Change, asyncio.Future[Any]]] = []
        self._running: asyncio.Task[None] | None = None

    async def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Raises StoreError when nothing of this change was kept."""
        done: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await done

    async def drain(self) -> None:
        """Return once nothing waits to be written."""
        if self._running is not None:
            await asyncio.shield(self._running)

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._write(group)
        finally:
            self._running = None

    async def _write(self, group: list[tuple[_Change, asyncio.Future[Any]]]) -> None:
        try:
            results = await self._database.write(lambda conn: [change(conn) for change, _ in group])
        except StoreError as error:
            for _, done in group:
                _settle(done, error=error)
        except Exception as error:  # noqa: BLE001 - belongs to whoever asked for the change
            if len(group) == 1:
                _settle(group[0][1], error=error)
                return
            for single in group:
                await self._write([single])
        else:
            for (_, done), result in zip(group, results, strict=True):
                _settle(done, result)


def _settle(done: asyncio.Future[Any], result: Any = None, error: Exception | None = None) -> None:
    if done.done():  # Whoever asked has been cancelled since.
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
