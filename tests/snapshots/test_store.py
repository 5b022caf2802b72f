"""How snapshots are kept, thinned and found."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from sentinel.api import Status
from sentinel.store import components, signals
from sentinel.store import snapshots as store
from sentinel.store.migrations import migrate

from .pictures import NOW, component, errors, latency, picture

DAY = 86_400.0
KEPT = store.Kept(all=NOW - 7 * DAY, hourly=NOW - 90 * DAY)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(tmp_path / "sentinel.db", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    yield conn
    conn.close()


def times(conn: sqlite3.Connection) -> list[float]:
    return [row[0] for row in conn.execute("SELECT at FROM snapshots ORDER BY at")]


def test_a_snapshot_comes_back_as_it_was(conn: sqlite3.Connection) -> None:
    taken = picture(
        components=(component("up", tenant="acme", since=5.0),),
        errors=errors(3),
        latencies=(latency(0.1),),
        releases={"shop": ("1", "2")},
        checksums={"env A": "x"},
        healthy_since=NOW,
    )
    stored = store.insert(conn, taken)
    assert store.get(conn, stored.id) == store.latest(conn) == replace(taken, id=1)


def test_old_ones_are_thinned_to_one_an_hour_and_then_forgotten(conn: sqlite3.Connection) -> None:
    old, older = NOW - 8 * DAY, NOW - 91 * DAY
    begin = old - old % 3600
    for at in (older, begin, begin + 600, begin + 3599, begin + 3600, NOW - 6 * DAY, NOW):
        store.insert(conn, picture(at=at))
    assert store.thin(conn, KEPT, 100) == 3
    assert times(conn) == [begin, begin + 3600, NOW - 6 * DAY, NOW]
    assert store.thin(conn, KEPT, 100) == 0


def test_the_turn_to_bad_the_newest_and_the_last_good_one_stay_for_ever(
    conn: sqlite3.Connection,
) -> None:
    for at in range(6):
        store.insert(conn, picture(at=float(at), healthy_since=0.0))
    store.settle(conn, 0.0, 1.0)
    store.mark_edge(conn, 4)
    store.accept(conn, 5)
    store.thin(conn, KEPT, 100)
    assert times(conn) == [1.0, 3.0, 4.0, 5.0]


def test_thinning_takes_small_bites(conn: sqlite3.Connection) -> None:
    for at in range(10):
        store.insert(conn, picture(at=float(at)))
    assert store.thin(conn, KEPT, 4) == 4
    assert times(conn)[0] == 4.0


def test_only_healthy_ones_are_settled(conn: sqlite3.Connection) -> None:
    store.insert(conn, picture(at=1.0, healthy_since=1.0))
    store.insert(conn, picture(at=2.0))
    store.settle(conn, 0.0, 5.0)
    found = store.last_good(conn)
    assert found is not None
    assert found.id == 1
    assert store.last_good(conn, before=1) is None


def test_the_week_before_is_sampled_without_what_was_critical(conn: sqlite3.Connection) -> None:
    for minute in range(60):
        overall = "critical" if minute < 30 else "healthy"
        store.insert(conn, picture(at=minute * 60.0, overall=overall))
    found = store.around(conn, 1800.0, 1800.0, 6)
    assert len(found) == 6
    assert {one.overall for one in found} == {"healthy"}


def test_what_was_taken_last_at_a_time_is_found(conn: sqlite3.Connection) -> None:
    for at in (1.0, 2.0, 3.0):
        store.insert(conn, picture(at=at))
    found = store.at_or_before(conn, 2.5)
    assert found is not None
    assert found.at == 2.0
    assert store.at_or_before(conn, 0.5) is None


def note(conn: sqlite3.Connection, received: float, state: str, **values: str) -> None:
    status = Status(status=state, component="shop", received=received, **values)  # type: ignore[arg-type]
    components.note(conn, status, signals.pack(status))


def test_a_component_has_one_state_for_each_tenant_and_environment(
    conn: sqlite3.Connection,
) -> None:
    note(conn, 1.0, "up", tenant="acme")
    note(conn, 2.0, "down", tenant="globex", environment="production")
    note(conn, 3.0, "degraded", tenant="acme")
    found = [(one.tenant, one.status) for one in components.latest(conn)]
    assert found == [("acme", "degraded"), ("globex", "down")]


def test_a_component_is_in_its_state_since_the_first_that_said_so(conn: sqlite3.Connection) -> None:
    for received, state in ((1.0, "up"), (2.0, "down"), (3.0, "down")):
        note(conn, received, state)
    assert [one.since for one in components.heard(conn)] == [2.0]


def test_a_component_that_is_silent_is_left_out_and_at_last_forgotten(
    conn: sqlite3.Connection,
) -> None:
    note(conn, 1.0, "up")
    assert components.latest(conn, since=2.0) == []
    assert components.forget(conn, 1.0) == 0
    assert components.forget(conn, 2.0) == 1
