"""The framing of Sentry's envelopes: a header line, then items of a header line and a payload.

Source: https://develop.sentry.dev/sdk/data-model/envelopes/
"""

from typing import Any, NamedTuple

from sentinel.api import Invalid, TooLarge
from sentinel.ingest.jsontext import decode_object, name_of

_MAX_HEADER = 65_536
_MAX_ITEMS = 1_000


class Item(NamedTuple):
    type: str
    headers: dict[str, Any]
    payload: bytes


class Envelope(NamedTuple):
    headers: dict[str, Any]
    items: list[Item]


def parse(body: bytes) -> Envelope:
    """Split an envelope. Blank lines between items are skipped, as some SDKs write them.

    Raises Invalid, naming the item by its number from 1, where a header is no JSON object or has
    no type, or where the length does not fit the payload; TooLarge for more than 1,000 items.
    """
    line, position = _line(body, 0, "the envelope header")
    if not line.strip():
        raise Invalid("the envelope header is missing: expected a JSON object on the first line")
    headers = decode_object(line, "the envelope header")
    items: list[Item] = []
    while position < len(body):
        what = f"item {len(items) + 1}"
        line, position = _line(body, position, f"{what}: its header")
        if not line or line.isspace():
            continue
        if len(items) == _MAX_ITEMS:
            raise TooLarge(f"the envelope has more than {_MAX_ITEMS} items: send fewer at a time")
        item_headers = decode_object(line, f"{what}: its header")
        kind = item_headers.get("type")
        if type(kind) is not str or not 0 < len(kind) <= 64:
            raise Invalid(f"{what}: found no usable `type` in its header, expected a short string")
        payload, position = _payload(body, position, item_headers.get("length"), what)
        items.append(Item(kind, item_headers, payload))
    return Envelope(headers, items)


def _line(body: bytes, start: int, what: str) -> tuple[bytes, int]:
    """The line from `start`, and where the next one starts."""
    end = body.find(b"\n", start, start + _MAX_HEADER + 1)
    if end < 0:
        if len(body) - start > _MAX_HEADER:
            raise Invalid(f"{what} is longer than {_MAX_HEADER} bytes or lacks its newline")
        end = len(body)
    return body[start:end], end + 1


def _payload(body: bytes, start: int, length: Any, what: str) -> tuple[bytes, int]:
    if length is None:
        end = body.find(b"\n", start)
        end = end if end >= 0 else len(body)
        return body[start:end], end + 1
    if type(length) is not int or length < 0:
        found = length if type(length) is int else name_of(length)
        raise Invalid(f"{what}: found length {found}, expected a count of bytes")
    end = start + length
    if length and end > len(body):
        left = max(len(body) - start, 0)
        raise Invalid(f"{what}: its length is {length} bytes, but only {left} are left")
    if end < len(body) and body[end] != 10:
        raise Invalid(f"{what}: no newline after its {length} bytes, so its length is wrong")
    return body[start:end], end + 1
