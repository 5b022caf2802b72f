"""Forgetting what is older than the operator wants to keep, a little at a time."""

import sqlite3

from msgspec import Struct

from sentinel.store import releases


class Limits(Struct, frozen=True):
    """What was received, made or ended before these times may go. Seconds since 1970 UTC."""

    signals: float
    raw: float
    decisions: float
    deliveries: float
    actions: float


def sweep(conn: sqlite3.Connection, limits: Limits, most: int) -> int:
    """Delete at most about `most` rows of each table; returns how many went in all.

    Groups, their counts and open alerts stay: the story outlives its evidence.
    """
    gone = releases.forget(conn, limits.signals, most)
    for statement, before in (
        (
            "DELETE FROM matches WHERE signal IN (SELECT seq FROM signals WHERE received < ?"
            " ORDER BY received LIMIT ?)",
            limits.signals,
        ),
        (
            "DELETE FROM signals WHERE seq IN (SELECT seq FROM signals WHERE received < ?"
            " ORDER BY received LIMIT ?)",
            limits.signals,
        ),
        (
            "DELETE FROM raw_items WHERE seq IN (SELECT seq FROM raw_items WHERE received < ?"
            " ORDER BY received LIMIT ?)",
            limits.raw,
        ),
        (
            "DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE at < ?"
            " ORDER BY at LIMIT ?)",
            limits.decisions,
        ),
        (
            "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE created < ?"
            " AND state NOT IN ('pending', 'sending') ORDER BY id LIMIT ?)",
            limits.deliveries,
        ),
        (
            "DELETE FROM action_runs WHERE id IN (SELECT id FROM action_runs WHERE asked < ?"
            " AND state NOT IN ('pending', 'running') ORDER BY asked LIMIT ?)",
            limits.actions,
        ),
    ):
        gone += conn.execute(statement, (before, most)).rowcount
    return gone


def tidy(conn: sqlite3.Connection, now: float) -> None:
    """Sessions and links that have run out."""
    conn.execute("DELETE FROM sessions WHERE expires < ?", (now,))
    conn.execute("DELETE FROM sign_in_links WHERE expires < ?", (now,))
