"""Decisions and matches: why something was or was not done."""

import sqlite3
from collections.abc import Iterable

from sentinel.model.decision import Decision, Match

MOST_OF_AN_ALERT = 500


def record(conn: sqlite3.Connection, decisions: Iterable[Decision]) -> None:
    conn.executemany(
        "INSERT INTO decisions (at, verb, reason, text, rule, alert_id, incident_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(d.at, d.verb, d.reason, d.text, d.rule, d.alert, d.incident) for d in decisions],
    )


def record_matches(conn: sqlite3.Connection, matches: Iterable[Match]) -> None:
    conn.executemany(
        "INSERT OR REPLACE INTO matches (signal, rule, outcome, alert_id, reason)"
        " VALUES (?, ?, ?, ?, ?)",
        [(one.signal, one.rule, one.outcome, one.alert, one.reason) for one in matches],
    )


def of_alert(conn: sqlite3.Connection, alert: int) -> list[Decision]:
    """Those on the alert and on its incident, oldest first; of very many the latest."""
    rows = conn.execute(
        "SELECT id, at, verb, reason, text, rule, alert_id, incident_id FROM decisions"
        " WHERE alert_id = ?1 OR (alert_id IS NULL AND incident_id ="
        "  (SELECT incident_id FROM alerts WHERE id = ?1)) ORDER BY id DESC LIMIT ?2",
        (alert, MOST_OF_AN_ALERT),
    )
    return [_from_row(row) for row in rows][::-1]


def of_incident(
    conn: sqlite3.Connection,
    incident: int,
    *,
    limit: int = 500,
    before: int | None = None,
    joining: bool = True,
) -> list[Decision]:
    """Those on the incident and on its alerts, oldest first; of very many the latest, or the latest
    `before` the one of that number. Without `joining`, those are left out that only say of an alert
    that its incident tells of it."""
    rows = conn.execute(
        "SELECT id, at, verb, reason, text, rule, alert_id, incident_id FROM decisions"
        " WHERE (incident_id = ?1 OR alert_id IN (SELECT id FROM alerts WHERE incident_id = ?1))"
        " AND (?2 IS NULL OR id < ?2) AND (?3 OR reason <> 'same_incident')"
        " ORDER BY id DESC LIMIT ?4",
        (incident, before, joining, limit),
    )
    return [_from_row(row) for row in rows][::-1]


def matches_of(conn: sqlite3.Connection, signal: int) -> list[Match]:
    rows = conn.execute(
        "SELECT signal, rule, outcome, alert_id, reason FROM matches WHERE signal = ?"
        " ORDER BY rule",
        (signal,),
    )
    return [Match(signal=r[0], rule=r[1], outcome=r[2], alert=r[3], reason=r[4]) for r in rows]


def of_rule(conn: sqlite3.Connection, rule: str, until: float, limit: int = 20) -> list[Decision]:
    """Those on the rule and on its alerts up to a time, newest first."""
    rows = conn.execute(
        "SELECT id, at, verb, reason, text, rule, alert_id, incident_id FROM decisions"
        " WHERE rule = ? AND at <= ? ORDER BY id DESC LIMIT ?",
        (rule, until, limit),
    )
    return [_from_row(row) for row in rows]


def outcomes_of(
    conn: sqlite3.Connection, rule: str, first: int, last: int
) -> list[tuple[str, str, int]]:
    """Outcome, reason and number of the matches of a rule among the signals of these numbers."""
    rows = conn.execute(
        "SELECT outcome, reason, count(*) FROM matches WHERE signal BETWEEN ? AND ? AND rule = ?"
        " GROUP BY outcome, reason ORDER BY outcome, reason",
        (first, last, rule),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def was_judged(conn: sqlite3.Connection, rule: str, first: int, last: int) -> bool:
    """Whether the rule's detector took any of the signals of these numbers."""
    row = conn.execute(
        "SELECT 1 FROM matches WHERE signal BETWEEN ? AND ? AND rule = ?"
        " AND outcome <> 'suppressed' LIMIT 1",
        (first, last, rule),
    ).fetchone()
    return row is not None


def matched_until(conn: sqlite3.Connection, alert: int, last: int) -> int:
    """How many signals up to this one were counted into an alert."""
    row = conn.execute(
        "SELECT count(*) FROM matches WHERE alert_id = ? AND signal <= ?", (alert, last)
    ).fetchone()
    number: int = row[0]
    return number


def _from_row(row: sqlite3.Row) -> Decision:
    return Decision(
        at=row["at"],
        verb=row["verb"],
        reason=row["reason"],
        text=row["text"],
        rule=row["rule"],
        alert=row["alert_id"],
        incident=row["incident_id"],
        id=row["id"],
    )
