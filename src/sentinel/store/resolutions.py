"""What fixed each incident, one text for each."""

import sqlite3

from sentinel.model.resolution import Resolution

_COLUMNS = "incident_id AS incident, text, kind, author, at"


def put(conn: sqlite3.Connection, resolution: Resolution) -> None:
    """What was said of the incident before is replaced."""
    conn.execute(
        "INSERT OR REPLACE INTO resolutions (incident_id, text, kind, author, at)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            resolution.incident,
            resolution.text,
            resolution.kind,
            resolution.author,
            resolution.at,
        ),
    )


def remove(conn: sqlite3.Connection, incident: int) -> None:
    conn.execute("DELETE FROM resolutions WHERE incident_id = ?", (incident,))


def get(conn: sqlite3.Connection, incident: int) -> Resolution | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM resolutions WHERE incident_id = ?", (incident,)
    ).fetchone()
    return None if row is None else Resolution(**dict(row))


def by_action(conn: sqlite3.Connection, incident: int) -> Resolution | None:
    """The action that a rule ran for it and that was seen to help; None where there was none."""
    row = conn.execute(
        "SELECT action, actor, ended FROM action_runs WHERE incident_id = ?1 AND NOT dry"
        " AND rule IS NOT NULL"
        " AND state = 'succeeded' AND ended IS NOT NULL AND EXISTS (SELECT 1 FROM decisions"
        "  WHERE incident_id = ?1 AND reason = 'helped') ORDER BY id DESC LIMIT 1",
        (incident,),
    ).fetchone()
    if row is None:
        return None
    text = f"the action {row['action']}"
    return Resolution(
        incident=incident, text=text, kind="action", author=row["actor"], at=row["ended"]
    )
