"""Links that were used. What one allows is done once."""

import hashlib
import sqlite3

from msgspec import Struct


class Use(Struct, frozen=True):
    """`expires` is when the link would have run out, in seconds since 1970 UTC: until then its use
    is remembered."""

    token: str
    by: str
    at: float
    expires: float


def use(conn: sqlite3.Connection, use: Use) -> bool:
    """Whether it was not used before."""
    conn.execute("DELETE FROM used_links WHERE expires > 0 AND expires < ?", (use.at,))
    changed = conn.execute(
        "INSERT OR IGNORE INTO used_links (hash, at, used_by, expires) VALUES (?, ?, ?, ?)",
        (_hash(use.token), use.at, use.by, use.expires),
    ).rowcount
    return bool(changed)


def used(conn: sqlite3.Connection, token: str) -> tuple[str, float] | None:
    """By whom and when."""
    row = conn.execute(
        "SELECT used_by, at FROM used_links WHERE hash = ?", (_hash(token),)
    ).fetchone()
    return None if row is None else (row["used_by"], row["at"])


def _hash(token: str) -> bytes:
    """Whoever reads the store must not get at links that still work elsewhere."""
    return hashlib.sha256(token.encode()).digest()[:16]
