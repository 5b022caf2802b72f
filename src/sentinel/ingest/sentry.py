"""What Sentry's SDKs send: the envelope endpoint and the older store endpoint.

Source: https://develop.sentry.dev/sdk/data-model/envelopes/, and Relay for the forms of
authentication, for what SDKs get wrong and for the rate-limit header.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

from sentinel.api import (
    Checkin,
    Credentials,
    Error,
    Intake,
    Invalid,
    Overloaded,
    RawItem,
    Receiver,
    Request,
    SentinelError,
    TooLarge,
    Unauthorized,
    hook,
)
from sentinel.ingest.checkin import to_checkin
from sentinel.ingest.decompress import inflate
from sentinel.ingest.envelope import Envelope, parse
from sentinel.ingest.event import hex_id, to_error
from sentinel.ingest.jsontext import decode_object
from sentinel.ingest.trim import clip

MAX_EVENT = 1_048_576
_KEY = re.compile(r"sentry_key\s*=\s*\"?([^,\s\"]+)")
_ENVELOPE_TYPE = "application/x-sentry-envelope"
_NO_KEY = (
    "no key found, expected the public key of the DSN as sentry_key in X-Sentry-Auth, in "
    "Authorization or in the query"
)


@hook
def register_receivers(register: Callable[[type[Receiver]], None]) -> None:
    register(SentryReceiver)
    register(SentryStoreReceiver)


class SentryReceiver(Receiver):
    """Event items become Errors and check-ins become Checkins; every other item, of known type or
    not, is kept as it came."""

    name = "sentry"
    summary = "Envelopes of any Sentry SDK"
    paths: ClassVar[tuple[str, ...]] = ("/api/{project}/envelope/",)
    cors = True

    def credentials(self, request: Request) -> Credentials:
        """The key of a header, else of the query; else None, as the envelope may bring it."""
        return Credentials(request.path["project"], _key(request))

    def decode(self, request: Request) -> Intake:
        envelope = parse(request.body)
        key = _key(request)
        own = _key_of_dsn(envelope.headers.get("dsn"))
        if key and own and key != own:
            raise Invalid("the key in the envelope's dsn is not the key that came with the request")
        items, id = _decode_items(envelope)
        return Intake(
            items=items,
            reply={"id": id} if id else {},
            credentials=Credentials(request.path["project"], own) if own and not key else None,
        )

    def refusal_headers(self, error: SentinelError) -> Mapping[str, str]:
        """`X-Sentry-Rate-Limits` without a category holds all of them back."""
        headers = {"X-Sentry-Error": str(error)}
        if isinstance(error, Overloaded):
            seconds = max(1, math.ceil(error.retry_after))
            headers["X-Sentry-Rate-Limits"] = f"{seconds}::project:overloaded"
        return headers


class SentryStoreReceiver(SentryReceiver):
    """One event a request, as JSON or as base64 of zlib; or an envelope, if the type says so."""

    name = "sentry-store"
    summary = "Single events of older Sentry SDKs"
    paths = ("/api/{project}/store/",)

    def credentials(self, request: Request) -> Credentials:
        found = super().credentials(request)
        if found.key is None and not _is_envelope(request):
            raise Unauthorized(_NO_KEY)
        return found

    def decode(self, request: Request) -> Intake:
        if _is_envelope(request):
            return super().decode(request)
        item = _decode_event(_store_text(request.body), "the event", set_id=None)
        return Intake(items=[item], reply={"id": item.id})


def _is_envelope(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(_ENVELOPE_TYPE)


def _key(request: Request) -> str | None:
    for name in ("x-sentry-auth", "authorization"):
        value = request.headers.get(name, "")
        scheme = value[:7].lower()
        if scheme == "sentry " and (match := _KEY.search(value)):
            return match[1]
        if scheme.startswith("basic "):
            return _key_of_basic(value[6:])
    return request.query.get("sentry_key") or None


def _key_of_basic(encoded: str) -> str | None:
    """The user name, as it stands in a DSN: `https://KEY@host/1`."""
    try:
        return base64.b64decode(encoded).decode().partition(":")[0] or None
    except ValueError as error:
        raise Unauthorized("the Authorization header is not valid basic authentication") from error


def _key_of_dsn(dsn: Any) -> str | None:
    if not dsn:
        return None
    try:
        key = urlsplit(dsn).username if type(dsn) is str else None
    except ValueError:
        key = None
    if not key:
        raise Invalid("the envelope's dsn is not of the form https://KEY@HOST/PROJECT")
    return key


def _decode_items(envelope: Envelope) -> tuple[list[Error | Checkin | RawItem], str | None]:
    """The records, and the id to answer with: of the first event, else of the envelope.

    Two events are two records. The same event twice is one; two different events under one id
    are refused, since one of them would be lost behind a 200.
    """
    envelope_id = hex_id(envelope.headers.get("event_id"))
    spare_id = envelope_id
    events: dict[str, bytes] = {}
    records: list[Error | Checkin | RawItem] = []
    for number, item in enumerate(envelope.items, 1):
        if item.type == "check_in":
            what = f"item {number} (check_in)"
            records.append(to_checkin(decode_object(item.payload, what), what))
            continue
        if item.type != "event":
            records.append(_keep(item.type, item.payload, item.headers, envelope.headers))
            continue
        record = _decode_event(item.payload, f"item {number} (event)", set_id=spare_id)
        spare_id = None
        seen = events.setdefault(record.id, item.payload)
        if seen is item.payload:
            records.append(record)
        elif seen != item.payload:
            raise Invalid(
                f"item {number}: a second, different event with the event_id {record.id}, "
                "expected an id of its own"
            )
    return records, next(iter(events), envelope_id)


def _decode_event(text: bytes, what: str, *, set_id: str | None) -> Error | RawItem:
    """An event without a usable id is given `set_id`, else a new one."""
    if len(text) > MAX_EVENT:
        raise TooLarge(f"{what} is {len(text)} bytes, at most {MAX_EVENT} are taken")
    event = decode_object(text, what)
    id = hex_id(event.get("event_id")) or set_id or uuid4().hex
    if event.get("type") == "transaction":
        # Older SDKs send transactions as events of this type.
        return RawItem(id=id, type="transaction", body=text)
    return to_error(event, id=id, size=len(text))


def _keep(type: str, body: bytes, headers: dict[str, Any], envelope: dict[str, Any]) -> RawItem:
    """With what links it to its event; the whole header would repeat with each of many items."""
    shared = {key: clip(envelope[key], 64) for key in ("event_id", "sent_at") if key in envelope}
    return RawItem(id=uuid4().hex, type=type, headers={**headers, "envelope": shared}, body=body)


def _store_text(body: bytes) -> bytes:
    """The JSON text of a store request; the oldest SDKs sent it as base64 of zlib."""
    start = body[:64].lstrip()[:1]
    if not start:
        raise Invalid("the body is empty, expected an event")
    if start in b'{["':
        return body
    try:
        unpacked = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Invalid("the body is neither a JSON object nor base64 of one") from error
    return unpacked if unpacked[:1] == b"{" else inflate(unpacked, MAX_EVENT)
