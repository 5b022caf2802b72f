"""Releases that were seen, so that the first error of each is also a change."""

import sqlite3

from sentinel.model.signal import AnySignal, Change, Error

KIND = "release"
_DAY = 86_400.0
# Releases come from outside, and public keys let anybody send them.
_MOST_A_DAY = 50
_MOST_REMEMBERED = 10_000


class Releases:
    """`seen` remembers within one process what the store need not be asked again for a day."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], float] = {}

    def first_of(self, conn: sqlite3.Connection, signal: AnySignal) -> Change | None:
        """The change that this error shows: a release that its project has not run before in this
        environment. None for all others, where a change of this release was reported, and for the
        very first release: what ran when Sentinel came is no change."""
        if not signal.release or not isinstance(signal, Error | Change):
            return None
        key = (signal.project, signal.environment or "", signal.release)
        if self._seen.get(key, 0.0) > signal.received:
            return None
        is_new = _note(conn, key, signal.received)
        if not is_new:
            self._remember(key, signal.received + _DAY)
            return None
        # Not remembered yet: this transaction may still fail.
        if isinstance(signal, Change):
            _note(conn, (*key[:2], _version_of(signal.release)), signal.received)
            return None
        if _is_known_otherwise(conn, key) or not _is_news(conn, key, signal.received):
            return None
        return Change(
            at=signal.at,
            received=signal.received,
            project=signal.project,
            environment=signal.environment,
            release=signal.release,
            service=signal.service,
            tenant=None,
            kind=KIND,
            summary=f"first error from {signal.release}",
        )

    def _remember(self, key: tuple[str, str, str], until: float) -> None:
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
        self._seen[key] = until


def forget(conn: sqlite3.Connection, before: float, most: int) -> int:
    """Those that were not seen since; returns how many."""
    return conn.execute(
        "DELETE FROM releases WHERE (project, environment, release) IN (SELECT project,"
        " environment, release FROM releases WHERE last_seen < ? ORDER BY last_seen LIMIT ?)",
        (before, most),
    ).rowcount


def _note(conn: sqlite3.Connection, key: tuple[str, str, str], now: float) -> bool:
    """Whether it was not known."""
    found = conn.execute(
        "UPDATE releases SET last_seen = ? WHERE project = ? AND environment = ? AND release = ?",
        (now, *key),
    )
    if found.rowcount:
        return False
    conn.execute("INSERT INTO releases VALUES (?, ?, ?, ?, ?)", (*key, now, now))
    return True


def _version_of(release: str) -> str:
    """What a deploy is often called by: `1.4.2` of `shop@1.4.2`, as SDKs write releases."""
    return release.rpartition("@")[2] or release


def _is_known_otherwise(conn: sqlite3.Connection, key: tuple[str, str, str]) -> bool:
    """Whether it is known by its version alone, or by a change that named no environment."""
    project, environment, release = key
    row = conn.execute(
        "SELECT 1 FROM releases WHERE project = :project AND environment IN (:environment, '')"
        " AND release IN (:release, :version)"
        " AND NOT (environment = :environment AND release = :release) LIMIT 1",
        {
            "project": project,
            "environment": environment,
            "release": release,
            "version": _version_of(release),
        },
    ).fetchone()
    return row is not None


def _is_news(conn: sqlite3.Connection, key: tuple[str, str, str], now: float) -> bool:
    """Whether it is not the only one, and not one of too many."""
    known, lately = conn.execute(
        "SELECT count(*), count(*) FILTER (WHERE first_seen > ?) FROM releases"
        " WHERE project = ? AND environment = ?",
        (now - _DAY, *key[:2]),
    ).fetchone()
    return bool(known > 1 and lately <= _MOST_A_DAY)
