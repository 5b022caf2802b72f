"""Calendar feeds that may be fetched."""

import sqlite3

import msgspec

from sentinel.model.calendar_feed import CalendarFeed, FeedKind

_COLUMNS = (
    "f.id AS id, f.kind AS kind, f.name AS name, users.name AS user, f.created AS created"
    " FROM calendar_feeds AS f JOIN users ON users.id = f.user_id"
)


def ensure(
    conn: sqlite3.Connection, kind: FeedKind, name: str, user: int, now: float
) -> CalendarFeed:
    """The user's feed of this name, made if there is none yet."""
    row = conn.execute(
        f"SELECT {_COLUMNS} WHERE f.kind = ? AND f.name = ? AND f.user_id = ?", (kind, name, user)
    ).fetchone()
    if row is None:
        number = conn.execute(
            "INSERT INTO calendar_feeds (kind, name, user_id, created) VALUES (?, ?, ?, ?)",
            (kind, name, user, now),
        ).lastrowid
        row = conn.execute(f"SELECT {_COLUMNS} WHERE f.id = ?", (number,)).fetchone()
    return _feed(row)


def get(conn: sqlite3.Connection, id: int) -> CalendarFeed | None:
    row = conn.execute(f"SELECT {_COLUMNS} WHERE f.id = ?", (id,)).fetchone()
    return None if row is None else _feed(row)


def listing(conn: sqlite3.Connection, user: int | None = None) -> list[CalendarFeed]:
    """Of one user, or of all; oldest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} WHERE ?1 IS NULL OR f.user_id = ?1 ORDER BY f.id", (user,)
    )
    return [_feed(row) for row in rows]


def remove(conn: sqlite3.Connection, id: int) -> None:
    """Its address opens nothing from now on."""
    conn.execute("DELETE FROM calendar_feeds WHERE id = ?", (id,))


def _feed(row: sqlite3.Row) -> CalendarFeed:
    return msgspec.convert(dict(row), CalendarFeed)
