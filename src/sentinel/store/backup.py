"""Copies of the database, made while it is in use, and the way back."""

import contextlib
import os
import sqlite3
from pathlib import Path

from sentinel.errors import StoreError
from sentinel.store import meta
from sentinel.store.connection import FILE, connect, connect_readonly, transaction
from sentinel.store.lock import locked
from sentinel.store.migrations import migrate

_PAGES = 1_000
_PAUSE = 0.01


def backup(state_dir: Path, target: Path) -> int:
    """Copy the database to a file that does not exist yet, beside a running daemon.

    The copy is of one moment, checked, and readable by its owner alone. Returns its size in
    bytes. Raises StoreError, leaving nothing behind.
    """
    if target.exists():
        raise StoreError(f"{target} exists already: name a file that does not")
    partial = target.with_name(f"{target.name}.part")
    with contextlib.closing(connect_readonly(state_dir)) as source:
        try:
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with contextlib.closing(sqlite3.connect(partial)) as copy:
                source.backup(copy, pages=_PAGES, sleep=_PAUSE)
                # One file, without the companions that SQLite makes for one in WAL mode.
                copy.execute("PRAGMA journal_mode=DELETE")
            _check(partial)
            partial.rename(target)
        except (OSError, sqlite3.Error, StoreError) as error:
            partial.unlink(missing_ok=True)
            raise StoreError(f"no backup was made: {error}") from error
    return target.stat().st_size


def restore(state_dir: Path, source: Path) -> Path | None:
    """Put a backup in the place of the database, while no daemon runs.

    Returns where the database that was there before has been moved, None if there was none.
    Raises StoreError (StoreTooNew for a backup of a newer Sentinel), having changed nothing.
    """
    if not source.is_file():
        raise StoreError(f"there is no backup at {source}")
    _check(source)
    with locked(state_dir):
        new = state_dir / f"{FILE}.new"
        _copy(source, new)
        try:
            replaced = _keep_aside(state_dir)
            new.replace(state_dir / FILE)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise StoreError(f"nothing was restored: {error}") from error
    return replaced


def _copy(source: Path, target: Path) -> None:
    """Also brings the schema up to date, which a backup that is too new refuses."""
    try:
        target.unlink(missing_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            contextlib.closing(_open_backup(source)) as old,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as new,
        ):
            old.backup(new)
            new.row_factory = sqlite3.Row
            migrate(new)
            with transaction(new):
                # Row numbers used since the backup will be used again, for other messages.
                meta.renew_instance(new)
            new.execute("PRAGMA journal_mode=DELETE")
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, OSError | sqlite3.Error):
            raise StoreError(f"nothing was restored: {error}") from error
        raise


def _keep_aside(state_dir: Path) -> Path | None:
    """Another name for the database that is there, under which it outlives the restore. Its own
    name stays until the new one takes it: a start after a crash must not find none."""
    current = state_dir / FILE
    if not current.exists():
        return None
    # Opening and closing it folds the write-ahead log in, so that one file is the whole of it. A
    # damaged one is kept as it is.
    with contextlib.suppress(StoreError):
        connect(state_dir).close()
    number = 1
    while (aside := state_dir / f"{FILE}.before-restore.{number}").exists():
        number += 1
    # A log that a reader still holds must not be played into the database that comes instead.
    aside.hardlink_to(current)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            (state_dir / f"{FILE}{suffix}").rename(f"{aside}{suffix}")
    return aside


def _open_backup(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _check(path: Path) -> None:
    try:
        with contextlib.closing(_open_backup(path)) as copy:
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
            known = copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'signals'").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{path} is no readable database: {error}") from error
    if found != "ok" or known is None:
        raise StoreError(f"{path} is no sound database of Sentinel: {found}")
