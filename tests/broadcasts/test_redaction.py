import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.broadcasts.redaction import HIDDEN, Redaction, described

REDACTION = Redaction(
    names=["pg-primary-1", "sms-relay", "SmsDeliveryFailing", "sms", "Voice_Gateway"],
    public=["https://status.example.com", None],
    tenants=["acme", "Globex Ltd", "x"],
)


@pytest.mark.parametrize(
    ("text", "kind", "piece"),
    [
        ("We restart db1.prod.internal now.", "host name", "db1.prod.internal"),
        ("The host web.example.com is slow", "host name", "web.example.com"),
        ("It is localhost:5432", "host name", "localhost:5432"),
        ("Nothing answers at 10.0.3.17.", "IP address", "10.0.3.17"),
        ("Nothing answers at 2001:db8::1.", "IP address", "2001:db8::1"),
        ("Ask bob@corp.example!", "e-mail address", "bob@corp.example"),
        ("See https://grafana.corp/d/1, please", "web address", "https://grafana.corp/d/1"),
        ("See https://status.example.com.evil.org/", "web address", None),
        ("It logs DB_CONNECTION_ERROR all day", "error code", "DB_CONNECTION_ERROR"),
        ("As SmsDeliveryFailing says", "internal name", "SmsDeliveryFailing"),
        ("sms-relay is full", "internal name", "sms-relay"),
        ("The Voice_Gateway is down", "internal name", "Voice_Gateway"),
        ("Written to /var/log/sms/out.log", "file path", "/var/log/sms/out.log"),
        ("Acme is not affected", "tenant", "Acme"),
        ("We restart web-3 now", "host name", "web-3"),
        ("DB01 is full", "host name", "DB01"),
        ("It is ip-10-2-3-4.", "host name", "ip-10-2-3-4"),
        ("Pod api-7f9c4d5b68-x2x1z restarts", "host name", "api-7f9c4d5b68-x2x1z"),
        ("The instance i-0abcd1234ef567890 died", "internal name", "i-0abcd1234ef567890"),
        ("arn:aws:s3:::shop-backups is gone", "internal name", "arn:aws:s3:::shop-backups"),
        ("Request 5f2b6c1e-1b1a-4c52-9a53-0c7a7b0d3c11", "internal name", None),
        ("Since commit 3f2a9c1d", "internal name", "3f2a9c1d"),
        ("The column user_id is wrong", "internal name", "user_id"),
        ("We see ECONNREFUSED", "error code", "ECONNREFUSED"),
        ("It says ORA-00600", "error code", "ORA-00600"),
        ("Code E1234", "error code", "E1234"),
        ("A NullPointerException", "error code", "NullPointerException"),
        ("It was OOMKilled", "error code", "OOMKilled"),
        (r"In C:\Windows\Temp\x.tmp", "file path", None),
        (r"On \\files\share\a.doc", "file path", None),
        ("At shop/sms.py:88", "file path", "sms.py:88"),
        ("globex ltd. has its own line", "tenant", "globex ltd"),
    ],
)
def test_what_clients_must_not_read_is_found(text: str, kind: str, piece: str | None) -> None:
    [leak] = REDACTION.leaks(text)
    assert leak.kind == kind
    assert piece in (None, leak.text)
    assert text[leak.start : leak.end] == leak.text


@pytest.mark.parametrize(
    "text",
    [
        "Text messages (SMS) arrive late, by 10 to 15 minutes.",
        "Since 10:30:00 and until 11:45, 24/7, and/or later.",
        "See https://status.example.com/status for news.",
        "Our address is status.example.com.",
        "E.g. calls, i.e. all of them: 99.95% work. Version 2.1.3 is out.",
        "We looked into it today.We are sorry.",
        "The sms gateway of our provider is slow.",
        "IT and HR are not affected. x marks the spot.",
        "Über Nacht: 12.000 Nachrichten nachgeliefert.",
        "COVID-19 and the top-10 of phase-2, 24-7, on the web and by app.",
        "Order 1234567 and call +44 7700 900001, e.g. at 09:30, 100,000 times.",
        "An Error in our server, on Node.js 20, made the façade decade-old deadbeef.",
        "Reports (.docx), mails, search and the queue at the host are fine.",
        "From 2026-11-01T22:00 until 2026-11-02, on 5th Avenue 10001.",
        "The app 2 of 3 and server 5 are no names.",
    ],
)
def test_what_anybody_may_read_is_let_through(text: str) -> None:
    assert REDACTION.leaks(text) == []


def test_what_nobody_looked_at_is_taken_out() -> None:
    text = "pg-primary-1 (10.0.3.17) fails with DB_DOWN for acme; tell bob@corp.example"
    assert REDACTION.redacted(text) == (
        f"{HIDDEN} ({HIDDEN}) fails with {HIDDEN} for {HIDDEN}; tell {HIDDEN}"
    )


def test_what_was_found_is_named_once() -> None:
    found = described(REDACTION.leaks("10.0.3.17 and 10.0.3.17, an E_CODE"))
    assert found == "an IP address: 10.0.3.17; an error code: E_CODE"


@given(st.one_of(st.text(max_size=200), st.text("aB1.-_/:@ […]acme", max_size=80)))
def test_nothing_is_left_of_what_was_taken_out(text: str) -> None:
    assert REDACTION.leaks(REDACTION.redacted(text)) == []


@pytest.mark.parametrize(
    "piece",
    ["a.", "1.", "a@", "://", "A_", "/a", ":a", "-a", "a_", "1a", "a1-", "ip-1", "\\a", "aError"],
)
def test_long_texts_are_looked_through_quickly(piece: str) -> None:
    began = time.perf_counter()
    REDACTION.leaks(piece * 1_000)
    assert time.perf_counter() - began < 1
