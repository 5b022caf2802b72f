"""Whom an incident has reached."""

import sqlite3
from collections.abc import Iterator

import pytest

from sentinel.model.alert import Alert, Incident
from sentinel.model.signal import Error
from sentinel.store import signals
from sentinel.store.keep import Draft, keep
from sentinel.store.migrations import migrate
from sentinel.store.reach import reach_of

NOW = 1_760_000_000.0
WEEK = 7 * 86_400.0


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    yield conn
    conn.close()


def stored(conn: sqlite3.Connection, code: str, tenant: str, user: str, at: float = NOW) -> int:
    """The number of its error group."""
    error = Error(
        project="shop",
        received=at,
        at=at,
        code=code,
        title=code,
        fingerprint=code,
        tenant=tenant,
        user=user,
    )
    kept = keep(conn, Draft(error, signals.pack(error)))
    assert isinstance(kept, Error)
    assert kept.group is not None
    return kept.group


def alert(number: int, group: int | None, started: float = NOW) -> Alert:
    return Alert(
        id=number,
        rule="R",
        key={},
        state="firing",
        severity="critical",
        labels={},
        started=started,
        last=started,
        group=group,
    )


def incident(group: int | None, opened: float = NOW) -> Incident:
    return Incident(
        id=1, severity="critical", title="t", root=1, rule="R", opened=opened, group=group
    )


def test_who_met_several_of_its_errors_counts_once(conn: sqlite3.Connection) -> None:
    cause = stored(conn, "TWILIO_API_FAILURE", "acme", "alice")
    sms = stored(conn, "SMS_DELIVERY_FAILURE", "acme", "alice")
    stored(conn, "SMS_DELIVERY_FAILURE", "globex", "bob")
    found = reach_of(conn, incident(cause), [alert(1, cause), alert(2, sms), alert(3, sms)])
    assert found is not None
    assert (found.tenants, found.users, found.events) == (2, 2, {cause: 1, sms: 2})


def test_whom_the_same_error_reached_weeks_ago_is_not_of_this_incident(
    conn: sqlite3.Connection,
) -> None:
    group = stored(conn, "TWILIO_API_FAILURE", "acme", "alice", NOW - WEEK)
    stored(conn, "TWILIO_API_FAILURE", "globex", "bob", NOW)
    found = reach_of(conn, incident(group), [alert(1, group)])
    assert found is not None
    assert (found.tenants, found.users, found.events) == (1, 1, {group: 1})
    assert found.began == NOW


def test_who_met_it_weeks_ago_and_now_again_counts(conn: sqlite3.Connection) -> None:
    group = stored(conn, "TWILIO_API_FAILURE", "acme", "alice", NOW - WEEK)
    stored(conn, "TWILIO_API_FAILURE", "acme", "alice", NOW)
    found = reach_of(conn, incident(group), [alert(1, group)])
    assert found is not None
    assert (found.tenants, found.users) == (1, 1)


def test_those_that_led_to_a_burst_count_and_tell_when_it_began(conn: sqlite3.Connection) -> None:
    group = stored(conn, "SMS_DELIVERY_FAILURE", "acme", "alice", NOW - 240)
    stored(conn, "SMS_DELIVERY_FAILURE", "acme", "bob", NOW)
    found = reach_of(conn, incident(group), [alert(1, group)])
    assert found is not None
    assert (found.users, found.events, found.began) == (2, {group: 2}, NOW - 240)


def test_an_incident_with_no_error_behind_it_has_reached_nobody_known(
    conn: sqlite3.Connection,
) -> None:
    assert reach_of(conn, incident(None), [alert(1, None)]) is None
