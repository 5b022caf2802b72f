"""Monitors with their keys, how far their runs are accounted for, and the runs."""

import secrets
import sqlite3
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from sentinel.model.monitor import Monitor, Run, Watch

Source = Literal["config", "check-in", "gone"]
MOST_RUNS = 500
"""How many of the latest runs of each monitor are kept."""
MOST_FROM_CHECKINS = 1_000

_encode = msgspec.json.Encoder().encode
_monitor = msgspec.json.Decoder(Monitor).decode
_watch = msgspec.json.Decoder(Watch).decode
_run = msgspec.json.Decoder(Run).decode
_COLUMNS = "id, source, key, created, due, monitor, watch"


class Kept(Struct, frozen=True, kw_only=True):
    """A monitor as it is stored. `key` opens its ping address, `due` is when something will be
    overdue. One that is gone was taken out of the configuration."""

    id: int
    source: Source
    key: str
    created: float
    due: float | None
    monitor: Monitor
    watch: Watch


def add(
    conn: sqlite3.Connection, source: Source, monitor: Monitor, watch: Watch, now: float
) -> Kept:
    """With a fresh key."""
    key = secrets.token_hex(16)
    cursor = conn.execute(
        "INSERT INTO monitors (project, name, environment, source, key, created, due, monitor,"
        " watch) VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?)",
        (
            monitor.project,
            monitor.name,
            monitor.environment,
            source,
            key,
            now,
            _encode(monitor),
            _encode(watch),
        ),
    )
    return Kept(
        id=cursor.lastrowid or 0,
        source=source,
        key=key,
        created=now,
        due=None,
        monitor=monitor,
        watch=watch,
    )


def save(conn: sqlite3.Connection, kept: Kept) -> None:
    """The key and when it was made stay as they are."""
    conn.execute(
        "UPDATE monitors SET source = ?, due = ?, monitor = ?, watch = ? WHERE id = ?",
        (kept.source, kept.due, _encode(kept.monitor), _encode(kept.watch), kept.id),
    )


def save_runs(conn: sqlite3.Connection, number: int, runs: Iterable[Run]) -> None:
    """Those of one monitor; older ones than are kept go."""
    latest = 0
    for run in runs:
        conn.execute(
            "INSERT OR REPLACE INTO monitor_runs (monitor_id, number, body) VALUES (?, ?, ?)",
            (number, run.number, _encode(run)),
        )
        latest = max(latest, run.number)
    conn.execute(
        "DELETE FROM monitor_runs WHERE monitor_id = ? AND number <= ?",
        (number, latest - MOST_RUNS),
    )


def find(conn: sqlite3.Connection, name: str, project: str, environment: str) -> Kept | None:
    """The one that a check-in is about. The configuration's goes before others."""
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM monitors WHERE name = ? AND project IN (?, '')"
        " AND environment IN (?, '') AND source <> 'gone'"
        " ORDER BY source = 'config' DESC, project DESC, environment DESC LIMIT 1",
        (name, project, environment),
    ).fetchone()
    return None if row is None else _kept(row)


def of_name(conn: sqlite3.Connection, name: str, project: str) -> Kept | None:
    """The one of a project, or of any, where no environment is said: the latest made."""
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM monitors WHERE name = ? AND project IN (?, '')"
        " AND source <> 'gone' ORDER BY source = 'config' DESC, project DESC, id DESC LIMIT 1",
        (name, project),
    ).fetchone()
    return None if row is None else _kept(row)


def named(conn: sqlite3.Connection, monitor: Monitor) -> Kept | None:
    """The row of exactly this name, project and environment, one that is gone included."""
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM monitors WHERE name = ? AND project = ? AND environment = ?",
        (monitor.name, monitor.project, monitor.environment),
    ).fetchone()
    return None if row is None else _kept(row)


def by_key(conn: sqlite3.Connection, key: str) -> Kept | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM monitors WHERE key = ? AND source <> 'gone'", (key,)
    ).fetchone()
    return None if row is None else _kept(row)


def get(conn: sqlite3.Connection, number: int) -> Kept | None:
    row = conn.execute(f"SELECT {_COLUMNS} FROM monitors WHERE id = ?", (number,)).fetchone()
    return None if row is None else _kept(row)


def listing(conn: sqlite3.Connection) -> list[Kept]:
    """By name, without those that are gone."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM monitors WHERE source <> 'gone'"
        " ORDER BY name, project, environment"
    )
    return [_kept(row) for row in rows]


def overdue(conn: sqlite3.Connection, now: float, limit: int) -> list[Kept]:
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM monitors WHERE due <= ? ORDER BY due LIMIT ?", (now, limit)
    )
    return [_kept(row) for row in rows]


def next_due(conn: sqlite3.Connection) -> float | None:
    row = conn.execute("SELECT min(due) FROM monitors WHERE due IS NOT NULL").fetchone()
    return None if row is None else row[0]


def is_full(conn: sqlite3.Connection) -> bool:
    """Whether check-ins have made as many monitors as they may."""
    row = conn.execute("SELECT count(*) FROM monitors WHERE source = 'check-in'").fetchone()
    return bool(row[0] >= MOST_FROM_CHECKINS)


def runs(conn: sqlite3.Connection, number: int, limit: int) -> list[Run]:
    """The latest ones, oldest first."""
    rows = conn.execute(
        "SELECT body FROM monitor_runs WHERE monitor_id = ? ORDER BY number DESC LIMIT ?",
        (number, limit),
    ).fetchall()
    return [_run(row[0]) for row in reversed(rows)]


def _kept(row: sqlite3.Row) -> Kept:
    return Kept(
        id=row["id"],
        source=row["source"],
        key=row["key"],
        created=row["created"],
        due=row["due"],
        monitor=_monitor(row["monitor"]),
        watch=_watch(row["watch"]),
    )
