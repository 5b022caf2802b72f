import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.broadcasts.redaction import HIDDEN, Redaction, described

REDACTION = Redaction(
    names=["pg-primary-1", "SmsDeliveryFailing", "sms", "Voice_Gateway"],
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
        ("pg-primary-1 is full", "internal name", "pg-primary-1"),
        ("The Voice_Gateway is down", "internal name", "Voice_Gateway"),
        ("Written to /var/log/sms/out.log", "file path", "/var/log/sms/out.log"),
        ("Acme is not affected", "tenant", "Acme"),
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


@pytest.mark.parametrize("piece", ["a.", "1.", "a@", "://", "A_", "/a", ":a", "-a"])
def test_long_texts_are_looked_through_quickly(piece: str) -> None:
    began = time.perf_counter()
    REDACTION.leaks(piece * 1_000)
    assert time.perf_counter() - began < 1
