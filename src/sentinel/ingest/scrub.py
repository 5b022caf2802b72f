"""Takes secrets and persons out of what came in, before anything is stored or shown.

Most of an event is harmless. So it is encoded once, one regular expression marks every place
that may hold something, and only the branches that lead to a mark are visited. The expression
finds more than the rules hide, never less; what is hidden is decided on decoded values.
"""

from typing import Any

import msgspec
from msgspec import structs

from sentinel.api import (
    Activity,
    AnySignal,
    Change,
    Checkin,
    Error,
    Metric,
    RawItem,
    Span,
    Status,
)
from sentinel.ingest.scrub_identity import Identities
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.ingest.scrub_tree import TreeRules
from sentinel.ingest.scrub_walk import encode

__all__ = ["ScrubPolicy", "Scrubber"]

TEXT_FIELDS: dict[type, tuple[str, ...]] = {
    Error: ("message", "type", "file", "function", "query", "url", "transaction", "title"),
    Status: ("message",),
    Metric: ("name",),
    Checkin: ("monitor", "message"),
    Activity: ("name", "url"),
    Span: ("name",),
    Change: ("summary", "author", "url"),
}
_decode = msgspec.json.Decoder().decode


class Scrubber:
    """Scrubs by one policy. `key` makes the hashes of users unguessable: keep it secret, and
    keep it the same, or the same user counts twice.

    Raises ValueError where one of the policy's patterns is no regular expression.
    """

    def __init__(self, policy: ScrubPolicy | None = None, *, key: bytes) -> None:
        self.policy = policy = policy or ScrubPolicy()
        self._identities = Identities(key)
        self._rules = TreeRules(policy, self._identities)

    def scrub(self, signal: AnySignal) -> AnySignal:
        """The signal itself where there is nothing to hide. Never raises on JSON values."""
        if not self.policy.enabled:
            return signal
        names = TEXT_FIELDS[type(signal)]
        document: dict[str, Any] = {name: getattr(signal, name) for name in names}
        document["tags"] = signal.tags
        if isinstance(signal, Error):
            document["payload"] = signal.payload
        cleaned = self.clean(document)
        changes = {} if cleaned is document else _differences(document, cleaned)
        if isinstance(signal, Error):
            payload = cleaned["payload"]
            if user := self._payload_user(signal.payload, payload):
                changes["payload"] = {**payload, "user": user}
        if isinstance(signal, Error | Activity):
            changes |= self._persons(signal)
        return structs.replace(signal, **changes) if changes else signal

    def scrub_item(self, item: RawItem) -> RawItem:
        """JSON and text are scrubbed, line by line where they are lines; binary is kept."""
        if not self.policy.enabled:
            return item
        headers = self.clean(item.headers)
        body = self._body(item.body)
        if headers is item.headers and body == item.body:
            return item
        return structs.replace(item, headers=headers, body=body)

    def clean(self, value: Any) -> Any:
        """Any JSON value; the value itself where there is nothing to hide."""
        return self._rules.clean(value)

    def clean_everywhere(self, value: Any) -> Any:
        """As `clean`, without marking first: slower, and what `clean` is tested against."""
        return self._rules.clean_everywhere(value)

    def _persons(self, signal: Error | Activity) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if self.policy.users == "hash":
            if signal.user and (user := self._identities.user(signal.user)) != signal.user:
                changes["user"] = user
            if signal.session:
                session = self._identities.session(signal.session)
                if session != signal.session:
                    changes["session"] = session
        return changes

    def _payload_user(self, original: dict[str, Any], cleaned: dict[str, Any]) -> Any:
        """The payload's `user`, with the hash that the signal's own `user` has."""
        before, after = original.get("user"), cleaned.get("user")
        if self.policy.users == "keep" or type(before) is not dict or type(after) is not dict:
            return None
        user = dict(after)
        for field in ("id", "username"):
            if type(before.get(field)) is str and not self._rules.allows(("user", field)):
                user[field] = self._identities.user(before[field])
        if type(before.get("name")) is str and not self._rules.allows(("user", "name")):
            user["name"] = "[name]"
        return user if user != after else None

    def _body(self, body: bytes) -> bytes:
        try:
            return self._json(body) if body else body
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # Not one JSON value: lines of JSON, text or binary.
        head, newline, rest = body.partition(b"\n")
        if newline and _is_binary(rest):
            return head + newline + rest if _is_binary(head) else self._line(head) + b"\n" + rest
        if _is_binary(body):
            return body
        return b"\n".join(map(self._line, body.split(b"\n")))

    def _line(self, line: bytes) -> bytes:
        try:
            if line[:1] in (b"{", b"["):
                return self._json(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # A line of text that begins like JSON.
        return self._rules.text(line.decode("utf-8")).encode()

    def _json(self, data: bytes) -> bytes:
        """Encoded anew, as the same key may stand there twice, or escaped."""
        value = _decode(data)
        cleaned = self.clean(value)
        if isinstance(value, dict) and (user := self._payload_user(value, cleaned)):
            cleaned = {**cleaned, "user": user}
        return encode(cleaned)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: after[name] for name in after if after[name] is not before[name]}


def _is_binary(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\0" in data
