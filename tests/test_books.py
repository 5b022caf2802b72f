"""The books balance after whatever happens, and whatever is missing from them is found."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.api import Error
from sentinel.books import Audit, Balance, BookKeeper
from sentinel.books.keeper import kept_since
from sentinel.config.schema import Retention
from sentinel.store import retention
from sentinel.testing.clock import START, FakeClock
from tests.effort import examples
from tests.living import RULES, Daemon, Memory, live, setup, steps


@settings(max_examples=examples(60))
@given(st.lists(steps, max_size=25))
def test_the_books_balance_whatever_happens(life: list[Any]) -> None:
    daemon = Daemon()
    with closing(daemon.store.conn):
        asyncio.run(live(daemon, life))
        rules = daemon.setup.book.rules.by_name
        found = Audit(0.0, daemon.clock.now(), rules).run(daemon.store.conn)
        assert found.imbalances == []


STORY = [
    ("error", "acme", "SLOW", 4),
    ("error", "globex", None, 1),
    ("metric", 9.0),
    ("pass", 40.0),
    ("deliver",),
]


@pytest.fixture(scope="module")
def told() -> sqlite3.Connection:
    """A store in which alerts fire and people were told of them."""
    daemon = Daemon()
    asyncio.run(live(daemon, STORY))
    return daemon.store.conn


@pytest.fixture
def conn(told: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A copy of it to spoil."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        told.backup(copy)
        copy.row_factory = sqlite3.Row
        yield copy


def audit(conn: sqlite3.Connection, since: float = 0.0) -> Balance:
    return Audit(since, START + 41, setup(RULES).book.rules.by_name).run(conn)


def test_what_was_accounted_is_counted(conn: sqlite3.Connection) -> None:
    found = audit(conn)
    assert found.balanced
    assert sum(found.matches.values()) == conn.execute("SELECT count(*) FROM matches").fetchone()[0]
    assert found.incidents["told"] >= 1
    assert found.incidents["suppressed: no_route"] == 1
    assert found.deliveries["pending"] == 0


_DELIVERY = "UPDATE deliveries SET {} WHERE id = 1"


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        ("UPDATE matches SET outcome = 'lost' WHERE signal = 1", "match_without_outcome"),
        (
            "UPDATE matches SET outcome = 'suppressed', alert_id = NULL WHERE signal = 1",
            "match_without_outcome",
        ),
        (
            "UPDATE matches SET outcome = 'merged', alert_id = NULL WHERE signal = 1",
            "match_without_alert",
        ),
        ("UPDATE matches SET alert_id = 99 WHERE signal = 1", "match_without_alert"),
        ("DELETE FROM signals WHERE seq = 2", "match_without_signal"),
        ("DELETE FROM matches WHERE signal = 3 AND rule = 'Each'", "count_differs"),
        ("UPDATE alerts SET incident_id = NULL WHERE id = 1", "alert_without_incident"),
        ("UPDATE incidents SET state = 'resolved' WHERE id = 1", "alert_of_closed_incident"),
        ("UPDATE incidents SET state = 'resolved' WHERE id = 1", "paging_of_closed_incident"),
        ("UPDATE alerts SET state = 'resolved' WHERE incident_id = 1", "incident_without_alert"),
        ("DELETE FROM pagings", "incident_untold"),
        ("DELETE FROM decisions WHERE reason = 'no_route'", "incident_untold"),
        ("DELETE FROM decisions WHERE reason = 'no_route'", "incident_unaccounted"),
        ("DELETE FROM deliveries WHERE id = 1", "messages_differ"),
        ("DELETE FROM decisions WHERE verb = 'delivery_enqueued'", "messages_differ"),
        (_DELIVERY.format("state = 'lost'"), "delivery_without_end"),
        (_DELIVERY.format("state = 'sent', sent = NULL"), "delivery_without_end"),
        (_DELIVERY.format("state = 'failed', error = ''"), "delivery_without_end"),
        (_DELIVERY.format("state = 'sending', due = due - 3600"), "delivery_stuck"),
        (_DELIVERY.format("incident_id = 99"), "delivery_without_incident"),
        ("UPDATE windows SET rule = 'Gone' WHERE rule = 'Each'", "window_without_rule"),
    ],
)
def test_whatever_is_missing_is_found(conn: sqlite3.Connection, spoil: str, what: str) -> None:
    assert conn.execute(spoil).rowcount
    found = audit(conn)
    assert what in {one.what for one in found.imbalances}
    assert all(one.text for one in found.imbalances)


def test_what_retention_removed_is_not_missed(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE signals SET received = received - 1000 WHERE seq <= 2")
    conn.execute("UPDATE decisions SET at = at - 1000 WHERE id <= 5")
    limits = retention.Limits(
        signals=START - 500,
        raw=START - 500,
        decisions=START - 500,
        deliveries=START - 500,
        actions=START - 500,
    )
    assert retention.sweep(conn, limits, 100) >= 2
    assert audit(conn, START).imbalances == []


def test_what_is_older_is_not_read_again(conn: sqlite3.Connection) -> None:
    found = audit(conn, START + 39)
    assert sum(found.matches.values()) == 0
    assert found.balanced


def test_only_the_first_hundred_are_kept_and_all_are_counted() -> None:
    balance = Balance(since=0.0, until=1.0)
    for number in range(150):
        balance.note("count_differs", str(number))
    assert (len(balance.imbalances), balance.found, balance.balanced) == (100, 150, False)


@pytest.mark.parametrize(
    ("since", "expected"), [(500_000.0, 500_000.0), (0.0, 1_000_000 - 86_400 + 900)]
)
def test_what_is_no_longer_kept_is_not_asked_for(since: float, expected: float) -> None:
    kept = Retention(decisions=Retention().decisions.parse("1d"))
    assert kept_since(since, 1_000_000, kept) == max(expected, 1_000_000 - 86_400 + 900)


async def test_the_keeper_looks_every_hour_and_reports_what_is_missing(
    conn: sqlite3.Connection,
) -> None:
    conn.execute("DELETE FROM pagings")
    store: Any = Memory()
    store.conn.close()
    store.conn = conn
    clock, reported = FakeClock(START + 41), list[Error]()
    keeper = BookKeeper(store, clock, lambda: setup(RULES), reported.append)
    job = asyncio.create_task(keeper.run())
    await _until_asleep(clock)
    assert reported == []
    for seconds in (300, 3_600):
        clock.advance(seconds)
        await _until_asleep(clock)
    job.cancel()
    assert [one.code for one in reported] == ["SENTINEL_BOOKS_UNBALANCED"] * 2
    assert keeper.imbalances > 0


async def _until_asleep(clock: FakeClock) -> None:
    """Until the keeper waits for its next turn; the pauses between its slices are passed."""
    for _ in range(200):
        await asyncio.sleep(0)
        if clock.sleepers():
            clock.advance(0.02)
