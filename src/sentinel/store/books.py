"""What the books are checked by. Each query reads a bounded slice, over an index."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from sentinel.model.alert import Alert, Incident
from sentinel.store import alerts

Table = Literal["signals", "alerts", "incidents", "deliveries"]
_NUMBER: dict[Table, str] = {
    "signals": "seq",
    "alerts": "id",
    "incidents": "id",
    "deliveries": "id",
}
_TIME: dict[Table, str] = {
    "signals": "received",
    "alerts": "started",
    "incidents": "opened",
    "deliveries": "created",
}
_UNRESOLVED = "state IN ('open', 'pending', 'firing', 'acknowledged')"
# Not the copy for another channel, nor what the outbox made of several that waited.
_DECIDED_ON = """d.fallback_of IS NULL AND d.subscription_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM deliveries AS told WHERE told.merged_into = d.id)"""


class Fault(Struct, frozen=True):
    """A match that is not as it should be. `signal_kept` and `alert_known` say what is there."""

    signal: int
    rule: str
    outcome: str
    reason: str
    alert: int | None
    signal_kept: bool
    alert_known: bool


class AlertAccount(Struct, frozen=True):
    """An alert, the state of its incident (None where that is not there) and how many signals
    were counted into it."""

    alert: Alert
    incident: str | None
    matches: int


class IncidentAccount(Struct, frozen=True, kw_only=True):
    """`unresolved` counts its alerts that are not over, `pagings` the routes that have something
    left to tell of it, `wanted` the decisions to send a message and `messages` those that were
    written. `unsent` are the reasons of the decisions not to, `ended` is that of its end."""

    incident: Incident
    unresolved: int
    pagings: int
    wanted: int
    messages: int
    unsent: tuple[str, ...]
    ended: str | None


@contextlib.contextmanager
def snapshot(conn: sqlite3.Connection) -> Iterator[None]:
    """Several queries see one state of the store."""
    conn.execute("BEGIN")
    try:
        yield
    finally:
        conn.execute("ROLLBACK")


def last(conn: sqlite3.Connection, table: Table) -> int:
    number: int | None = conn.execute(f"SELECT max({_NUMBER[table]}) FROM {table}").fetchone()[0]
    return number or 0


def first_since(conn: sqlite3.Connection, table: Table, since: float) -> int:
    """The lowest number of what is not older than a time. Numbers grow with the time, so that a
    few looks find it without an index of the times."""
    low, high = 1, last(conn, table) + 1
    number, time = _NUMBER[table], _TIME[table]
    while low < high:
        middle = (low + high) // 2
        row = conn.execute(
            f"SELECT {number}, {time} FROM {table} WHERE {number} >= ? ORDER BY {number} LIMIT 1",
            (middle,),
        ).fetchone()
        if row is None or row[1] >= since:
            high = middle
        else:
            low = row[0] + 1
    return low


def oldest_signal(conn: sqlite3.Connection) -> tuple[int, float] | None:
    """Its number and when it was received."""
    row = conn.execute("SELECT seq, received FROM signals ORDER BY received LIMIT 1").fetchone()
    return None if row is None else (row[0], row[1])


def oldest_decision(conn: sqlite3.Connection) -> float | None:
    at: float | None = conn.execute("SELECT min(at) FROM decisions").fetchone()[0]
    return at


def unresolved(conn: sqlite3.Connection, table: Literal["alerts", "incidents"]) -> list[int]:
    return [row[0] for row in conn.execute(f"SELECT id FROM {table} WHERE {_UNRESOLVED}")]


def outcomes(conn: sqlite3.Connection, first: int, last: int) -> list[tuple[str, str, int]]:
    """Outcome, reason and number of the matches of the signals of these numbers."""
    rows = conn.execute(
        "SELECT outcome, reason, count(*) FROM matches WHERE signal BETWEEN ? AND ? GROUP BY 1, 2",
        (first, last),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def alerts_met(conn: sqlite3.Connection, first: int, last: int) -> list[int]:
    """The alerts that the signals of these numbers were counted into."""
    rows = conn.execute(
        "SELECT DISTINCT alert_id FROM matches WHERE signal BETWEEN ? AND ?"
        " AND alert_id IS NOT NULL",
        (first, last),
    )
    return [row[0] for row in rows]


def faults(conn: sqlite3.Connection, first: int, last: int) -> list[Fault]:
    """Matches without an outcome that is known, without their reason, their alert or their
    signal."""
    rows = conn.execute(
        "SELECT m.signal, m.rule, m.outcome, m.reason, m.alert_id, s.seq IS NOT NULL,"
        " a.id IS NOT NULL FROM matches AS m LEFT JOIN signals AS s ON s.seq = m.signal"
        " LEFT JOIN alerts AS a ON a.id = m.alert_id WHERE m.signal BETWEEN ? AND ?"
        " AND (s.seq IS NULL OR (m.alert_id IS NOT NULL AND a.id IS NULL)"
        "  OR m.outcome NOT IN ('waiting', 'opened', 'merged', 'suppressed')"
        "  OR (m.outcome = 'suppressed' AND m.reason = '')"
        "  OR (m.outcome IN ('opened', 'merged') AND m.alert_id IS NULL))",
        (first, last),
    )
    return [Fault(r[0], r[1], r[2], r[3], r[4], bool(r[5]), bool(r[6])) for r in rows]


def alert_accounts(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[AlertAccount]:
    rows = conn.execute(
        "SELECT a.body, i.state, (SELECT count(*) FROM matches WHERE alert_id = a.id)"
        f" FROM alerts AS a LEFT JOIN incidents AS i ON i.id = a.incident_id"
        f" WHERE a.id IN ({_marks(numbers)})",
        tuple(numbers),
    )
    return [AlertAccount(alerts.decode(row[0]), row[1], row[2]) for row in rows]


def incident_accounts(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[IncidentAccount]:
    """Best within one snapshot: a step of the engine changes several of the tables."""
    marks, values = _marks(numbers), tuple(numbers)
    bodies = conn.execute(f"SELECT id, body FROM incidents WHERE id IN ({marks})", values)
    members = _counts(
        conn,
        "SELECT incident_id, count(*) FROM alerts"
        f" WHERE incident_id IN ({marks}) AND {_UNRESOLVED} GROUP BY 1",
        values,
    )
    routes = _counts(
        conn,
        "SELECT one.value, count(*) FROM pagings, json_each(pagings.body, '$.incidents') AS one"
        f" WHERE one.value IN ({marks}) GROUP BY 1",
        values,
    )
    alone = _counts(
        conn,
        "SELECT incident_id, count(*) FROM deliveries AS d"
        f" WHERE incident_id IN ({marks}) AND {_DECIDED_ON} GROUP BY 1",
        values,
    )
    together = _counts(
        conn,
        "SELECT one.value, count(*) FROM deliveries AS d, json_each(d.also) AS one"
        f" WHERE also <> '[]' AND {_DECIDED_ON} AND one.value IN ({marks}) GROUP BY 1",
        values,
    )
    wanted: dict[int, int] = {}
    unsent: dict[int, list[str]] = {}
    ended: dict[int, str] = {}
    for number, verb, reason, count in conn.execute(
        "SELECT incident_id, verb, reason, count(*) FROM decisions"
        f" WHERE incident_id IN ({marks}) AND verb IN"
        " ('delivery_enqueued', 'not_delivered', 'incident_resolved') GROUP BY 1, 2, 3",
        values,
    ):
        match verb:
            case "delivery_enqueued":
                wanted[number] = wanted.get(number, 0) + count
            case "not_delivered":
                unsent.setdefault(number, []).append(reason)
            case _:
                ended[number] = reason
    return [
        IncidentAccount(
            incident=alerts.decode_incident(body),
            unresolved=members.get(number, 0),
            pagings=routes.get(number, 0),
            wanted=wanted.get(number, 0),
            messages=alone.get(number, 0) + together.get(number, 0),
            unsent=tuple(unsent.get(number, ())),
            ended=ended.get(number),
        )
        for number, body in bodies
    ]


def pagings_of_closed(conn: sqlite3.Connection) -> list[tuple[str, int]]:
    """Route and incident of the pagings that mean to go on with an incident that is over."""
    rows = conn.execute(
        "SELECT pagings.route, one.value"
        " FROM pagings, json_each(pagings.body, '$.incidents') AS one"
        " LEFT JOIN incidents ON incidents.id = one.value"
        " WHERE incidents.state IS NULL OR incidents.state = 'resolved'"
    )
    return [(row[0], row[1]) for row in rows]


def delivery_states(conn: sqlite3.Connection) -> list[tuple[str, int]]:
    rows = conn.execute("SELECT state, count(*) FROM deliveries GROUP BY state")
    return [(row[0], row[1]) for row in rows]


def stuck(conn: sqlite3.Connection, before: float) -> list[int]:
    """Deliveries that are said to be under way, and were due before a time."""
    rows = conn.execute("SELECT id FROM deliveries WHERE state = 'sending' AND due < ?", (before,))
    return [row[0] for row in rows]


def endless(conn: sqlite3.Connection, first: int, last: int) -> list[tuple[int, str]]:
    """Number and state of the deliveries that were sent at no time, or failed without an error."""
    rows = conn.execute(
        "SELECT id, state FROM deliveries WHERE id BETWEEN ? AND ? AND ((state = 'sent'"
        " AND sent IS NULL) OR (state = 'failed' AND coalesce(error, '') = ''))",
        (first, last),
    )
    return [(row[0], row[1]) for row in rows]


def orphans(conn: sqlite3.Connection, first: int, last: int) -> list[tuple[int, int]]:
    """Deliveries that tell of an incident that is not there, with its number."""
    rows = conn.execute(
        "SELECT id, incident_id FROM deliveries WHERE id BETWEEN ? AND ? AND incident_id NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.id = deliveries.incident_id)",
        (first, last),
    )
    return [(row[0], row[1]) for row in rows]


def watched_rules(conn: sqlite3.Connection) -> Iterator[str]:
    """The rules that have windows, each found by one look: there may be very many windows."""
    rule = ""
    while row := conn.execute(
        "SELECT rule FROM windows WHERE rule > ? ORDER BY rule LIMIT 1", (rule,)
    ).fetchone():
        rule = row[0]
        yield rule


def _counts(conn: sqlite3.Connection, query: str, values: tuple[int, ...]) -> dict[int, int]:
    return {row[0]: row[1] for row in conn.execute(query, values)}


def _marks(numbers: Sequence[int]) -> str:
    return ",".join("?" * len(numbers))
