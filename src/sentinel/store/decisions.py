"""Decisions and matches: why something was or was not done."""

import sqlite3
from collections.abc import Iterable

from sentinel.model.decision import Decision, Match


def record(conn: sqlite3.Connection, decisions: Iterable[Decision]) -> None:
    conn.executemany(
        "INSERT INTO decisions (at, verb, reason, text, rule, alert_id, incident_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(d.at, d.verb, d.reason, d.text, d.rule, d.alert, d.incident) for d in decisions],
    )


def record_matches(conn: sqlite3.Connection, matches: Iterable[Match]) -> None:
    conn.executemany(
        "INSERT OR REPLACE INTO matches (signal, rule, outcome, alert_id) VALUES (?, ?, ?, ?)",
        [(match.signal, match.rule, match.outcome, match.alert) for match in matches],
    )


def of_alert(conn: sqlite3.Connection, alert: int, limit: int = 200) -> list[Decision]:
    """Those on the alert and on its incident, oldest first."""
    rows = conn.execute(
        "SELECT at, verb, reason, text, rule, alert_id, incident_id FROM decisions"
        " WHERE alert_id = ?1 OR (alert_id IS NULL AND incident_id ="
        "  (SELECT incident_id FROM alerts WHERE id = ?1)) ORDER BY id LIMIT ?2",
        (alert, limit),
    )
    return [_from_row(row) for row in rows]


def of_incident(conn: sqlite3.Connection, incident: int, limit: int = 500) -> list[Decision]:
    """Those on the incident and on its alerts, oldest first."""
    rows = conn.execute(
        "SELECT at, verb, reason, text, rule, alert_id, incident_id FROM decisions"
        " WHERE incident_id = ?1 OR alert_id IN (SELECT id FROM alerts WHERE incident_id = ?1)"
        " ORDER BY id LIMIT ?2",
        (incident, limit),
    )
    return [_from_row(row) for row in rows]


def matches_of(conn: sqlite3.Connection, signal: int) -> list[Match]:
    rows = conn.execute(
        "SELECT signal, rule, outcome, alert_id FROM matches WHERE signal = ? ORDER BY rule",
        (signal,),
    )
    return [Match(signal=r[0], rule=r[1], outcome=r[2], alert=r[3]) for r in rows]


def _from_row(row: sqlite3.Row) -> Decision:
    return Decision(
        at=row["at"],
        verb=row["verb"],
        reason=row["reason"],
        text=row["text"],
        rule=row["rule"],
        alert=row["alert_id"],
        incident=row["incident_id"],
    )
