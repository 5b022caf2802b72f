"""Which address the commands print for the daemon."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sentinel.cli import address
from sentinel.cli.address import public_url
from sentinel.errors import ConfigError
from sentinel.store import meta
from sentinel.store.migrations import migrate

THERE = "https://sentinel.example.com"


@pytest.fixture
def conn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.row_factory = sqlite3.Row
        migrate(conn)
        yield conn


@pytest.fixture
def config(conn: sqlite3.Connection, tmp_path: Path) -> Path:
    path = tmp_path / "sentinel.yaml"
    path.write_text("listen: 127.0.0.1:8500\n")
    return path


def test_what_the_daemon_said_goes_before_a_configuration_that_nobody_named(
    conn: sqlite3.Connection, config: Path
) -> None:
    meta.set_public_url(conn, THERE)
    assert public_url(conn, None) == THERE


def test_a_configuration_that_was_named_goes_before_what_the_daemon_said(
    conn: sqlite3.Connection, config: Path
) -> None:
    meta.set_public_url(conn, THERE)
    assert public_url(conn, config) == "http://127.0.0.1:8500"


def test_before_the_first_start_the_configuration_says_it(
    conn: sqlite3.Connection, config: Path
) -> None:
    assert public_url(conn, None) == "http://127.0.0.1:8500"


def test_the_default_is_left_where_nothing_else_is_known(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(_: Path | None) -> Path:
        raise ConfigError("no configuration")

    monkeypatch.setattr(address, "config_path", nowhere)
    assert public_url(conn, None) == "http://127.0.0.1:8420"
