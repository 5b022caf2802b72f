"""What mail systems send back, and when it ends a subscription."""

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clients.test_audience import subscribe

from sentinel.clients import bounces, managing, sign_up, subscribing
from sentinel.clients.keeper import count_bounces
from sentinel.clients.sign_up import SignUp
from sentinel.config.model import ClientsConfig
from sentinel.errors import Invalid
from sentinel.model.delivery import Recipient
from sentinel.store import client_history, clients, deliveries, meta, refusals, sending

ALICE = "alice@example.com"


def dsn(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    to: str = ALICE,
    key: str = "",
    extra: str = "",
) -> bytes:
    returned = f"X-Sentinel-Key: {key}\r\n" if key else ""
    return (
        "From: MAILER-DAEMON@mx.example.com\r\nTo: alerts@example.com\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.com\r\n\r\n"
        f"{extra}Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nTo: {to}\r\n{returned}\r\n--b--\r\n"
    ).encode()


def complaint(kind: str = "abuse", fields: str = f"Original-Rcpt-To: {ALICE}\r\n") -> bytes:
    return (
        "From: fbl@provider.example\r\nTo: alerts@example.com\r\nSubject: complaint\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nUser-Agent: X/1\r\nVersion: 1\r\n{fields}\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: alerts@example.com\r\nTo: {ALICE}\r\nSubject: x\r\n\r\nbody\r\n--b--\r\n"
    ).encode()


def test_a_bounce_is_read(conn: sqlite3.Connection) -> None:
    found = bounces.read(dsn(key="0123456789ab-7"))
    assert [(one.address, one.why, one.key) for one in found] == [
        (ALICE, "bounced", "0123456789ab-7")
    ]
    assert found[0].detail == "5.1.1 550 5.1.1 no such user"


@pytest.mark.parametrize("fields", [f"Original-Rcpt-To: <{ALICE}>\r\n", ""])
def test_a_complaint_is_read(fields: str) -> None:
    found = bounces.read(complaint(fields=fields))
    assert [(one.address, one.why) for one in found] == [(ALICE, "complained")]


@pytest.mark.parametrize(
    "mail",
    [
        dsn(action="delayed", status="4.4.1"),
        dsn(action="delivered", status="2.0.0"),
        dsn(action="failed", status="4.2.2"),
        dsn(to="not an address"),
        complaint(kind="virus"),
    ],
)
def test_what_is_no_final_failure_reports_nobody(mail: bytes) -> None:
    assert bounces.read(mail) == []


def test_the_address_that_we_wrote_to_goes_before_what_it_was_forwarded_to() -> None:
    mail = dsn(to="forwarded@elsewhere.example", extra=f"Original-Recipient: rfc822;{ALICE}\r\n")
    assert [one.address for one in bounces.read(mail)] == [ALICE]


@pytest.mark.parametrize(
    "mail",
    [b"", b"hello", b"Subject: out of office\r\n\r\nI am away", b"x" * (bounces.LARGEST + 1)],
)
def test_another_mail_is_refused(mail: bytes) -> None:
    with pytest.raises(Invalid, match="expected"):
        bounces.read(mail)


def test_a_mail_that_is_nested_without_end_is_read_in_bounds() -> None:
    mail = b""
    for depth in range(300):
        mail = b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n%b' % (
            depth,
            depth,
            mail,
        )
    with pytest.raises(Invalid):
        bounces.read(mail)


@given(junk=st.binary(max_size=500), at=st.integers(0, 600))
def test_whatever_comes_is_read_or_refused(junk: bytes, at: int) -> None:
    mail = dsn()
    try:
        bounces.read(mail[:at] + junk + mail[at:])
    except Invalid:
        return


def state(conn: sqlite3.Connection, number: int) -> str:
    found = clients.subscription(conn, number)
    assert found is not None
    return found.state


def sent(conn: sqlite3.Connection, subscription: int, now: float) -> int:
    """A message that the mail server took."""
    number = deliveries.enqueue_client(
        conn,
        Recipient("mail", ALICE),
        severity="warning",
        subscription=subscription,
        due=now,
        now=now,
    )
    assert number is not None
    sending.claim(conn, number, now)
    sending.mark_sent(conn, number, "250", now)
    return number


def bounce(conn: sqlite3.Connection, now: float, key: str = "", **how: Any) -> None:
    bounces.take(conn, bounces.read(dsn(key=key, **how)), now, bounces=3)


def test_three_bounces_in_a_row_end_it(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE)
    seen = []
    for day in range(3):
        sent(conn, number, 100.0 * day)
        bounce(conn, 100.0 * day + 1)
        seen.append(state(conn, number))
    assert seen == ["active", "active", "bounced"]
    assert refusals.refused(conn, "email", ALICE, "globex") == "bounced"


def test_a_message_that_arrives_in_between_forgives(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE)
    for day in range(6):
        sent(conn, number, 100.0 * day)
        if day % 3 != 2:
            bounce(conn, 100.0 * day + 1)
    assert state(conn, number) == "active"


def test_bounces_that_come_late_count_too(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE)
    keys = []
    for hour in range(3):
        delivery = deliveries.get(conn, sent(conn, number, float(hour)))
        assert delivery is not None
        keys.append(delivery.key)
    for hour, key in enumerate(keys):
        bounce(conn, 1000.0 + hour, key)
    assert state(conn, number) == "bounced"
    outcomes = conn.execute("SELECT outcome FROM deliveries").fetchall()
    assert [row["outcome"] for row in outcomes] == ["undelivered"] * 3


