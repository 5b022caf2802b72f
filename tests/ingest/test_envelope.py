import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import Invalid, TooLarge
from sentinel.ingest.envelope import Item, parse

Write = Callable[..., bytes]


@given(st.binary(max_size=400))
def test_any_bytes_are_an_envelope_or_invalid(body: bytes) -> None:
    with contextlib.suppress(Invalid):
        parse(body)


lines = st.sampled_from(
    [
        b"{}",
        b"",
        b" ",
        b"\r",
        b"[]",
        b"null",
        b'{"type":"event"}',
        b'{"type":"event","length":2}',
        b'{"type":"x","length":0}',
        b'{"type":"x","length":-1}',
        b'{"type":"x","length":1e9}',
        b'{"type":"x","length":99999999999999999999}',
        b'{"type":7}',
        b'{"type":"x","length":',
        b"\xff\xfe",
    ]
)


@given(st.lists(lines, max_size=8))
def test_any_lines_are_an_envelope_or_invalid(found: list[bytes]) -> None:
    with contextlib.suppress(Invalid):
        assert all(item.type for item in parse(b"\n".join(found)).items)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=64), st.binary(max_size=100)), max_size=8))
def test_what_was_written_with_lengths_is_read_back(items: list[tuple[str, bytes]]) -> None:
    body = b'{"event_id":"x"}\n'
    for kind, payload in items:
        body += json.dumps({"type": kind, "length": len(payload)}).encode() + b"\n"
        body += payload + b"\n"
    envelope = parse(body)
    assert envelope.headers == {"event_id": "x"}
    assert [(item.type, item.payload) for item in envelope.items] == items


@pytest.mark.parametrize(
    ("body", "payloads"),
    [
        (b"{}", []),
        (b"{}\n", []),
        (b"{}\n\n\n", []),
        (b'{}\n{"type":"a","length":0}\n\n{"type":"a","length":0}\n', [b"", b""]),
        (b'{}\n{"type":"a","length":0}\n\n{"type":"a","length":0}', [b"", b""]),
        (b'{}\n{"type":"a"}\nhelloworld\n', [b"helloworld"]),
        (b'{}\n{"type":"a"}\nhelloworld', [b"helloworld"]),
        (b'{}\n{"type":"a"}', [b""]),
        (b'{}\n{"type":"a"}\nhello\r\n', [b"hello\r"]),
        (b'{}\n{"type":"a","length":7}\nhel\nlo\n\n{"type":"b"}\nx', [b"hel\nlo\n", b"x"]),
        (b'{}\n\n{"type":"a","length":null}\nx\n\n\n{"type":"b","length":1}\ny\n\n', [b"x", b"y"]),
    ],
)
def test_items_end_at_their_length_or_else_at_the_newline(
    body: bytes, payloads: list[bytes]
) -> None:
    assert [item.payload for item in parse(body).items] == payloads


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "the envelope header is missing"),
        (b"\n{}", "the envelope header is missing"),
        (b"[]\n", "the envelope header: found an array"),
        (b"{\n", "the envelope header is not valid JSON"),
        (b"x" * 70_000, "longer than 65536 bytes"),
        (b"{}\nnonsense\n", "item 1: its header is not valid JSON"),
        (b'{}\n{"length":1}\nx', "item 1: found no usable `type`"),
        (b'{}\n{"type":"a","length":1}\nx\n{"type":"b","length":9}\nx', "item 2: its length is 9"),
        (b'{}\n{"type":"a","length":2}\nxxxx\n', "item 1: no newline after its 2 bytes"),
        (b'{}\n{"type":"a","length":-1}\nx\n', "item 1: found length -1"),
        (b'{}\n{"type":"a","length":"1"}\nx\n', "item 1: found length a string"),
    ],
)
def test_a_broken_envelope_is_invalid_and_the_item_is_named(body: bytes, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        parse(body)


def test_more_items_than_1000_are_too_large() -> None:
    with pytest.raises(TooLarge, match="more than 1000 items"):
        parse(b"{}\n" + b'{"type":"a"}\nx\n' * 1001)


def test_unknown_item_headers_are_kept(envelope: Write) -> None:
    headers: dict[str, Any] = {"type": "attachment", "filename": "a.txt", "odd": [1]}
    assert parse(envelope((headers, b"x"))).items == [
        Item("attachment", {"length": 1, **headers}, b"x")
    ]
