import base64
import contextlib
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import (
    Credentials,
    Error,
    Intake,
    Invalid,
    Overloaded,
    RawItem,
    Request,
    TooLarge,
    Unauthorized,
)
from sentinel.ingest.sentry import SentryReceiver, SentryStoreReceiver

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
OTHER_ID = "0af7651916cd43dd8448eb211c80319c"
Write = Callable[..., bytes]


def request(body: bytes = b"", **fields: Any) -> Request:
    return Request(**{"path": {"project": "1"}, "query": {}, "headers": {}, "body": body, **fields})


def event(**fields: Any) -> tuple[dict[str, Any], bytes]:
    return {"type": "event"}, json.dumps(fields).encode()


def decode(body: bytes) -> Intake:
    return SentryReceiver().decode(request(body))


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "given",
    [
        {
            "headers": {
                "x-sentry-auth": "Sentry sentry_version=7, sentry_key=abc, sentry_client=x/1"
            }
        },
        {"headers": {"x-sentry-auth": "sentry sentry_key=abc,sentry_version=7"}},
        {"headers": {"authorization": "Sentry sentry_version=7,sentry_key=abc,sentry_secret=d"}},
        {"headers": {"authorization": basic("abc:")}},
        {"headers": {"authorization": basic("abc:secret")}},
        {"query": {"sentry_key": "abc", "sentry_version": "7"}},
    ],
)
@pytest.mark.parametrize("receiver", [SentryReceiver(), SentryStoreReceiver()])
def test_the_key_is_found_in_every_form(receiver: SentryReceiver, given: dict[str, Any]) -> None:
    assert receiver.credentials(request(**given)) == Credentials("1", "abc")


def test_the_store_endpoint_refuses_a_request_without_a_key() -> None:
    with pytest.raises(Unauthorized, match="sentry_key in X-Sentry-Auth"):
        SentryStoreReceiver().credentials(request(headers={"authorization": "Bearer abc"}))


def test_basic_authentication_that_is_no_base64_is_refused() -> None:
    with pytest.raises(Unauthorized, match="basic"):
        SentryReceiver().credentials(request(headers={"authorization": "Basic \u00e9"}))


def test_an_envelope_may_bring_its_own_key(envelope: Write) -> None:
    body = envelope(headers={"dsn": "https://abc:@sentinel.example.com/1"})
    assert SentryReceiver().credentials(request(body)) == Credentials("1", None)
    assert decode(body).credentials == Credentials("1", "abc")


def test_the_key_of_a_header_is_not_overruled_by_the_same_in_the_envelope(envelope: Write) -> None:
    body = envelope(headers={"dsn": "https://abc@sentinel.example.com/1"})
    found = SentryReceiver().decode(request(body, query={"sentry_key": "abc"}))
    assert found.credentials is None


def test_two_different_keys_are_refused(envelope: Write) -> None:
    body = envelope(headers={"dsn": "https://abc@sentinel.example.com/1"})
    with pytest.raises(Invalid, match="is not the key"):
        SentryReceiver().decode(request(body, query={"sentry_key": "xyz"}))


@pytest.mark.parametrize("dsn", ["nonsense", "https://host/1", "http://[", 7, ["x"]])
def test_a_dsn_without_a_key_is_invalid(envelope: Write, dsn: Any) -> None:
    with pytest.raises(Invalid, match="dsn"):
        decode(envelope(headers={"dsn": dsn}))


def test_an_event_item_becomes_an_error(envelope: Write) -> None:
    body = envelope(event(event_id=ID, message="it broke"), headers={"event_id": ID})
    found = decode(body)
    assert [type(item) for item in found.items] == [Error]
    assert (found.items[0].id, found.reply) == (ID, {"id": ID})


