import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from sentinel.model.signal import Error
from sentinel.store import signals
from sentinel.store.connection import connect
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate

FIRST = Error(id="a" * 32, project="shop", message="one", fingerprint="f", received=1.0)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path)
    migrate(connection)
    yield connection
    connection.close()


def kept(conn: sqlite3.Connection, error: Error) -> object:
    return keep(conn, Draft(error, signals.pack(error)))


def count(conn: sqlite3.Connection) -> int:
    found: int = conn.execute("SELECT count(*) FROM signals").fetchone()[0]
    return found


def test_a_sender_that_tries_again_changes_nothing(conn: sqlite3.Connection) -> None:
    assert kept(conn, FIRST) is not None
    assert kept(conn, replace(FIRST, received=9.0, at=9.0)) is None
    assert count(conn) == 1
    assert conn.execute("SELECT count FROM groups").fetchone()[0] == 1


def test_another_event_under_the_same_id_is_kept(conn: sqlite3.Connection) -> None:
    second = replace(FIRST, message="two")
    kept(conn, FIRST)
    assert kept(conn, second) is not None
    assert count(conn) == 2


def test_a_retry_of_the_second_event_under_an_id_is_known(conn: sqlite3.Connection) -> None:
    second = replace(FIRST, message="two")
    kept(conn, FIRST)
    kept(conn, second)
    assert kept(conn, replace(second, received=5.0)) is None
    assert kept(conn, FIRST) is None
    assert count(conn) == 2


def test_two_projects_may_use_the_same_id(conn: sqlite3.Connection) -> None:
    kept(conn, FIRST)
    assert kept(conn, replace(FIRST, project="billing")) is not None
