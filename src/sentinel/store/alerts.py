"""Alerts and incidents: the record as JSON, a few columns beside it to find it by."""

import sqlite3
from collections.abc import Iterable

import msgspec

from sentinel.model.alert import Alert, AlertState, Incident, IncidentState

_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Alert).decode
decode_incident = msgspec.json.Decoder(Incident).decode


def save(conn: sqlite3.Connection, alerts: Iterable[Alert]) -> None:
    conn.executemany(
        "INSERT OR REPLACE INTO alerts (id, rule, state, severity, started, last, resolved, code,"
        " tenant, group_id, incident_id, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                alert.id,
                alert.rule,
                alert.state,
                alert.severity,
                alert.started,
                alert.last,
                alert.resolved,
                alert.code,
                alert.tenant,
                alert.group,
                alert.incident,
                _encode(alert),
            )
            for alert in alerts
        ],
    )


def save_incidents(conn: sqlite3.Connection, incidents: Iterable[Incident]) -> None:
    conn.executemany(
        "INSERT OR REPLACE INTO incidents (id, state, severity, opened, resolved, body)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(i.id, i.state, i.severity, i.opened, i.resolved, _encode(i)) for i in incidents],
    )


def get(conn: sqlite3.Connection, number: int) -> Alert | None:
    row = conn.execute("SELECT body FROM alerts WHERE id = ?", (number,)).fetchone()
    return None if row is None else decode(row[0])


def get_incident(conn: sqlite3.Connection, number: int) -> Incident | None:
    row = conn.execute("SELECT body FROM incidents WHERE id = ?", (number,)).fetchone()
    return None if row is None else decode_incident(row[0])


def home(conn: sqlite3.Connection, incident: Incident) -> Incident:
    """The incident in which it goes on, if it was folded into another one; else itself."""
    row = conn.execute(
        "SELECT i.body FROM alerts AS a JOIN incidents AS i ON i.id = a.incident_id WHERE a.id = ?",
        (incident.root,),
    ).fetchone()
    return incident if incident.state != "resolved" or row is None else decode_incident(row["body"])


def incidents(conn: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Incident]:
    """Those that are known, by number: of one that was folded into another, that other one."""
    wanted = sorted(set(numbers))
    marks = ", ".join("?" * len(wanted))
    rows = conn.execute(f"SELECT id, body FROM incidents WHERE id IN ({marks})", wanted)
    return {row["id"]: going_on(conn, decode_incident(row["body"])) for row in rows}


def going_on(conn: sqlite3.Connection, incident: Incident) -> Incident:
    """The incident in which it goes on, if it was folded into another that is still known. It may
    have been folded again, always into another one."""
    while incident.folded_into is not None:
        found = get_incident(conn, incident.folded_into)
        if found is None:
            break
        incident = found
    return incident


def of_incident(conn: sqlite3.Connection, number: int) -> list[Alert]:
    """Oldest first."""
    rows = conn.execute("SELECT body FROM alerts WHERE incident_id = ? ORDER BY id", (number,))
    return [decode(row[0]) for row in rows]


def of_group(conn: sqlite3.Connection, group: int, limit: int = 20) -> list[Alert]:
    """Newest first."""
    rows = conn.execute(
        "SELECT body FROM alerts WHERE group_id = ? ORDER BY id DESC LIMIT ?", (group, limit)
    )
    return [decode(row[0]) for row in rows]


def of_rule(conn: sqlite3.Connection, rule: str, at: float, limit: int = 1000) -> list[Alert]:
    """Those that were not over at a time, newest first; of those that have ended since, only what
    is among the latest thousand of the rule."""
    rows = conn.execute(
        "SELECT body FROM alerts WHERE started <= :at AND id IN (SELECT id FROM alerts"
        " WHERE state IN ('pending', 'firing', 'acknowledged', 'closed') AND +rule = :rule"
        " UNION SELECT id FROM (SELECT id, resolved FROM alerts WHERE rule = :rule"
        " ORDER BY id DESC LIMIT 1000) WHERE resolved > :at) ORDER BY id DESC LIMIT :limit",
        {"rule": rule, "at": at, "limit": limit},
    )
    return [decode(row[0]) for row in rows]


def last_of_rule(conn: sqlite3.Connection, rule: str, at: float) -> Alert | None:
    """The latest that had begun at a time."""
    row = conn.execute(
        "SELECT body FROM alerts WHERE rule = ? AND started <= ? ORDER BY id DESC LIMIT 1",
        (rule, at),
    ).fetchone()
    return None if row is None else decode(row[0])


def unresolved(conn: sqlite3.Connection) -> list[Alert]:
    """Oldest first."""
    rows = conn.execute("SELECT body FROM alerts WHERE state != 'resolved' ORDER BY id")
    return [decode(row[0]) for row in rows]


def unresolved_incidents(conn: sqlite3.Connection) -> list[Incident]:
    """Oldest first."""
    rows = conn.execute("SELECT body FROM incidents WHERE state != 'resolved' ORDER BY id")
    return [decode_incident(row[0]) for row in rows]


def search(
    conn: sqlite3.Connection,
    *,
    state: AlertState | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[Alert]:
    """Newest first; `before` is an alert's number and pages on."""
    rows = conn.execute(
        "SELECT body FROM alerts WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR id < ?2)"
        " ORDER BY id DESC LIMIT ?3",
        (state, before, limit),
    )
    return [decode(row[0]) for row in rows]


def search_incidents(
    conn: sqlite3.Connection,
    *,
    state: IncidentState | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[Incident]:
    """Newest first; `before` is an incident's number and pages on."""
    rows = conn.execute(
        "SELECT body FROM incidents WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR id < ?2)"
        " ORDER BY id DESC LIMIT ?3",
        (state, before, limit),
    )
    return [decode_incident(row[0]) for row in rows]
