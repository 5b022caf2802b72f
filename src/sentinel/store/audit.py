"""What people changed, and when: written in the same transaction as the change itself."""

import sqlite3

from msgspec import Struct


class AuditEntry(Struct, frozen=True, kw_only=True):
    """`actor` is the user's name, `object` such as "error 7" or "user alice"."""

    id: int
    at: float
    actor: str
    action: str
    object: str
    detail: str = ""


class Noted(Struct, frozen=True):
    """What is to be noted with a change, once that is made."""

    actor: str
    action: str
    object: str
    detail: str = ""


def note(
    conn: sqlite3.Connection, at: float, actor: str, action: str, object: str, detail: str = ""
) -> None:
    conn.execute(
        "INSERT INTO audit (at, actor, action, object, detail) VALUES (?, ?, ?, ?, ?)",
        (at, actor, action, object, detail),
    )


def record(conn: sqlite3.Connection, noted: Noted, at: float) -> None:
    note(conn, at, noted.actor, noted.action, noted.object, noted.detail)


def entries(
    conn: sqlite3.Connection, *, before: int | None = None, limit: int = 50
) -> list[AuditEntry]:
    """Newest first. For the next page, `before` is the id of the last one of this page."""
    rows = conn.execute(
        "SELECT id, at, actor, action, object, detail FROM audit"
        " WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
        (before, limit),
    )
    return [AuditEntry(**dict(row)) for row in rows]
