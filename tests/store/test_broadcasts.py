"""What clients were told, and when it is forgotten."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.model.alert import Incident
from sentinel.model.broadcast import Broadcast, Update
from sentinel.store import alerts, broadcasts
from sentinel.store.connection import connect, transaction
from sentinel.store.migrations import migrate

LONG_AGO, LATELY = 1_000.0, 9_000.0
OVER = Broadcast(
    id=1,
    kind="incident",
    title="Calls fail",
    opened=900.0,
    ended=LONG_AGO,
    tenants=("acme",),
)
SAID = Update(
    id=1, broadcast=1, phase="resolved", text="Over.", state="published", created=1.0, published=1.0
)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path)
    migrate(connection)
    with transaction(connection):
        yield connection
    connection.close()


def rows(conn: sqlite3.Connection) -> list[int]:
    tables = ("broadcasts", "updates", "broadcast_tenants")
    return [conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables]


def test_what_is_long_over_goes_with_all_that_was_said(conn: sqlite3.Connection) -> None:
    broadcasts.save(conn, [OVER, replace(OVER, id=2, ended=LATELY)])
    broadcasts.save_updates(conn, [SAID, replace(SAID, id=2, broadcast=2)])
    for number in (1, 2):
        broadcasts.mark_told(conn, number)
    assert broadcasts.forget(conn, 5_000.0, 10) == 1
    assert rows(conn) == [1, 1, 1]
    assert broadcasts.get(conn, 1) is None
    assert broadcasts.forget(conn, 5_000.0, 10) == 0


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"ended": None}, {}),
        ({"kind": "maintenance", "ends": LATELY}, {}),
        ({}, {"phase": "postmortem", "state": "draft"}),
        ({}, {"state": "published"}),
        ({"incident": 7}, {}),
    ],
    ids=["goes on", "work not over", "a draft waits", "not told to all", "incident open"],
)
def test_that_of_which_something_may_come_stays(
    conn: sqlite3.Connection, how: dict[str, Any], said: dict[str, Any]
) -> None:
    incident = Incident(id=7, severity="warning", title="x", root=1, rule="R", opened=1.0)
    alerts.save_incidents(conn, [incident])
    broadcasts.save(conn, [replace(OVER, **how)])
    broadcasts.save_updates(conn, [replace(SAID, **said)])
    if not said:
        broadcasts.mark_told(conn, 1)
    assert broadcasts.forget(conn, 5_000.0, 10) == 0
    assert rows(conn) == [1, 1, 1]