KINDS = [
    "transaction",
    "session",
    "sessions",
    "replay_event",
    "replay_recording",
    "replay_video",
    "feedback",
    "user_report",
    "attachment",
    "log",
    "otel_log",
    "trace_metric",
    "client_report",
    "profile",
    "profile_chunk",
    "span",
    "statsd",
    "metric_buckets",
    "raw_security",
    "form_data",
    "unreal_report",
    "from_the_future",
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_other_item_is_kept_byte_for_byte(envelope: Write, kind: str) -> None:
    payload = b"\x00\xff\n not json"
    found = decode(
        envelope(
            ({"type": kind, "content_type": "x/y"}, payload),
            headers={"event_id": ID, "dsn": "https://secret@sentinel.example.com/1"},
        )
    )
    item = found.items[0]
    assert isinstance(item, RawItem)
    assert (item.type, item.body, len(item.id)) == (kind, payload, 32)
    assert item.headers == {
        "type": kind,
        "length": len(payload),
        "content_type": "x/y",
        "envelope": {"event_id": ID},
    }
    assert found.reply == {"id": ID}


def test_items_keep_their_order(envelope: Write) -> None:
    items = decode(envelope(({"type": "session"}, b"{}"), event(), ({"type": "x"}, b""))).items
    assert [getattr(item, "type", None) for item in items] == ["session", None, "x"]


def test_two_events_in_one_envelope_are_two_errors(envelope: Write) -> None:
    found = decode(envelope(event(event_id=ID), event(event_id=OTHER_ID)))
    assert [item.id for item in found.items] == [ID, OTHER_ID]
    assert found.reply == {"id": ID}


def test_only_the_first_event_without_an_id_takes_that_of_the_envelope(envelope: Write) -> None:
    found = decode(envelope(event(message="a"), event(message="b"), headers={"event_id": ID}))
    assert found.items[0].id == ID
    assert found.items[1].id != ID
    assert len(found.items[1].id) == 32


def test_the_same_event_twice_is_one(envelope: Write) -> None:
    twice = event(event_id=ID, message="a")
    assert len(decode(envelope(twice, twice)).items) == 1


def test_two_different_events_of_one_id_are_refused(envelope: Write) -> None:
    body = envelope(event(event_id=ID, message="a"), event(event_id=ID, message="b"))
    with pytest.raises(Invalid, match=f"item 2: a second, different event .* {ID}"):
        decode(body)


@pytest.mark.parametrize("id", ["", None, "not-an-id", 7])
def test_an_event_with_an_unusable_id_is_given_one(envelope: Write, id: Any) -> None:
    found = decode(envelope(event(event_id=id), headers={"event_id": id}))
    assert len(found.items[0].id) == 32
    assert found.reply == {"id": found.items[0].id}


def test_an_envelope_without_items_is_taken(envelope: Write) -> None:
    assert decode(envelope()) == Intake(items=[], reply={})


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"{", "is not valid JSON"),
        (b"[]", "found an array"),
        (b"", "is not valid JSON"),
        (b'{"a":' * 10_000, "nested too deeply"),
    ],
)
def test_one_bad_event_refuses_the_envelope_and_is_named(
    envelope: Write, payload: bytes, text: str
) -> None:
    with pytest.raises(Invalid, match=rf"item 2 \(event\).*{text}"):
        decode(envelope(event(message="good"), ({"type": "event"}, payload)))


def test_nan_in_an_event_is_kept_as_null(envelope: Write) -> None:
    found = decode(envelope(({"type": "event"}, b'{"message":"x","extra":{"ratio":NaN}}')))
    error = found.items[0]
    assert isinstance(error, Error)
    assert error.payload["extra"] == {"ratio": None}


def test_an_event_of_more_than_a_megabyte_is_too_large(envelope: Write) -> None:
    with pytest.raises(TooLarge, match=r"item 1 \(event\) is"):
        decode(envelope(event(message="x" * 1_048_576)))


def store(body: bytes, **headers: str) -> Intake:
    return SentryStoreReceiver().decode(request(body, headers=headers, query={"sentry_key": "abc"}))


def test_the_store_endpoint_takes_one_json_event() -> None:
    found = store(json.dumps({"event_id": ID, "message": "x"}).encode())
    error = found.items[0]
    assert isinstance(error, Error)
    assert (error.id, error.message, found.reply) == (ID, "x", {"id": ID})


@pytest.mark.parametrize("pack", [zlib.compress, bytes])
def test_the_store_endpoint_takes_the_base64_of_old_sdks(pack: Callable[[bytes], bytes]) -> None:
    text = json.dumps({"event_id": ID, "message": "x"}).encode()
    assert store(base64.b64encode(pack(text))).items[0].id == ID


def test_the_store_endpoint_takes_envelopes_by_their_type(envelope: Write) -> None:
    found = store(envelope(event(event_id=ID)), **{"content-type": "application/x-sentry-envelope"})
    assert found.items[0].id == ID


def test_a_transaction_at_the_store_endpoint_is_kept_raw() -> None:
    text = json.dumps({"event_id": ID, "type": "transaction"}).encode()
    assert store(text).items == [RawItem(id=ID, type="transaction", body=text)]


@pytest.mark.parametrize("body", [b"", b"  ", b"[]", b'"x"', b"null", b"!!", b"\xff", b"aGVsbG8="])
def test_a_store_body_that_is_no_event_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        store(body)


def test_a_bomb_within_base64_is_too_large() -> None:
    with pytest.raises(TooLarge):
        store(base64.b64encode(zlib.compress(bytes(50_000_000))))


@given(st.binary(max_size=300))
def test_the_store_endpoint_takes_or_refuses_any_bytes(body: bytes) -> None:
    with contextlib.suppress(Invalid, TooLarge):
        assert store(body).items


def test_overload_is_told_in_the_headers_of_sentry() -> None:
    headers = SentryReceiver().refusal_headers(Overloaded("the queue is full", 12.2))
    assert headers == {
        "X-Sentry-Error": "the queue is full",
        "X-Sentry-Rate-Limits": "13::project:overloaded",
    }
