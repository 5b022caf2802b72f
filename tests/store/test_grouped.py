"""Many small changes, few commits."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from sentinel.errors import StoreError
from sentinel.store.connection import transaction
from sentinel.store.grouped import GroupedWrites


class Counting:
    """A store that counts its transactions."""

    def __init__(self) -> None:
        self.conn = sqlite3.connect(":memory:", isolation_level=None)
        self.conn.execute("CREATE TABLE things (name TEXT UNIQUE)")
        self.transactions = 0
        self.full = False

    async def write(self, change: Callable[[sqlite3.Connection], Any]) -> Any:
        self.transactions += 1
        await asyncio.sleep(0)
        if self.full:
            raise StoreError("disk full")
        with transaction(self.conn):
            return change(self.conn)

    def names(self) -> list[str]:
        return [row[0] for row in self.conn.execute("SELECT name FROM things ORDER BY name")]


def insert(name: str) -> Callable[[sqlite3.Connection], str]:
    def change(conn: sqlite3.Connection) -> str:
        conn.execute("INSERT INTO things VALUES (?)", (name,))
        return name

    return change


async def test_changes_that_wait_together_share_a_transaction() -> None:
    store = Counting()
    writes = GroupedWrites(store)
    names = [f"{n:03}" for n in range(100)]
    assert await asyncio.gather(*(writes.write(insert(name)) for name in names)) == names
    assert store.names() == names
    assert store.transactions <= 2


async def test_a_change_that_raises_fails_alone() -> None:
    store = Counting()
    writes = GroupedWrites(store)
    changes = [writes.write(insert(name)) for name in ("a", "a", "b")]
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    assert outcomes[0] == "a"
    assert isinstance(outcomes[1], sqlite3.IntegrityError)
    assert outcomes[2] == "b"
    assert store.names() == ["a", "b"]


async def test_everyone_hears_that_the_store_refuses_and_may_ask_again() -> None:
    store = Counting()
    writes = GroupedWrites(store)
    store.full = True
    outcomes = await asyncio.gather(
        writes.write(insert("a")), writes.write(insert("b")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [StoreError, StoreError]
    store.full = False
    assert await writes.write(insert("a")) == "a"


async def test_a_change_whose_asker_has_gone_is_written_nonetheless() -> None:
    store = Counting()
    writes = GroupedWrites(store)
    asking = asyncio.create_task(writes.write(insert("a")))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await writes.drain()
    assert store.names() == ["a"]
