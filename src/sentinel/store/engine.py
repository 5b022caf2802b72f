"""The engine's state: read back whole at a start or a reload, written step by step."""

import sqlite3

import msgspec

from sentinel.engine.effects import Effects
from sentinel.engine.engine import Engine
from sentinel.engine.saved import Saved
from sentinel.store import (
    action_runs,
    alerts,
    broadcasts,
    decisions,
    deliveries,
    facts,
    overrides,
    pagings,
    rests,
    silences,
)
from sentinel.store.withdrawal import withdraw


class Counters(msgspec.Struct):
    last_alert: int = 0
    last_incident: int = 0
    last_silence: int = 0
    last_broadcast: int = 0
    last_update: int = 0
    last_override: int = 0
    now: float = 0.0


def counters_of(engine: Engine) -> Counters:
    return Counters(
        last_alert=engine.last_alert,
        last_incident=engine.last_incident,
        last_silence=engine.last_silence,
        last_broadcast=engine.last_broadcast,
        last_update=engine.last_update,
        last_override=engine.last_override,
        now=engine.now,
    )


def load(conn: sqlite3.Connection) -> Saved:
    row = conn.execute("SELECT value FROM meta WHERE key = 'engine'").fetchone()
    counters = Counters() if row is None else msgspec.json.decode(row[0], type=Counters)
    told, updates = broadcasts.wanted(conn, counters.now)
    return Saved(
        alerts=alerts.unresolved(conn),
        incidents=alerts.unresolved_incidents(conn),
        pagings=pagings.load(conn),
        silences=silences.lasting(conn, counters.now),
        dnd=rests.lasting(conn, counters.now),
        overrides=overrides.lasting(conn, counters.now),
        facts=facts.load(conn),
        windows={
            (row[0], row[1]): row[2]
            for row in conn.execute("SELECT rule, key, state FROM windows ORDER BY rule, key")
        },
        runs=action_runs.of_rules(conn, counters.now),
        broadcasts=told,
        updates=updates,
        last_alert=counters.last_alert,
        last_incident=counters.last_incident,
        last_silence=counters.last_silence,
        last_broadcast=counters.last_broadcast,
        last_update=counters.last_update,
        last_override=counters.last_override,
        now=counters.now,
    )


def judged_until(conn: sqlite3.Connection) -> float:
    """Up to which time the engine has seen what was received; 0 before its first step."""
    row = conn.execute("SELECT value FROM meta WHERE key = 'engine'").fetchone()
    return 0.0 if row is None else msgspec.json.decode(row[0], type=Counters).now


def save(conn: sqlite3.Connection, effects: Effects, counters: Counters, now: float) -> None:
    """Write the effects of one step. `now` is when they were caused, for the outbox."""
    alerts.save(conn, effects.alerts.values())
    alerts.save_incidents(conn, effects.incidents.values())
    pagings.save(conn, effects.pagings)
    silences.save(conn, effects.silences.values())
    rests.save(conn, effects.dnd.values())
    overrides.save(conn, effects.overrides.values())
    broadcasts.save(conn, effects.broadcasts.values())
    broadcasts.save_updates(conn, effects.updates.values())
    facts.save(conn, effects.facts)
    decisions.record(conn, effects.decisions)
    decisions.record_matches(conn, effects.matches)
    for intent in effects.deliveries:
        deliveries.enqueue(conn, intent, now)
    for incident in effects.incidents.values():
        if incident.state == "acknowledged":
            decisions.record(conn, withdraw(conn, incident, now))
    for action in effects.actions:
        action_runs.enqueue(conn, action)
    _save_windows(conn, effects)
    conn.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('engine', ?)",
        (msgspec.json.encode(counters).decode(),),
    )


def _save_windows(conn: sqlite3.Connection, effects: Effects) -> None:
    kept = [(rule, key, state) for (rule, key), state in effects.windows.items() if state]
    gone = [key for key, state in effects.windows.items() if state is None]
    conn.executemany("INSERT OR REPLACE INTO windows (rule, key, state) VALUES (?, ?, ?)", kept)
    conn.executemany("DELETE FROM windows WHERE rule = ? AND key = ?", gone)
