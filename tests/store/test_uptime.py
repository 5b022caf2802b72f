"""States of components in the store: what is kept of them, and for how long it holds."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.health.spans import buckets, combined, tally
from sentinel.model.signal import State, Status
from sentinel.model.uptime import Seconds, Span
from sentinel.store import components, signals, uptime
from sentinel.store.connection import connect
from sentinel.store.migrations import migrate

Say = Callable[..., None]
HOUR = 3_600.0


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path)
    migrate(connection)
    yield connection
    connection.close()


@pytest.fixture
def say(conn: sqlite3.Connection) -> Say:
    """`say(at, state)`: a status of the shop, which holds for 30 seconds."""

    def note(at: float, state: State, probe: str = "", **more: Any) -> None:
        tags = {"probe": probe} if probe else {}
        status = Status(status=state, component="shop", received=at, tags=tags, **more)
        components.note(conn, status, signals.pack(status), 30.0)

    return note


def spans(conn: sqlite3.Connection, now: float, since: float = 0.0) -> list[Span]:
    return combined(uptime.spans(conn, since, now).get("shop", []))


def test_a_state_that_goes_on_writes_no_row(conn: sqlite3.Connection, say: Say) -> None:
    for at in range(0, 300, 10):
        say(at, "up")
    assert conn.execute("SELECT count(*) FROM component_spans").fetchone()[0] == 0
    assert spans(conn, 300) == [Span(0, 300, "up")]


def test_a_change_of_state_ends_the_one_before(conn: sqlite3.Connection, say: Say) -> None:
    for at, state in ((0, "up"), (10, "up"), (20, "down"), (30, "up")):
        say(at, state)
    assert spans(conn, 40) == [Span(0, 20, "up"), Span(20, 30, "down"), Span(30, 40, "up")]


def test_a_component_that_falls_silent_is_unknown_after_its_patience(
    conn: sqlite3.Connection, say: Say
) -> None:
    say(0, "up")
    say(10, "up")
    assert tally(spans(conn, 100), 0, 100) == Seconds(up=40, unknown=60)


def test_a_silence_stays_unknown_when_the_component_is_back(
    conn: sqlite3.Connection, say: Say
) -> None:
    say(0, "up")
    say(100, "up")
    assert spans(conn, 110) == [Span(0, 30, "up"), Span(100, 110, "up")]
    assert components.heard(conn)[0].since == 100


def test_a_probe_that_is_well_hides_no_other_that_is_not(
    conn: sqlite3.Connection, say: Say
) -> None:
    for at in (0, 10, 20):
        say(at, "down", probe="http", message="no answer")
        say(at + 1, "up", probe="certificate")
    assert tally(spans(conn, 30), 0, 30) == Seconds(down=30)
    assert [one.status.message for one in components.heard(conn)] == ["no answer"]


def test_what_a_probe_said_that_is_gone_counts_no_more(conn: sqlite3.Connection, say: Say) -> None:
    say(0, "down", probe="old")
    say(40, "up", probe="new")
    assert [one.status.status for one in components.heard(conn)] == ["up"]


def test_a_clock_that_is_set_back_leaves_no_time_behind(conn: sqlite3.Connection, say: Say) -> None:
    say(100, "up")
    say(50, "down")
    say(60, "down")
    assert tally(spans(conn, 70), 0, 70) == Seconds(down=20, unknown=50)


def test_the_times_of_a_component_outlive_it(conn: sqlite3.Connection, say: Say) -> None:
    say(0, "down")
    assert components.forget(conn, 1.0) == 1
    assert components.heard(conn) == []
    assert spans(conn, 100) == [Span(0, 30, "down")]


def test_what_ended_before_a_time_is_forgotten_bit_by_bit(
    conn: sqlite3.Connection, say: Say
) -> None:
    for at in range(0, 100, 10):
        say(at, "up" if at % 20 else "down")
    assert [uptime.forget(conn, 50, 3), uptime.forget(conn, 50, 3)] == [3, 1]
    assert spans(conn, 100)[0].began == 40


@given(st.lists(st.tuples(st.integers(1, 300), st.sampled_from(["up", "degraded", "down"]))))
def test_thinning_keeps_the_seconds_of_each_hour(steps: list[tuple[int, State]]) -> None:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    at = 0.0
    for length, state in steps:
        uptime.add(conn, ("shop", "", "", ""), Span(at, at + length, state))
        at += length + length % 3
    end = at + HOUR
    before = list(buckets(spans(conn, end), 0, end, HOUR))
    uptime.thin(conn, end, 1_000)
    assert list(buckets(spans(conn, end), 0, end, HOUR)) == before
    crowded = conn.execute(
        "SELECT count(*) FROM component_spans GROUP BY CAST(began / 3600 AS INTEGER)"
        " HAVING count(*) > 5"
    )
    assert crowded.fetchall() == []
    conn.close()
