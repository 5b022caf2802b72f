"""How many an update reaches, and whom."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.broadcasts.audience import Place, addressees, size
from sentinel.model.broadcast import Broadcast, BroadcastAudience, Phase, Update
from sentinel.model.delivery import Recipient
from sentinel.store import broadcasts, deliveries
from sentinel.store.connection import connect, transaction
from sentinel.store.migrations import migrate
from tests.clients.test_audience import subscribe


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path)
    migrate(connection)
    with transaction(connection):
        yield connection
    connection.close()


def update(number: int, phase: Phase, text: str = "x") -> Update:
    return Update(id=number, broadcast=1, phase=phase, text=text, state="published", created=1.0)


@pytest.mark.parametrize("phase", ["identified", "resolved", "postmortem"])
@pytest.mark.parametrize(
    ("audience", "tenants", "first", "later"),
    [("all", (), 3, 3), ("affected", ("acme",), 1, 2), ("affected", (), 0, 1)],
)
def test_as_many_are_counted_as_are_reached(
    conn: sqlite3.Connection,
    audience: BroadcastAudience,
    tenants: tuple[str, ...],
    first: int,
    later: int,
    phase: Phase,
) -> None:
    """One who is not affected heard of it before, as the one who is did."""
    subscribe(conn, "ann@acme.example", "acme")
    gus = subscribe(conn, "gus@globex.example", "globex")
    subscribe(conn, "zoe@example.com", None)
    # The same address twice is one reader.
    subscribe(conn, "zoe@example.com", None)
    story = Broadcast(
        id=1, kind="incident", title="x", opened=1.0, audience=audience, tenants=tenants
    )
    before, now = update(1, "investigating"), update(2, phase)
    broadcasts.save(conn, [story])
    broadcasts.save_updates(conn, [before])
    assert size(conn, story, before) == first == reached(conn, story, before)

    deliveries.enqueue_client(
        conn,
        Recipient("mail", "gus@globex.example"),
        severity="warning",
        subscription=gus,
        update=1,
        due=1.0,
        now=1.0,
    )
    broadcasts.save_updates(conn, [now])
    expected = 1 if phase in ("resolved", "postmortem") else later
    assert size(conn, story, now) == expected == reached(conn, story, now)


def reached(conn: sqlite3.Connection, story: Broadcast, said: Update) -> int:
    found: set[int] = set()
    place: Place | None = Place()
    while place is not None:
        some, place = addressees(conn, story, said, place, 1)
        found.update(subscription.id for _, subscription in some)
    return len(found)
