"""How a SQLite connection of Sentinel is opened and what its failures mean."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sentinel.errors import StoreError

FILE = "sentinel.db"
_PATIENCE = "PRAGMA busy_timeout=10000"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL, so that what was answered 2xx survives a power cut: grouped commits make it cheap.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    _PATIENCE,
    "PRAGMA cache_size=-16000",
    "PRAGMA temp_store=MEMORY",
)


def connect(state_dir: Path) -> sqlite3.Connection:
    """Open for reading and writing; the file is readable by its owner alone.

    Raises StoreError with the path when it can't be opened.
    """
    path = state_dir / FILE
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"can't open the database {path}: {error}") from error
    connection.row_factory = sqlite3.Row
    return connection


def connect_readonly(state_dir: Path) -> sqlite3.Connection:
    """Open an existing database for reading only; safe beside a running daemon."""
    path = state_dir / FILE
    try:
        if not path.exists():
            raise StoreError(f"no database at {path}: has `sentinel run` been started there?")
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(_PATIENCE)
        connection.execute("PRAGMA cache_size=-4000")
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"can't open the database {path}: {error}") from error
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing. A full disk or a failing one becomes StoreError; nothing was kept."""
    with undoing(connection):
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")


@contextmanager
def undoing(connection: sqlite3.Connection) -> Iterator[None]:
    """What `transaction` promises, for one that is begun and committed by the caller."""
    try:
        yield
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        # Other errors of SQLite (a broken constraint, a value out of range) blame what was written.
        if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
            raise StoreError(f"the store refused the write: {error}") from error
        raise


def begin_at_once(connection: sqlite3.Connection) -> bool:
    """Begin a transaction if that is possible without waiting for another process."""
    connection.execute("PRAGMA busy_timeout=0")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.execute(_PATIENCE)
    return True
