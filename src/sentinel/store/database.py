"""One writer, some readers. All SQL runs through here, on threads of its own."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sentinel.errors import StoreError
from sentinel.store.connection import (
    begin_at_once,
    connect,
    connect_readonly,
    transaction,
    undoing,
)
from sentinel.store.migrations import migrate

_T = TypeVar("_T")
_READERS = 3


class Database:
    """Opening it brings the schema up to date. `write` runs one function in one transaction."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._connection = connect(state_dir)
        try:
            migrate(self._connection)
        except BaseException:
            self._connection.close()
            raise
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._turn = asyncio.Lock()
        self._readers = ThreadPoolExecutor(_READERS, "store-reader")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []

    async def write(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Raises StoreError when nothing of it was kept. Changes run one after the other."""
        async with self._turn:
            return await self._on_writer(self.write_now, change)

    async def write_here(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """As `write`, for small changes that come all the time: on the loop, but for the flush.

        On the writer's thread each statement would give the interpreter away and fight with the
        loop for it, which costs more than the statement does.
        """
        async with self._turn:
            if not begin_at_once(self._connection):
                return await self._on_writer(self.write_now, change)
            with undoing(self._connection):
                result = change(self._connection)
                await self._on_writer(self._connection.execute, "COMMIT")
            return result

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, query)

    def write_now(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """The same on the caller's thread; for start-up, when nobody else writes."""
        with transaction(self._connection):
            return change(self._connection)

    def close(self) -> None:
        """Waits for what is under way. The last connection to close folds the WAL in."""
        self._writer.shutdown()
        self._readers.shutdown()
        for connection in self._opened:
            connection.close()
        self._connection.close()

    async def _on_writer(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Waits until it is done, even when cancelled: so long nobody else may write."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._writer, function, *arguments)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def _read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect_readonly(self.state_dir)
            self._opened.append(connection)
        try:
            return query(connection)
        except sqlite3.OperationalError as error:
            raise StoreError(f"the store could not be read: {error}") from error
