"""Every error code ever seen: where it was emitted, and whether the catalog knows it."""

import sqlite3

from msgspec import Struct

from sentinel.model.signal import Error


class Code(Struct, frozen=True):
    code: str
    first_seen: float
    last_seen: float
    count: int
    project: str | None
    file: str | None
    line: int | None
    function: str | None
    catalogued: bool


def note(conn: sqlite3.Connection, error: Error, catalogued: bool) -> None:
    conn.execute(
        "INSERT INTO codes (code, first_seen, last_seen, count, project, file, line, function,"
        " catalogued) VALUES (?1, ?2, ?2, 1, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT (code) DO UPDATE SET count = count + 1, last_seen = ?2,"
        " catalogued = ?7, file = coalesce(file, ?4), line = coalesce(line, ?5),"
        " function = coalesce(function, ?6)",
        (
            error.code,
            error.received,
            error.project,
            error.file,
            error.line,
            error.function,
            catalogued,
        ),
    )


def uncatalogued(conn: sqlite3.Connection, limit: int = 100) -> list[Code]:
    """Those that need a catalog entry, most frequent first."""
    rows = conn.execute(
        "SELECT code, first_seen, last_seen, count, project, file, line, function, catalogued"
        " FROM codes WHERE NOT catalogued ORDER BY count DESC LIMIT ?",
        (limit,),
    )
    return [_from_row(row) for row in rows]


def _from_row(row: sqlite3.Row) -> Code:
    return Code(**{**dict(row), "catalogued": bool(row["catalogued"])})
