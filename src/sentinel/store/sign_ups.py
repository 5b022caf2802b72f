"""How often strangers asked for confirmation messages: kept for a day, the addresses as hashes."""

import sqlite3

from msgspec import Struct

from sentinel.store.refusals import hash_of

_HOUR, _DAY = 3600.0, 86_400.0


class Tally(Struct, frozen=True, kw_only=True):
    """`address` in the last day, `origin` and `all` in the last hour."""

    address: int
    origin: int
    all: int


def tally(conn: sqlite3.Connection, kind: str, address: str, origin: str, now: float) -> Tally:
    row = conn.execute(
        "SELECT (SELECT count(*) FROM sign_ups WHERE hash = :hash AND at > :day) AS address,"
        " (SELECT count(*) FROM sign_ups WHERE origin = :origin AND at > :hour) AS origin,"
        " (SELECT count(*) FROM sign_ups WHERE at > :hour) AS 'all'",
        {
            "hash": hash_of(conn, kind, address),
            "origin": origin,
            "day": now - _DAY,
            "hour": now - _HOUR,
        },
    ).fetchone()
    return Tally(address=row["address"], origin=row["origin"], all=row["all"])


def count(conn: sqlite3.Connection, kind: str, address: str, origin: str, now: float) -> None:
    """One more."""
    conn.execute("DELETE FROM sign_ups WHERE at < ?", (now - _DAY,))
    conn.execute(
        "INSERT INTO sign_ups (at, hash, origin) VALUES (?, ?, ?)",
        (now, hash_of(conn, kind, address), origin),
    )
