"""The runs of actions: asked for, claimed once, and kept with what came of them.

A run is written before it begins. One that was claimed and not ended when the daemon died ends as
`unknown`, and is never claimed again.
"""

import sqlite3
from collections.abc import Collection

from sentinel.engine.commands import ActionDone
from sentinel.model.action import ActionIntent, ActionRun, Outcome
from sentinel.store import audit, commands

# A rule's guard rails never look back further than this, in seconds.
REMEMBERED = 31 * 86_400.0

_COLUMNS = "id, action, actor, state, dry, rule, alert_id, incident_id, asked, began, ended, text"


def ask(
    conn: sqlite3.Connection,
    action: str,
    actor: str,
    now: float,
    *,
    dry: bool,
    incident: int | None = None,
) -> int:
    """A person wants it run, perhaps for the sake of an incident; gives the run's number."""
    row = conn.execute(
        "INSERT INTO action_runs (action, actor, dry, asked, incident_id) VALUES (?, ?, ?, ?, ?)"
        " RETURNING id",
        (action, actor, dry, now, incident),
    ).fetchone()
    return int(row[0])


def enqueue(conn: sqlite3.Connection, intent: ActionIntent) -> None:
    """A rule wants it run. An alert has one run at most, whatever is replayed: a second one for
    the same alert changes nothing."""
    conn.execute(
        "INSERT INTO action_runs (action, actor, dry, asked, rule, alert_id, incident_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            intent.action,
            f"rule {intent.rule}",
            intent.dry,
            intent.at,
            intent.rule,
            intent.alert,
            intent.incident,
        ),
    )


def waiting(conn: sqlite3.Connection, but: Collection[str] = ()) -> list[ActionRun]:
    """Those that nobody has claimed, oldest first; none of the actions in `but`."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM action_runs WHERE state = 'pending' ORDER BY id")
    return [run for row in rows if (run := _run(row)).action not in but]


def claim(conn: sqlite3.Connection, run: ActionRun, now: float) -> bool:
    """Whether it is ours to run now; noted in the audit trail, before it begins."""
    changed = conn.execute(
        "UPDATE action_runs SET state = 'running', began = ? WHERE id = ? AND state = 'pending'",
        (now, run.id),
    ).rowcount
    if changed:
        tried = "action tried out" if run.dry else "action run"
        audit.note(conn, now, run.actor, tried, f"action {run.action}", _about(run))
    return bool(changed)


def finish(
    conn: sqlite3.Connection, run: ActionRun, outcome: Outcome, text: str, now: float
) -> None:
    """Note how it ended; the engine hears in the same transaction if a rule had asked for it."""
    changed = conn.execute(
        "UPDATE action_runs SET state = ?, ended = ?, text = ?"
        " WHERE id = ? AND state IN ('pending', 'running')",
        (outcome, now, text, run.id),
    ).rowcount
    if not changed:
        return
    if outcome == "refused":
        audit.note(conn, now, run.actor, "action refused", f"action {run.action}", _about(run))
    if run.rule is not None and run.alert is not None:
        report = ActionDone(
            action=run.action,
            rule=run.rule,
            alert=run.alert,
            incident=run.incident,
            outcome=outcome,
            text=text,
            received=now,
            dry=run.dry,
        )
        commands.ask(conn, report, run.actor, now)


def release(conn: sqlite3.Connection, now: float) -> int:
    """End as `unknown` what a daemon had begun that is no more; gives how many."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM action_runs WHERE state = 'running'").fetchall()
    for row in rows:
        text = "Sentinel ended while it ran: how far it came is not known"
        finish(conn, _run(row), "unknown", text, now)
    return len(rows)


def began_last(conn: sqlite3.Connection, action: str, now: float) -> float | None:
    """When it last began to run, dry runs aside. A time that is yet to come is one of a clock that
    was wrong, and counts for nothing."""
    found: float | None = conn.execute(
        "SELECT max(began) FROM action_runs WHERE action = ? AND NOT dry AND began <= ?",
        (action, now),
    ).fetchone()[0]
    return found


def get(conn: sqlite3.Connection, number: int) -> ActionRun | None:
    row = conn.execute(f"SELECT {_COLUMNS} FROM action_runs WHERE id = ?", (number,)).fetchone()
    return None if row is None else _run(row)


def listing(
    conn: sqlite3.Connection,
    *,
    action: str | None = None,
    incident: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[ActionRun]:
    """Newest first. For the next page, `before` is the id of the last one of this page."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM action_runs WHERE (?1 IS NULL OR action = ?1)"
        " AND (?2 IS NULL OR incident_id = ?2) AND (?3 IS NULL OR id < ?3)"
        " ORDER BY id DESC LIMIT ?4",
        (action, incident, before, limit),
    )
    return [_run(row) for row in rows]


def latest(conn: sqlite3.Connection) -> dict[str, ActionRun]:
    """The newest run of each action."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM action_runs"
        " WHERE id IN (SELECT max(id) FROM action_runs GROUP BY action)"
    )
    return {run.action: run for run in map(_run, rows)}


def of_rules(conn: sqlite3.Connection, now: float) -> dict[str, tuple[float, ...]]:
    """When each rule asked for its action within the last month, oldest first."""
    found: dict[str, tuple[float, ...]] = {}
    for rule, asked in conn.execute(
        "SELECT rule, asked FROM action_runs WHERE rule IS NOT NULL AND asked > ? ORDER BY id",
        (now - REMEMBERED,),
    ):
        found[rule] = (*found.get(rule, ()), asked)
    return found


def _about(run: ActionRun) -> str:
    incident = "" if run.incident is None else f", incident {run.incident}"
    return f"run {run.id}{incident}"


def _run(row: sqlite3.Row) -> ActionRun:
    return ActionRun(
        id=row["id"],
        action=row["action"],
        actor=row["actor"],
        state=row["state"],
        dry=bool(row["dry"]),
        rule=row["rule"],
        alert=row["alert_id"],
        incident=row["incident_id"],
        asked=row["asked"],
        began=row["began"],
        ended=row["ended"],
        text=row["text"],
    )
