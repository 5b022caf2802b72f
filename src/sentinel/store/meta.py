"""Single values about the database itself."""

import secrets
import sqlite3

_INSTANCE = "instance"
_SCRUB_KEY = "scrub_key"
_CHECKSUM_KEY = "checksum_key"
_LINK_KEY = "link_key"
_PUSH_KEY = "push_key"
_PUBLIC_URL = "public_url"


def get(conn: sqlite3.Connection, key: str) -> str | None:
    row = conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else row["value"]


def set(conn: sqlite3.Connection, key: str, value: str) -> None:
    conn.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def instance(conn: sqlite3.Connection) -> str:
    """This database's own name, made at the first call: it makes keys unique in the world."""
    return get(conn, _INSTANCE) or renew_instance(conn)


def known_instance(conn: sqlite3.Connection) -> str | None:
    """The same, for those who only read."""
    return get(conn, _INSTANCE)


def renew_instance(conn: sqlite3.Connection) -> str:
    """To be called after a restore: row numbers that were used since the backup are used again,
    and a receiver that remembers the old idempotency keys would drop the new messages."""
    name = secrets.token_hex(6)
    set(conn, _INSTANCE, name)
    return name


def public_url(conn: sqlite3.Connection) -> str | None:
    """Where the daemon of this database is reached, or was; None before its first start."""
    return get(conn, _PUBLIC_URL)


def set_public_url(conn: sqlite3.Connection, url: str) -> None:
    set(conn, _PUBLIC_URL, url)


def scrub_key(conn: sqlite3.Connection) -> bytes:
    """The key of the hashes that stand for users, made at the first call and then kept: with
    another one the same user would count twice."""
    return _key(conn, _SCRUB_KEY)


def checksum_key(conn: sqlite3.Connection) -> bytes:
    """The key of the checksums of environment and files, made at the first call and then kept:
    with another one everything would seem to have changed."""
    return _key(conn, _CHECKSUM_KEY)


def link_key(conn: sqlite3.Connection) -> bytes:
    """The key of the links in messages, made at the first call and then kept: with another one
    no link that was sent would work any more."""
    return _key(conn, _LINK_KEY)


def push_key(conn: sqlite3.Connection) -> bytes:
    """The private key that Web Push is signed with, made at the first call and then kept. Any
    number below the order of P-256 is one, and all but one of 2^32 random ones are below it."""
    return _key(conn, _PUSH_KEY)


def known_link_key(conn: sqlite3.Connection) -> bytes | None:
    """The same, for those who only read."""
    found = get(conn, _LINK_KEY)
    return None if found is None else bytes.fromhex(found)


def _key(conn: sqlite3.Connection, name: str) -> bytes:
    found = get(conn, name)
    if found is None:
        found = secrets.token_hex(32)
        set(conn, name, found)
    return bytes.fromhex(found)
