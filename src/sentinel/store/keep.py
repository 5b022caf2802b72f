"""Keeping one signal: stored once, counted into its group, its code registered."""

import sqlite3
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sentinel.model.signal import AnySignal, Error, Status
from sentinel.store import codes, components, groups, signals


class Draft(Struct, frozen=True):
    """A signal that is ready to be stored: `body` is all of it, packed, and `signal` may be
    without the payload.

    The last three say of an error what its group and its code are told.
    """

    signal: AnySignal
    body: bytes
    culprit: str = ""
    basis: str = ""
    catalogued: bool = False


def keep(
    conn: sqlite3.Connection, draft: Draft, patience: float = components.SILENT_AFTER
) -> AnySignal | None:
    """The signal with its number (an error also with its group), or None where it was stored
    before: a sender that tries again changes nothing.

    A different signal under an id that its project has used is kept under an id of its own.
    A status holds for `patience` seconds.
    """
    if draft.signal.id and (before := signals.namesake(conn, draft.signal)) is not None:
        other = _told_apart(draft, before)
        return None if other is None else keep(conn, other, patience)
    if isinstance(draft.signal, Status):
        components.note(conn, draft.signal, draft.body, patience)
    if not isinstance(draft.signal, Error):
        return replace(draft.signal, seq=signals.insert(conn, draft.signal, draft.body))
    error = groups.count_in(conn, draft.signal, draft.culprit, draft.basis)
    # Nearly every error is of a known group, which `body` says already.
    known = error.group_state == "known"
    body = draft.body if known else _repacked(draft, group_state=error.group_state)
    error = replace(error, seq=signals.insert(conn, error, body))
    assert error.group is not None
    more_users = groups.reach(conn, error.group, "user", error.user, error.received)
    more_tenants = groups.reach(conn, error.group, "tenant", error.tenant, error.received)
    groups.note(conn, error.group, error.seq, more_users, more_tenants)
    if error.code:
        codes.note(conn, error, draft.catalogued)
    return error


def _told_apart(draft: Draft, before: AnySignal) -> Draft | None:
    """None where the same content was stored before; else the draft under an id that follows from
    both, so that its own retry is known again."""
    # Unpacked, as the stored one is: what JSON does to a value it has then done to both.
    content = _content(signals.unpack(draft.body))
    if content == _content(before):
        return None
    id = blake2b(draft.signal.id.encode() + content, digest_size=16).hexdigest()
    return replace(draft, signal=replace(draft.signal, id=id), body=_repacked(draft, id=id))


def _repacked(draft: Draft, **changes: Any) -> bytes:
    """The body is the whole of the signal; `draft.signal` has only what rules look at."""
    return signals.pack(replace(signals.unpack(draft.body), **changes))


def _content(signal: AnySignal) -> bytes:
    """What the sender said, the same bytes for the same content. What Sentinel adds is left out:
    it may differ when a retry comes after a reload."""
    if isinstance(signal, Error):
        payload = {name: value for name, value in signal.payload.items() if name != "timestamp"}
        said = [signal.type, signal.message, payload, signal.tags, signal.code, signal.level]
        return msgspec.json.encode(said, order="deterministic")
    # A signal without a time of its own was given that of its arrival.
    at = 0.0 if signal.at == signal.received else signal.at
    bare = replace(signal, at=at, received=0.0, seq=0)
    return msgspec.json.encode(bare, order="deterministic")
