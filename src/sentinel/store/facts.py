"""Recent changes and component states that correlations may join."""

import sqlite3
from collections.abc import Mapping

import msgspec

from sentinel.model.fact import Fact

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Fact).decode


def load(conn: sqlite3.Connection) -> list[Fact]:
    return [_decode(row[0]) for row in conn.execute("SELECT body FROM facts ORDER BY id")]


def save(conn: sqlite3.Connection, changes: Mapping[str, Fact | None]) -> None:
    """None: it is over."""
    kept = [(id, _encode(fact)) for id, fact in changes.items() if fact is not None]
    gone = [(id,) for id, fact in changes.items() if fact is None]
    conn.executemany("INSERT OR REPLACE INTO facts (id, body) VALUES (?, ?)", kept)
    conn.executemany("DELETE FROM facts WHERE id = ?", gone)
