"""Who wants nothing more, or can't be reached. It outlives the contact and even the erasure of
all that is known of them, so the address is kept as a hash alone.

`EVERYWHERE` is for addresses that are of no use to anybody: those that bounced, or complained.
"""

import hashlib
import sqlite3
from typing import Literal

from sentinel.store import meta

Why = Literal["unsubscribed", "bounced", "complained"]
EVERYWHERE = "*"


def refuse(
    conn: sqlite3.Connection, kind: str, address: str, tenant: str | None, why: Why, now: float
) -> None:
    """`tenant` of None is the public, EVERYWHERE all."""
    conn.execute(
        "INSERT OR REPLACE INTO refusals (hash, tenant, why, at) VALUES (?, ?, ?, ?)",
        (hash_of(conn, kind, address), tenant or "", why, now),
    )


def refused(conn: sqlite3.Connection, kind: str, address: str, tenant: str | None) -> Why | None:
    """Why nothing is to be sent to this address in the name of the tenant; None where it may."""
    # Where nobody has refused yet there may be no key either, and a reader can't make one.
    if conn.execute("SELECT 1 FROM refusals LIMIT 1").fetchone() is None:
        return None
    row = conn.execute(
        "SELECT why FROM refusals WHERE hash = ? AND tenant IN (?, ?) ORDER BY at DESC",
        (hash_of(conn, kind, address), tenant or "", EVERYWHERE),
    ).fetchone()
    return None if row is None else row["why"]


def allow(conn: sqlite3.Connection, kind: str, address: str, tenant: str | None) -> None:
    """Whoever holds the address wants to be told after all."""
    conn.execute(
        "DELETE FROM refusals WHERE hash = ? AND tenant IN (?, ?)",
        (hash_of(conn, kind, address), tenant or "", EVERYWHERE),
    )


def hash_of(conn: sqlite3.Connection, kind: str, address: str) -> bytes:
    """Stands for an address where the address itself is not to be kept."""
    key = meta.link_key(conn)
    return hashlib.blake2b(f"{kind}:{address}".encode(), key=key[:64], digest_size=16).digest()
