"""`tenants:` of the configuration and the tables, and what a contact chose itself in between."""

import sqlite3
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from sentinel.clients import preferences, subscribing
from sentinel.clients.preferences import Choice, checked
from sentinel.clients.subscribing import THE_CONTACT
from sentinel.clients.sync import synchronise
from sentinel.config.model import ContactConfig, TenantConfig
from sentinel.model.client import Subscription
from sentinel.store import client_history, clients

ALICE = ContactConfig(
    name="Alice",
    addresses={"email": "alice@example.com"},
    language="en",
    timezone="UTC",
    quiet=None,
    digest=None,
    components=(),
    severity="info",
)


def of(**contacts: tuple[ContactConfig, ...]) -> Mapping[str, TenantConfig]:
    return {
        name: TenantConfig(name=name, title=name.title(), contacts=listed)
        for name, listed in contacts.items()
    }


def states(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT state FROM subscriptions ORDER BY id")
    return [row["state"] for row in rows]


def only(conn: sqlite3.Connection) -> Subscription:
    return clients.contacts(conn)[0].live[0]


def test_what_is_listed_is_told(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(ALICE,)), 1.0)
    found = clients.audience(conn, ["acme"], ["sms"], "info")
    assert [(c.name, c.tenant, s.address) for c, s in found] == [
        ("Alice", "acme", "alice@example.com")
    ]
    assert [one.title for one in clients.tenants(conn)] == ["Acme"]


def test_the_same_again_changes_nothing(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(ALICE,)), 1.0)
    before = list(conn.iterdump())
    synchronise(conn, of(acme=(ALICE,)), 2.0)
    assert list(conn.iterdump()) == before


def test_who_is_gone_from_the_files_is_told_no_more(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(ALICE,)), 1.0)
    synchronise(conn, {}, 2.0)
    assert states(conn) == ["ended"]
    synchronise(conn, of(acme=(ALICE,)), 3.0)
    assert states(conn) == ["ended", "active"]


def test_another_address_takes_the_place_of_the_old_one(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(ALICE,)), 1.0)
    moved = replace(ALICE, addresses={"email": "alice@acme.example"})
    synchronise(conn, of(acme=(moved,)), 2.0)
    assert states(conn) == ["ended", "active"]
    assert only(conn).address == "alice@acme.example"


@pytest.mark.parametrize("name", ["Alice", "Alicia"])
def test_an_unsubscription_survives_reloads_and_another_name(
    conn: sqlite3.Connection, name: str
) -> None:
    synchronise(conn, of(acme=(ALICE,)), 1.0)
    subscribing.unsubscribe(conn, only(conn).id, THE_CONTACT, 2.0)
    synchronise(conn, {}, 3.0)
    done = synchronise(conn, of(acme=(replace(ALICE, name=name),)), 4.0)
    assert states(conn) == ["ended"]
    assert done.refused == 1


def test_to_leave_one_tenant_is_not_to_leave_the_other(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(ALICE,), globex=(ALICE,)), 1.0)
    subscribing.unsubscribe(conn, only(conn).id, THE_CONTACT, 2.0)
    assert [c.tenant for c, _ in clients.audience(conn, None, (), "info")] == ["globex"]


def test_preferences_follow_the_files_until_the_contact_chooses(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(ALICE,)), 1.0)
    synchronise(conn, of(acme=(replace(ALICE, severity="warning", digest=60),)), 2.0)
    assert (only(conn).severity, clients.contacts(conn)[0].contact.digest) == ("warning", 60)
    wanted = checked(Choice(severity="critical", digest="09:00"), ["en"])
    preferences.choose(conn, clients.contacts(conn)[0], wanted, THE_CONTACT, 3.0)
    synchronise(conn, of(acme=(replace(ALICE, severity="info", timezone="Asia/Tokyo"),)), 4.0)
    assert only(conn).severity == "critical"
    assert clients.contacts(conn)[0].contact.digest == 540


def test_what_the_contact_added_stays_while_the_contact_does(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(ALICE,)), 1.0)
    contact = clients.contacts(conn)[0].contact
    own = subscribing.add(
        conn, contact, "sms", "+442079460018", source="self", actor=THE_CONTACT, now=2.0
    )
    synchronise(conn, of(acme=(ALICE,)), 3.0)
    found = clients.subscription(conn, own.id)
    assert found is not None
    assert found.state == "active"
    synchronise(conn, {}, 4.0)
    assert states(conn) == ["ended", "ended"]


def test_a_tenant_with_contacts_of_its_own_stays_for_people_to_manage(
    conn: sqlite3.Connection,
) -> None:
    synchronise(conn, of(acme=(ALICE,), globex=()), 1.0)
    synchronise(conn, {}, 2.0)
    assert [(one.name, one.source) for one in clients.tenants(conn)] == [("acme", "managed")]


def test_each_step_is_in_the_history(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(ALICE,)), 1.0)
    synchronise(conn, {}, 2.0)
    history = client_history.changes(conn, 1)
    assert [(one.at, one.actor, one.what) for one in history] == [
        (2.0, "configuration", "ended"),
        (1.0, "configuration", "added"),
    ]
