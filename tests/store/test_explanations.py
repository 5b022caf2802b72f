"""What explanations read, found without reading everything."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from sentinel.model.alert import Alert
from sentinel.model.delivery import DeliveryIntent, Recipient
from sentinel.model.signal import Error, Metric
from sentinel.store import alerts, books, deliveries, signals
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrate(connection)
        yield connection


def enqueue(conn: sqlite3.Connection, incident: int, *also: int) -> None:
    intent = DeliveryIntent(
        recipient=Recipient("desk"),
        reason="firing",
        incident=incident,
        severity="warning",
        at=1.0,
        also=also,
    )
    deliveries.enqueue(conn, intent, 1.0)


def test_messages_that_tell_of_several_incidents_are_found_by_each(
    conn: sqlite3.Connection,
) -> None:
    enqueue(conn, 1)
    enqueue(conn, 2, 1, 3)
    enqueue(conn, 3)
    assert [one.id for one in deliveries.of_incident(conn, 1)] == [1, 2]
    assert [one.id for one in deliveries.of_incident(conn, 3)] == [2, 3]


def test_they_are_found_by_indexes(conn: sqlite3.Connection) -> None:
    plan = conn.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM deliveries WHERE incident_id = 1 OR id IN (SELECT d.id"
        " FROM deliveries AS d, json_each(d.also) AS one WHERE d.also <> '[]' AND one.value = 1)"
    )
    steps = " ".join(row["detail"] for row in plan)
    assert "deliveries_incident" in steps
    assert "deliveries_also" in steps
    assert "SCAN deliveries" not in steps


@pytest.mark.parametrize("kind", ["error", "metric"])
def test_the_latest_signal_of_a_kind_is_found(conn: sqlite3.Connection, kind: str) -> None:
    assert signals.latest_of_kind(conn, kind) is None
    for at in (10.0, 20.0):
        for one in (
            Error(project="shop", fingerprint="f", received=at, at=at),
            Metric(project="shop", name="load", value=1.0, received=at, at=at),
        ):
            keep(conn, Draft(one, signals.pack(one)))
    assert signals.latest_of_kind(conn, kind) == 20.0


def test_the_number_of_the_latest_signal_before_a_time(conn: sqlite3.Connection) -> None:
    for at in (10.0, 20.0, 20.0):
        one = Metric(project="shop", name="load", value=1.0, received=at)
        keep(conn, Draft(one, signals.pack(one)))
    assert [signals.last_before(conn, at) for at in (9.0, 10.0, 19.0, 20.0)] == [0, 1, 1, 3]


@pytest.mark.parametrize(
    ("since", "first"), [(0.0, 3), (10.0, 3), (11.0, 4), (25.0, 9), (30.0, 9), (31.0, 10)]
)
def test_the_first_of_a_time_is_found_also_where_others_were_removed(
    conn: sqlite3.Connection, since: float, first: int
) -> None:
    for number, at in ((3, 10.0), (4, 20.0), (9, 30.0)):
        one = Alert(
            id=number,
            rule="Each",
            key={},
            state="firing",
            severity="warning",
            labels={},
            started=at,
            last=at,
        )
        alerts.save(conn, [one])
    found = books.first_since(conn, "alerts", since)
    numbers = [n for n in (3, 4, 9) if n >= found]
    assert numbers == [n for n in (3, 4, 9) if n >= first]


def test_alerts_of_a_rule_that_were_not_over_at_a_time(conn: sqlite3.Connection) -> None:
    lives = {1: (10.0, 20.0), 2: (15.0, None), 3: (30.0, 40.0)}
    for number, (started, resolved) in lives.items():
        one = Alert(
            id=number,
            rule="Each",
            key={},
            state="firing" if resolved is None else "resolved",
            severity="warning",
            labels={},
            started=started,
            resolved=resolved,
            last=started,
        )
        alerts.save(conn, [one])
    found = {at: [one.id for one in alerts.of_rule(conn, "Each", at)] for at in (12, 18, 35, 50)}
    assert found == {12: [1], 18: [2, 1], 35: [3, 2], 50: [2]}
