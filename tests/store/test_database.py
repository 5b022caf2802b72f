"""The one writer, whether its statements run on its thread or on the loop."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sentinel.errors import StoreError
from sentinel.store import meta
from sentinel.store.connection import connect
from sentinel.store.database import Database

Write = Callable[[Callable[[sqlite3.Connection], Any]], Any]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(params=["write", "write_here"])
def write(request: pytest.FixtureRequest, database: Database) -> Write:
    found: Write = getattr(database, request.param)
    return found


def note(value: str) -> Callable[[sqlite3.Connection], None]:
    return lambda conn: meta.set(conn, "noted", value)


async def noted(database: Database) -> str | None:
    return await database.read(lambda conn: meta.get(conn, "noted"))


async def test_what_was_written_is_there_for_readers(database: Database, write: Write) -> None:
    assert await write(lambda conn: conn.execute("SELECT 41 + 1").fetchone()[0]) == 42
    await write(note("first"))
    assert await noted(database) == "first"


async def test_a_change_that_raises_leaves_nothing(database: Database, write: Write) -> None:
    def half(conn: sqlite3.Connection) -> None:
        note("half")(conn)
        raise LookupError("half done")

    with pytest.raises(LookupError, match="half done"):
        await write(half)
    assert await noted(database) is None
    await write(note("whole"))
    assert await noted(database) == "whole"


async def test_a_failing_store_is_a_store_error(database: Database, write: Write) -> None:
    with pytest.raises(StoreError, match="no such table"):
        await write(lambda conn: conn.execute("SELECT 1 FROM missing"))


async def test_changes_on_the_loop_and_on_the_thread_take_turns(database: Database) -> None:
    def add(conn: sqlite3.Connection) -> None:
        meta.set(conn, "noted", str(int(meta.get(conn, "noted") or 0) + 1))

    writes = [database.write(add) if n % 2 else database.write_here(add) for n in range(40)]
    await asyncio.gather(*writes)
    assert await noted(database) == "40"


async def test_a_cancelled_write_is_over_before_the_next_one_begins(database: Database) -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(conn: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(10)
        note("slow")(conn)

    cancelled = asyncio.create_task(database.write(slow))
    await begun.wait()
    cancelled.cancel()
    following = asyncio.create_task(database.write_here(note("following")))
    await asyncio.sleep(0)
    assert not following.done()
    go_on.set()
    await following
    assert cancelled.cancelled()
    assert await noted(database) == "following"


async def test_the_loop_goes_on_while_another_process_writes(
    database: Database, tmp_path: Path
) -> None:
    other = connect(tmp_path)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(database.write_here(note("patient")))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    await waiting
    assert await noted(database) == "patient"
