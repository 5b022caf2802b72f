"""Signals and raw items: compressed records, each stored once."""

import sqlite3
import threading
from collections.abc import Sequence

import msgspec
import zstandard
from msgspec.structs import replace

from sentinel.model.signal import KIND_OF, AnySignal, Error, RawItem


class _Zstd(threading.local):
    """Its objects must not be used by two threads at once, and they let go of the GIL."""

    def __init__(self) -> None:
        # Level 1: a third of the time of the default for a tenth more bytes.
        self.compress = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()
# JSON rather than MessagePack: an event may hold integers of any size.
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnySignal).decode

_INSERT = (
    "INSERT OR IGNORE INTO signals (id, kind, project, received, at, tenant, code, group_id, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def pack(signal: AnySignal) -> bytes:
    return _zstd.compress(_encode(signal))


def unpack(body: bytes) -> AnySignal:
    signal: AnySignal = _decode(_zstd.decompress(body))
    return signal


def namesake(conn: sqlite3.Connection, signal: AnySignal) -> AnySignal | None:
    """What was stored before under this signal's id and project, if anything was."""
    row = conn.execute(
        "SELECT body FROM signals WHERE id = ? AND project = ?", (_key(signal), signal.project)
    ).fetchone()
    return None if row is None else unpack(row[0])


def insert(conn: sqlite3.Connection, signal: AnySignal, body: bytes) -> int:
    """Returns its number; 0 where the id was stored before and nothing was done."""
    error = signal if isinstance(signal, Error) else None
    cursor = conn.execute(
        _INSERT,
        (
            _key(signal),
            KIND_OF[type(signal)],
            signal.project,
            signal.received,
            signal.at,
            signal.tenant,
            error and error.code,
            error and error.group,
            body,
        ),
    )
    return (cursor.lastrowid or 0) if cursor.rowcount else 0


def insert_raw(conn: sqlite3.Connection, items: Sequence[RawItem]) -> None:
    conn.executemany(
        "INSERT INTO raw_items (id, project, received, type, headers, body)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                item.id,
                item.project,
                item.received,
                item.type,
                msgspec.json.encode(item.headers).decode(),
                _zstd.compress(item.body),
            )
            for item in items
        ],
    )


def get(conn: sqlite3.Connection, seq: int) -> AnySignal | None:
    row = conn.execute("SELECT seq, group_id, body FROM signals WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else _from_row(row)


def last_before(conn: sqlite3.Connection, at: float) -> int:
    """The number of the latest signal that had been received at a time; 0 for none."""
    row = conn.execute(
        "SELECT seq FROM signals WHERE received <= ? ORDER BY received DESC, seq DESC LIMIT 1",
        (at,),
    ).fetchone()
    return 0 if row is None else int(row[0])


def latest_of_kind(conn: sqlite3.Connection, kind: str) -> float | None:
    """When the latest signal of a kind came; None where none is known."""
    if kind == "error":
        # Only the others are indexed by kind; every error has a group.
        row = conn.execute("SELECT max(last_seen) FROM groups").fetchone()
    else:
        row = conn.execute(
            "SELECT received FROM signals WHERE kind = ? AND kind <> 'error'"
            " ORDER BY seq DESC LIMIT 1",
            (kind,),
        ).fetchone()
    return None if row is None else row[0]


def latest_of_group(conn: sqlite3.Connection, group: int, limit: int = 1) -> list[Error]:
    """Newest first."""
    rows = conn.execute(
        "SELECT seq, group_id, body FROM signals WHERE group_id = ? ORDER BY seq DESC LIMIT ?",
        (group, limit),
    )
    return [signal for row in rows if isinstance(signal := _from_row(row), Error)]


def count_of_group(conn: sqlite3.Connection, group: int, after: int) -> int:
    """How many errors of a group have a larger number."""
    row = conn.execute(
        "SELECT count(*) FROM signals WHERE group_id = ? AND seq > ?", (group, after)
    ).fetchone()
    return int(row[0])


def _key(signal: AnySignal) -> bytes | None:
    return bytes.fromhex(signal.id) if signal.id else None


def _from_row(row: sqlite3.Row) -> AnySignal:
    # The number and the group are known only once the row is there: they live in its columns.
    signal = replace(unpack(row["body"]), seq=row["seq"])
    return replace(signal, group=row["group_id"]) if isinstance(signal, Error) else signal
