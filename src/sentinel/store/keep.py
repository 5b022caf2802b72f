"""Keeping one signal: stored once, counted into its group, its code registered."""

import sqlite3

from msgspec import Struct
from msgspec.structs import replace

from sentinel.model.signal import AnySignal, Error
from sentinel.store import codes, groups, signals


class Draft(Struct, frozen=True):
    """A signal that is ready to be stored; `body` is `signals.pack(signal)`.

    The last three say of an error what its group and its code are told.
    """

    signal: AnySignal
    body: bytes
    culprit: str = ""
    basis: str = ""
    catalogued: bool = False


def keep(conn: sqlite3.Connection, draft: Draft) -> AnySignal | None:
    """The signal with its number (an error also with its group), or None where the same id of
    the same project was stored before: a sender that tries again changes nothing."""
    if draft.signal.id and signals.is_known(conn, draft.signal):
        return None
    if not isinstance(draft.signal, Error):
        return replace(draft.signal, seq=signals.insert(conn, draft.signal, draft.body))
    error = groups.count_in(conn, draft.signal, draft.culprit, draft.basis)
    error = replace(error, seq=signals.insert(conn, error, draft.body))
    assert error.group is not None
    groups.set_sample(conn, error.group, error.seq)
    if error.user:
        groups.reach(conn, error.group, "user", error.user)
    if error.tenant:
        groups.reach(conn, error.group, "tenant", error.tenant)
    if error.code:
        codes.note(conn, error, draft.catalogued)
    return error
