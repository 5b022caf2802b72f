"""Signals as they are read again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from sentinel.model.signal import AnySignal, Change, Error, Metric, Status
from sentinel.store import replay, signals
from sentinel.store.connection import connect
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate

LEAN = Error(
    message="no SMS",
    tenant="acme",
    tags={"code": "SMS"},
    fingerprint="f",
    severity="high",
    title="no SMS",
)
SIGNALS: list[AnySignal] = [
    LEAN,
    replace(LEAN, fingerprint="g", line=3, handled=False),
    Status(status="down", component="db", tags={"region": "eu"}),
    Metric(name="cpu", value=1.5),
    Change(kind="deploy", summary="2.14"),
    LEAN,
]


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path)
    migrate(connection)
    yield connection
    connection.close()


def store(conn: sqlite3.Connection, signal: AnySignal, at: float) -> AnySignal:
    """As the pipeline does: the body is all of the signal, the engine is given it without the
    payload."""
    lean = replace(signal, received=at, at=at, project="shop")
    whole = replace(lean, payload={"extra": {"a": 1}}) if isinstance(lean, Error) else lean
    kept = keep(conn, Draft(lean, signals.pack(whole)))
    assert kept is not None
    return kept


def read(conn: sqlite3.Connection, since: float, until: float) -> list[list[AnySignal]]:
    within = replay.extent(conn, since, until)
    return list(replay.signals(conn, since, until, within))


def test_they_are_what_the_engine_was_given(conn: sqlite3.Connection) -> None:
    given = [store(conn, signal, at) for at, signal in enumerate(SIGNALS, 1)]
    assert read(conn, 0, 100) == [given]
    states = [one.group_state for one in given if isinstance(one, Error)]
    assert states == ["new", "new", "known"]


def test_they_come_in_batches(conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [store(conn, signal, at) for at, signal in enumerate(SIGNALS, 1)]
    monkeypatch.setattr(replay, "_BATCH", 4)
    assert read(conn, 0, 100) == [given[:4], given[4:]]


def test_both_ends_of_the_span_are_part_of_it(conn: sqlite3.Connection) -> None:
    given = [store(conn, signal, at) for at, signal in enumerate(SIGNALS, 1)]
    assert read(conn, 2, 4) == [given[1:4]]
    assert replay.extent(conn, 2, 4) == replay.Extent(3, 2, 4)


def test_they_come_in_the_order_of_the_engine_where_their_times_are_not(
    conn: sqlite3.Connection,
) -> None:
    given = [store(conn, LEAN, at) for at in (5.0, 4.0, 6.0)]
    assert read(conn, 0, 100) == [given]


def test_what_arrives_meanwhile_is_left_out(conn: sqlite3.Connection) -> None:
    given = [store(conn, LEAN, 5.0)]
    within = replay.extent(conn, 0, 100)
    store(conn, LEAN, 6.0)
    assert list(replay.signals(conn, 0, 100, within)) == [given]


def test_of_nothing_there_is_nothing_to_read(conn: sqlite3.Connection) -> None:
    assert read(conn, 0, 100) == []
    assert replay.kept(conn) is None
