"""Who wants nothing more, or can't be reached. It outlives the contact and even the erasure of
all that is known of them, so the address is kept as a hash alone.

`EVERYWHERE` is for addresses that are of no use to anybody: those that bounced, or complained. A
complaint that was settled stays there as a refusal, from which what is confirmed since is exempt.
"""

import hashlib
import sqlite3
from typing import Literal

from sentinel.store import meta

Why = Literal["unsubscribed", "bounced", "complained"]
EVERYWHERE = "*"
Wanted = Literal["wanted"]


def refuse(
    conn: sqlite3.Connection, kind: str, address: str, tenant: str | None, why: Why, now: float
) -> None:
    """`tenant` of None is the public, EVERYWHERE all."""
    hash = hash_of(conn, kind, address)
    if tenant == EVERYWHERE:
        conn.execute("DELETE FROM refusals WHERE hash = ? AND why = ?", (hash, "wanted"))
    # That somebody can't be reached says less than that they want nothing.
    conn.execute(
        "INSERT INTO refusals (hash, tenant, why, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET why = excluded.why, at = excluded.at"
        " WHERE excluded.why <> 'bounced'",
        (hash, tenant or "", why, now),
    )


def refused(conn: sqlite3.Connection, kind: str, address: str, tenant: str | None) -> Why | None:
    """Why nothing is to be sent to this address in the name of the tenant; None where it may."""
    # Where nobody has refused yet there may be no key either, and a reader can't make one.
    if conn.execute("SELECT 1 FROM refusals LIMIT 1").fetchone() is None:
        return None
    found = _found(conn, hash_of(conn, kind, address), tenant)
    everywhere, here = found.get(EVERYWHERE), found.get(tenant or "")
    why = everywhere if here is None or everywhere == "complained" else here
    return None if why == "wanted" else why


def allow(
    conn: sqlite3.Connection, kind: str, address: str, tenant: str | None, now: float
) -> None:
    """Whoever holds the address wants to be told after all, in the name of this tenant."""
    hash = hash_of(conn, kind, address)
    if _found(conn, hash, tenant).get(EVERYWHERE) != "unsubscribed":
        conn.execute(
            "DELETE FROM refusals WHERE hash = ? AND tenant IN (?, ?)",
            (hash, tenant or "", EVERYWHERE),
        )
    elif tenant != EVERYWHERE:
        conn.execute(
            "INSERT OR REPLACE INTO refusals (hash, tenant, why, at) VALUES (?, ?, ?, ?)",
            (hash, tenant or "", "wanted", now),
        )


def settle(conn: sqlite3.Connection, kind: str, address: str, now: float) -> bool:
    """A complaint weighs no more than that its holder wants nothing, of nobody, but for what they
    confirm from now on. Whether there was one."""
    return bool(
        conn.execute(
            "UPDATE refusals SET why = 'unsubscribed', at = ?"
            " WHERE hash = ? AND tenant = ? AND why = 'complained'",
            (now, hash_of(conn, kind, address), EVERYWHERE),
        ).rowcount
    )


def _found(conn: sqlite3.Connection, hash: bytes, tenant: str | None) -> dict[str, Why | Wanted]:
    rows = conn.execute(
        "SELECT tenant, why FROM refusals WHERE hash = ? AND tenant IN (?, ?)",
        (hash, tenant or "", EVERYWHERE),
    )
    return {row["tenant"]: row["why"] for row in rows}


def hash_of(conn: sqlite3.Connection, kind: str, address: str) -> bytes:
    """Stands for an address where the address itself is not to be kept."""
    key = meta.link_key(conn)
    return hashlib.blake2b(f"{kind}:{address}".encode(), key=key[:64], digest_size=16).digest()
