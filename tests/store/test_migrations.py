"""Bringing a database up to date."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
import sqlite_utils

from sentinel.errors import StoreError
from sentinel.store import migrations
from sentinel.store.connection import connect


def test_an_upgrade_that_fails_half_way_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = sqlite_utils.Migrations("sentinel")

    @steps()
    def first(db: sqlite_utils.Database) -> None:
        db.execute("CREATE TABLE one (number INTEGER)")

    @steps()
    def second(db: sqlite_utils.Database) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(migrations, "migrations", steps)
    with contextlib.closing(connect(tmp_path)) as conn:
        with pytest.raises(StoreError, match="disk I/O error"):
            migrations.migrate(conn)
        assert conn.execute("SELECT name FROM sqlite_master").fetchall() == []
