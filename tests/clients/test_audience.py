"""Whom an update of a broadcast concerns."""

import sqlite3
from collections.abc import Sequence

import pytest

from sentinel.clients import subscribing
from sentinel.model.alert import AlertSeverity
from sentinel.model.client import Contact
from sentinel.store import clients


def subscribe(
    conn: sqlite3.Connection,
    address: str,
    tenant: str | None = "acme",
    components: Sequence[str] = (),
    severity: AlertSeverity = "info",
) -> int:
    contact = Contact(id=0, tenant=tenant, name="", source="managed", created=1.0)
    found = clients.contact(conn, clients.add_contact(conn, contact))
    assert found is not None
    return subscribing.add(
        conn,
        found,
        "email",
        address,
        components=components,
        severity=severity,
        source="managed",
        actor="a test",
        now=1.0,
    ).id


def told(
    conn: sqlite3.Connection,
    tenants: Sequence[str] | None = None,
    components: Sequence[str] = (),
    severity: AlertSeverity = "info",
) -> set[str]:
    found = clients.audience(conn, tenants, components, severity)
    return {one.address.partition("@")[0] for _, one in found}


@pytest.mark.parametrize(
    ("tenants", "expected"),
    [
        (["acme"], {"alice"}),
        (["acme", "globex"], {"alice", "bob"}),
        ([], set()),
        (None, {"alice", "bob", "carol"}),
    ],
)
def test_only_tenants_that_are_named(
    conn: sqlite3.Connection, tenants: list[str] | None, expected: set[str]
) -> None:
    subscribe(conn, "alice@example.com", "acme")
    subscribe(conn, "bob@example.com", "globex")
    subscribe(conn, "carol@example.com", None)
    assert told(conn, tenants) == expected


@pytest.mark.parametrize(
    ("components", "expected"),
    [(["sms"], {"all", "sms", "both"}), (["mail"], {"all", "both"}), ([], {"all", "sms", "both"})],
)
def test_only_about_components_that_concern_them(
    conn: sqlite3.Connection, components: list[str], expected: set[str]
) -> None:
    subscribe(conn, "all@example.com")
    subscribe(conn, "sms@example.com", components=["sms"])
    subscribe(conn, "both@example.com", components=["sms", "mail"])
    assert told(conn, components=components) == expected


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ("info", {"info"}),
        ("warning", {"info", "warning"}),
        ("critical", {"info", "warning", "critical"}),
    ],
)
def test_only_what_is_severe_enough(
    conn: sqlite3.Connection, severity: AlertSeverity, expected: set[str]
) -> None:
    for least in ("info", "warning", "critical"):
        subscribe(conn, f"{least}@example.com", severity=least)  # type: ignore[arg-type]
    assert told(conn, severity=severity) == expected


def test_who_is_known_twice_is_told_once(conn: sqlite3.Connection) -> None:
    subscribe(conn, "alice@example.com", "acme")
    subscribe(conn, "alice@example.com", "globex")
    assert len(clients.audience(conn, None, (), "info")) == 1
    # For the other tenant alone it is the other one that counts.
    assert told(conn, ["globex"]) == {"alice"}


def test_a_twin_that_does_not_want_it_hides_nobody(conn: sqlite3.Connection) -> None:
    subscribe(conn, "alice@example.com", "acme", severity="critical")
    subscribe(conn, "alice@example.com", "globex")
    assert told(conn) == {"alice"}


def test_it_goes_on_after_a_number(conn: sqlite3.Connection) -> None:
    ids = [subscribe(conn, f"c{number}@example.com") for number in range(5)]
    found = []
    after = 0
    while chunk := clients.audience(conn, None, (), "info", after, 2):
        found += [one.id for _, one in chunk]
        after = found[-1]
    assert found == ids
