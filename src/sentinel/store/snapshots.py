"""Snapshots: the record packed, and beside it what they are found and thinned by."""

import sqlite3

import msgspec
import zstandard
from msgspec import Struct
from msgspec.structs import replace

from sentinel.model.snapshot import Snapshot, SnapshotLine

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Snapshot).decode
_HOUR = 3600.0
_LEVEL = 3

_THIN = """
DELETE FROM snapshots WHERE id IN (
    SELECT id FROM snapshots AS old
    WHERE at < :all AND NOT edge
        AND id NOT IN (SELECT max(id) FROM snapshots)
        AND id NOT IN (SELECT id FROM snapshots WHERE good ORDER BY id DESC LIMIT 1)
        AND (at < :hourly OR EXISTS (
            SELECT 1 FROM snapshots AS older
            WHERE older.at >= CAST(old.at / :hour AS INTEGER) * :hour AND older.at < old.at
        ))
    ORDER BY at LIMIT :most
)
"""


class Kept(Struct, frozen=True):
    """All that were taken since the one time are kept, of those since the other the first of each
    hour. Seconds since 1970 UTC."""

    all: float
    hourly: float


def insert(conn: sqlite3.Connection, snapshot: Snapshot) -> Snapshot:
    """It comes back with its number."""
    cursor = conn.execute(
        "INSERT INTO snapshots (at, seq, overall, healthy, worse, body) VALUES (?, ?, ?, ?, ?, ?)",
        (
            snapshot.at,
            snapshot.seq,
            snapshot.overall,
            snapshot.healthy_since is not None,
            snapshot.worse,
            pack(snapshot),
        ),
    )
    assert cursor.lastrowid is not None
    return replace(snapshot, id=cursor.lastrowid)


def settle(conn: sqlite3.Connection, since: float, until: float) -> None:
    """The healthy ones that were taken between two times are known to be good."""
    conn.execute(
        "UPDATE snapshots SET good = 1 WHERE at BETWEEN ? AND ? AND healthy AND NOT good",
        (since, until),
    )


def accept(conn: sqlite3.Connection, number: int) -> bool:
    """Somebody says that this one is good. Whether there is such a snapshot."""
    return conn.execute("UPDATE snapshots SET good = 1 WHERE id = ?", (number,)).rowcount > 0


def mark_edge(conn: sqlite3.Connection, bad: int) -> None:
    """Keep the turn from good to bad for ever: this one, and the last good one before it."""
    conn.execute(
        "UPDATE snapshots SET edge = 1 WHERE id IN"
        " (?1, (SELECT max(id) FROM snapshots WHERE good AND id < ?1))",
        (bad,),
    )


def get(conn: sqlite3.Connection, number: int) -> Snapshot | None:
    return _one(conn, "id = ?", number)


def latest(conn: sqlite3.Connection) -> Snapshot | None:
    return _one(conn, "TRUE")


def last_good(conn: sqlite3.Connection, before: int | None = None) -> Snapshot | None:
    """The latest that is known to be good; the latest of those before a number."""
    return _one(conn, "good AND (?1 IS NULL OR id < ?1)", before)


def at_or_before(conn: sqlite3.Connection, at: float) -> Snapshot | None:
    row = conn.execute(
        "SELECT id, good, body FROM snapshots WHERE at <= ? ORDER BY at DESC LIMIT 1", (at,)
    ).fetchone()
    return None if row is None else _from_row(row)


def around(conn: sqlite3.Connection, at: float, reach: float, most: int) -> list[Snapshot]:
    """Some that were taken within `reach` seconds of a time, spread evenly, but for critical
    ones."""
    numbers = [
        row[0]
        for row in conn.execute(
            "SELECT id FROM snapshots WHERE at BETWEEN ? AND ? AND overall <> 'critical'"
            " ORDER BY id",
            (at - reach, at + reach),
        )
    ]
    step = max(1, -(-len(numbers) // most))
    found = (get(conn, number) for number in numbers[::step])
    return [one for one in found if one is not None]


def listing(
    conn: sqlite3.Connection, *, edges: bool = False, limit: int = 50, before: int | None = None
) -> list[SnapshotLine]:
    """Newest first; `before` is a number and pages on."""
    rows = conn.execute(
        "SELECT id, at, overall, good, edge, worse FROM snapshots"
        " WHERE (?1 IS NULL OR id < ?1) AND (edge OR NOT ?2) ORDER BY id DESC LIMIT ?3",
        (before, edges, limit),
    )
    return [
        SnapshotLine(**{**dict(row), "good": bool(row["good"]), "edge": bool(row["edge"])})
        for row in rows
    ]


def thin(conn: sqlite3.Connection, kept: Kept, most: int) -> int:
    """Forget at most so many that are too old or too many; returns how many went. Both sides of
    a turn from good to bad, the newest and the last good one stay."""
    values = {"all": kept.all, "hourly": kept.hourly, "hour": _HOUR, "most": most}
    return conn.execute(_THIN, values).rowcount


def pack(snapshot: Snapshot) -> bytes:
    return zstandard.compress(_encode(snapshot), _LEVEL)


def _one(conn: sqlite3.Connection, condition: str, *values: object) -> Snapshot | None:
    row = conn.execute(
        f"SELECT id, good, body FROM snapshots WHERE {condition} ORDER BY id DESC LIMIT 1", values
    ).fetchone()
    return None if row is None else _from_row(row)


def _from_row(row: sqlite3.Row) -> Snapshot:
    found: Snapshot = _decode(zstandard.decompress(row["body"]))
    return replace(found, id=row["id"], good=bool(row["good"]))