def test_a_complaint_ends_all_at_once(conn: sqlite3.Connection) -> None:
    ours, theirs = subscribe(conn, ALICE, "acme"), subscribe(conn, ALICE, "globex")
    over = bounces.take(conn, bounces.read(complaint()), 5.0, bounces=3)
    assert {one.id for one in over} == {ours, theirs}
    assert (state(conn, ours), state(conn, theirs)) == ("complained", "complained")


def test_a_report_on_a_stranger_changes_nothing(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE)
    assert bounces.take(conn, bounces.read(dsn(to="bob@example.com")), 5.0, bounces=1) == []
    assert state(conn, number) == "active"


def test_the_key_of_another_installation_is_not_believed(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE)
    delivery = sent(conn, number, 1.0)
    bounce(conn, 5.0, f"ffffffffffff-{delivery + 5}")
    assert meta.instance(conn) != "ffffffffffff"
    assert conn.execute("SELECT outcome FROM deliveries").fetchone()["outcome"] == "undelivered"


def test_what_the_mail_server_refuses_counts_as_a_bounce(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE)
    for day in range(3):
        now = 100.0 * (day + 1)
        delivery = deliveries.enqueue_client(
            conn,
            Recipient("mail", ALICE),
            severity="warning",
            subscription=number,
            due=now,
            now=now,
        )
        assert delivery is not None
        sending.claim(conn, delivery, now)
        sending.mark_failed(conn, delivery, "550 no such user", now, unreachable=True)
        assert count_bounces(conn, 3, now) == 1
        assert count_bounces(conn, 3, now) == 0
    assert state(conn, number) == "bounced"


def test_a_failure_that_is_not_the_address_counts_for_nothing(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE)
    delivery = deliveries.enqueue_client(
        conn, Recipient("mail", ALICE), severity="warning", subscription=number, due=1.0, now=1.0
    )
    assert delivery is not None
    sending.mark_failed(conn, delivery, "554 looks like spam", 1.0)
    assert count_bounces(conn, 1, 2.0) == 0
    assert client_history.strikes(conn, number) == 0


@pytest.mark.parametrize("quoted", [True, False])
def test_a_bounce_that_is_handed_in_again_counts_once(
    conn: sqlite3.Connection, quoted: bool
) -> None:
    number = subscribe(conn, ALICE)
    delivery = deliveries.get(conn, sent(conn, number, 1.0))
    assert delivery is not None
    for again in range(5):
        bounce(conn, 2.0 + again, delivery.key if quoted else "")
    assert client_history.strikes(conn, number) == 1
    assert state(conn, number) == "active"


def test_a_bounce_of_what_was_never_sent_counts_for_nothing(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE)
    assert bounces.take(conn, bounces.read(dsn()), 5.0, bounces=1) == []
    assert client_history.strikes(conn, number) == 0


def test_a_complaint_outweighs_that_they_unsubscribed_since(conn: sqlite3.Connection) -> None:
    number = subscribe(conn, ALICE, "acme")
    bounces.take(conn, bounces.read(complaint()), 5.0, bounces=3)
    subscribing.unsubscribe(conn, number, subscribing.THE_CONTACT, 6.0)
    assert refusals.refused(conn, "email", ALICE, "acme") == "complained"


def test_an_address_that_bounced_and_then_complained_is_not_resumed(
    conn: sqlite3.Connection,
) -> None:
    number = subscribe(conn, ALICE)
    subscribing.give_up(conn, number, "550", 1.0)
    bounces.take(conn, bounces.read(complaint()), 5.0, bounces=3)
    with pytest.raises(Invalid, match="sentinel client readmit"):
        subscribing.resume(conn, number, "admin", 6.0)


def test_who_complained_and_was_readmitted_is_told_again_once_they_confirm(
    conn: sqlite3.Connection,
) -> None:
    settings = ClientsConfig(channels={"email": "mail"}, sign_up="open")
    asked = SignUp(kind="email", address=ALICE, language="en", tenant=None, origin="::1")
    subscribe(conn, ALICE)
    bounces.take(conn, bounces.read(complaint()), 5.0, bounces=3)
    assert sign_up.ask(conn, asked, settings, 6.0) == set()

    subscribing.readmit(conn, "email", ALICE, "admin", 7.0)
    assert sign_up.ask(conn, asked, settings, 8.0) == {"mail"}
    fresh = clients.at_address(conn, "email", ALICE)[-1][1]
    assert fresh.state == "pending"
    assert subscribing.confirm(conn, fresh.id, 9.0, "::1")
    assert state(conn, fresh.id) == "active"


def test_only_a_complaint_is_lifted(conn: sqlite3.Connection) -> None:
    subscribe(conn, ALICE)
    with pytest.raises(Invalid, match="no complaint"):
        subscribing.readmit(conn, "email", ALICE, "admin", 7.0)


def test_neither_people_nor_the_contact_itself_cause_a_message_to_who_complained(
    conn: sqlite3.Connection,
) -> None:
    subscribe(conn, ALICE)
    theirs = subscribe(conn, "bob@example.com")
    bounces.take(conn, bounces.read(complaint()), 5.0, bounces=3)
    contact = clients.subscription(conn, theirs)
    assert contact is not None
    with pytest.raises(Invalid, match="not asked either"):
        managing.add_address(conn, contact.contact, "email", ALICE, "admin", 6.0, confirm=True)

    settings = ClientsConfig(channels={"email": "mail"}, sign_up="open")
    reached = clients.reached(conn, contact.contact)
    assert reached is not None
    told = sign_up.add_address(conn, reached, "email", ALICE, "::1", settings, 7.0)
    assert told == set()
    assert conn.execute("SELECT count(*) FROM deliveries").fetchone()[0] == 0
