"""What was decided about an incident, as its page and the API read it."""

import sqlite3
from collections.abc import Iterator

import pytest

from sentinel.model.decision import Decision
from sentinel.store import decisions
from sentinel.store.migrations import migrate


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    reasons = ["step_1", "same_incident", "step_2", "same_incident", "step_3"]
    decisions.record(
        conn,
        [
            Decision(at=float(n), verb="delivery_enqueued", reason=why, text=why, incident=1)
            for n, why in enumerate(reasons)
        ],
    )
    yield conn
    conn.close()


def test_of_many_decisions_on_an_incident_the_latest_are_given_oldest_first(
    conn: sqlite3.Connection,
) -> None:
    assert [one.at for one in decisions.of_incident(conn, 1, limit=2)] == [3.0, 4.0]


def test_all_decisions_on_an_incident_can_be_read_page_by_page(conn: sqlite3.Connection) -> None:
    read: list[float] = []
    before = None
    while found := decisions.of_incident(conn, 1, limit=2, before=before):
        read[:0] = [one.at for one in found]
        before = found[0].id
    assert read == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_alerts_that_only_joined_take_no_place_from_what_was_done(conn: sqlite3.Connection) -> None:
    found = decisions.of_incident(conn, 1, limit=2, joining=False)
    assert [one.reason for one in found] == ["step_2", "step_3"]
