"""Pagings that have something left to tell."""

import sqlite3
from collections.abc import Mapping

import msgspec

from sentinel.engine.effects import PagingKey
from sentinel.model.paging import Paging

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Paging).decode


def load(conn: sqlite3.Connection) -> list[Paging]:
    rows = conn.execute("SELECT body FROM pagings ORDER BY route, key")
    return [_decode(row[0]) for row in rows]


def save(conn: sqlite3.Connection, changes: Mapping[PagingKey, Paging | None]) -> None:
    """None: it has told all."""
    kept = [(*key, _encode(one)) for key, one in changes.items() if one is not None]
    gone = [key for key, one in changes.items() if one is None]
    conn.executemany("INSERT OR REPLACE INTO pagings (route, key, body) VALUES (?, ?, ?)", kept)
    conn.executemany("DELETE FROM pagings WHERE route = ? AND key = ?", gone)


def of_incident(conn: sqlite3.Connection, incident: int) -> list[Paging]:
    """Those that tell of it, or have yet to tell that it is over."""
    rows = conn.execute(
        "SELECT body FROM pagings"
        " WHERE EXISTS (SELECT 1 FROM json_each(body, '$.incidents') WHERE value = :incident)"
        " OR EXISTS (SELECT 1 FROM json_each(body, '$.over') WHERE value = :incident)"
        " ORDER BY route, key",
        {"incident": incident},
    )
    return [_decode(row[0]) for row in rows]
