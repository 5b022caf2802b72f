"""How long components took to answer, from the snapshots of the health rounds."""

import sqlite3

import msgspec
import zstandard
from msgspec import Struct

from sentinel.model.snapshot import Latency


class _Lean(Struct, frozen=True):
    """As much of a snapshot as is needed here; the rest is skipped."""

    at: float
    latencies: tuple[Latency, ...] = ()


_decode = msgspec.msgpack.Decoder(_Lean).decode


def medians(
    conn: sqlite3.Connection, name: str, since: float, most: int
) -> list[tuple[float, float]]:
    """Times and medians in seconds, oldest first: about `most` of them, spread evenly."""
    count, first = conn.execute(
        "SELECT count(*), min(id) FROM snapshots WHERE at >= ?", (since,)
    ).fetchone()
    if not count:
        return []
    rows = conn.execute(
        "SELECT body FROM snapshots WHERE at >= ? AND (id - ?) % ? = 0 ORDER BY id",
        (since, first, max(1, count // most)),
    )
    found = (_decode(zstandard.decompress(row["body"])) for row in rows)
    return [
        (snapshot.at, one.p50)
        for snapshot in found
        for one in snapshot.latencies
        if one.name == name
    ]
