"""What mail systems send back: delivery status notifications (RFC 3464) and complaints in the
Abuse Reporting Format (RFC 5965). Anybody may write such a mail, so nothing of it is believed but
addresses that are known here; and a bounce counts only with others."""

import email
import email.policy
import re
import sqlite3
from collections.abc import Iterator
from email.message import Message as Mail
from email.utils import getaddresses
from typing import Literal

from msgspec import Struct

from sentinel.clients import subscribing
from sentinel.clients.addresses import Kind, normalised
from sentinel.discretion import presentable
from sentinel.errors import Invalid
from sentinel.model.client import Subscription
from sentinel.store import meta

LARGEST = 2_000_000
_MOST_PARTS = 100
_MOST_RECIPIENTS = 50
_PERMANENT = re.compile(r"5\.[0-9]{1,3}\.[0-9]{1,3}")
_KEY = re.compile(r"[0-9a-f]{12}-[0-9]{1,18}")


class Lost(Struct, frozen=True, kw_only=True):
    """One address that something came back from. `key` is that of our own message, where the
    report quotes it."""

    address: str
    kind: Kind = "email"
    why: Literal["bounced", "complained"]
    detail: str
    key: str = ""


def read(message: bytes) -> list[Lost]:
    """What a mail reports. None for a report of a delay or of a success. Raises Invalid for a mail
    that is no report."""
    if len(message) > LARGEST:
        raise Invalid(f"expected a mail of at most {LARGEST} bytes, found {len(message)}")
    mail = email.message_from_bytes(message, policy=email.policy.compat32)
    parts = _parts(mail)
    key = next(filter(None, map(_key_of, parts)), "")
    status = next((part for part in parts if _type(part) == "message/delivery-status"), None)
    feedback = next((part for part in parts if _type(part) == "message/feedback-report"), None)
    if status is not None:
        return list(_bounces(status, key))[:_MOST_RECIPIENTS]
    if feedback is not None:
        return list(_complaints(feedback, parts, key))[:_MOST_RECIPIENTS]
    raise Invalid(
        "expected a delivery status notification (RFC 3464) or a feedback report (RFC 5965), "
        f"found a mail of the type {_type(mail)[:80]}"
    )


def take(
    conn: sqlite3.Connection, reports: list[Lost], now: float, *, bounces: int
) -> list[Subscription]:
    """The subscriptions that end by it; `bounces` in a row do."""
    over = []
    for one in reports:
        key = one.key if one.key.startswith(f"{meta.instance(conn)}-") else ""
        over += subscribing.lost(
            conn, one.kind, one.address, one.why, one.detail, now, bounces=bounces, key=key
        )
    return over


def _parts(mail: Mail) -> list[Mail]:
    """All of them, and no more than anybody needs: a mail may be nested to tire its reader."""
    found: list[Mail] = []
    waiting = [mail]
    while waiting and len(found) < _MOST_PARTS:
        part = waiting.pop(0)
        found.append(part)
        # The fields of a status notification are not parts to be looked into.
        if part.is_multipart() and _type(part) != "message/delivery-status":
            waiting += [inner for inner in part.get_payload() if isinstance(inner, Mail)]
    return found


def _bounces(status: Mail, key: str) -> Iterator[Lost]:
    blocks = status.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if not isinstance(block, Mail):
            continue
        address = _address(block, "Original-Recipient") or _address(block, "Final-Recipient")
        failed = str(block.get("Action", "")).strip().lower() == "failed"
        code = str(block.get("Status", "")).strip()
        if address and failed and _PERMANENT.match(code):
            said = str(block.get("Diagnostic-Code", "")).partition(";")[2]
            detail = presentable(f"{code} {said.strip()}".strip(), ())
            yield Lost(address=address, why="bounced", detail=detail, key=key)


def _complaints(feedback: Mail, parts: list[Mail], key: str) -> Iterator[Lost]:
    """Its fields are the body of the part, or were read as a message of their own."""
    fields = _fields(feedback)
    if fields.get("feedback-type", "").lower() not in ("abuse", "fraud", "opt-out", "other"):
        return
    given = [fields.get("original-rcpt-to", "")]
    # Where the provider leaves the recipient out, the returned message says it.
    given += [str(part.get("To", "")) for part in parts[1:]]
    seen = set()
    for _, text in getaddresses(given):
        address = _normal(text)
        if address and address not in seen:
            seen.add(address)
            detail = presentable(f"reported as {fields['feedback-type'].lower()}", ())
            yield Lost(address=address, why="complained", detail=detail, key=key)


def _fields(part: Mail) -> dict[str, str]:
    inner = part.get_payload()
    if isinstance(inner, list):
        sources = [one for one in inner if isinstance(one, Mail)]
    else:
        sources = [email.message_from_string(str(inner))]
    return {
        name.lower(): str(value).strip() for source in sources for name, value in source.items()
    }


def _address(block: Mail, name: str) -> str:
    """`rfc822; bob@example.com`."""
    kind, _, text = str(block.get(name, "")).partition(";")
    return _normal(text) if kind.strip().lower() in ("rfc822", "utf-8") else ""


def _normal(text: str) -> str:
    try:
        return normalised("email", text.strip().strip("<>"))
    except Invalid:
        return ""


def _key_of(part: Mail) -> str:
    """The key of our own message, from the returned one's headers."""
    for source in (part, *_returned(part)):
        found = _KEY.fullmatch(str(source.get("X-Sentinel-Key", "")).strip())
        if found:
            return found[0]
    return ""


def _returned(part: Mail) -> list[Mail]:
    """Headers alone come as text."""
    if _type(part) != "text/rfc822-headers":
        return []
    return [email.message_from_string(str(part.get_payload()))]


def _type(part: Mail) -> str:
    return part.get_content_type()
