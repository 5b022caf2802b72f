"""When components were in which state: one row for each unbroken time, written once it is over.
The time that goes on is in the table of the components themselves."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby

from sentinel.model.signal import State
from sentinel.model.uptime import Span

Source = tuple[str, str, str, str]
"""Component, tenant, environment and probe; empty where none is named."""

HOUR = 3_600.0
THINNED_AFTER = 2 * 86_400.0
"""Seconds after which the order of states within an hour is given up, but not their lengths."""
_MANY = 4
_KEY = "name = ? AND tenant = ? AND environment = ? AND source = ?"


def add(conn: sqlite3.Connection, source: Source, span: Span) -> None:
    """One that took no time, as after the clock was set back, is left out."""
    if span.ended > span.began:
        conn.execute(
            "INSERT OR REPLACE INTO component_spans"
            " (name, tenant, environment, source, began, ended, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*source, span.began, span.ended, span.state),
        )


def spans(
    conn: sqlite3.Connection, since: float, now: float, name: str | None = None
) -> dict[str, list[list[Span]]]:
    """Of each component, or of one, those after a time: a list for each of its sources. What goes
    on is cut off now."""
    where = "" if name is None else "WHERE name = :name "
    rows = conn.execute(
        "SELECT * FROM (SELECT name, tenant, environment, source, began, ended, state"
        " FROM component_spans WHERE ended > :since UNION ALL SELECT name, tenant, environment,"
        " source, since, min(until, :now), status FROM components WHERE until > :since) "
        f"{where}ORDER BY name, tenant, environment, source, began",
        {"since": since, "now": now, "name": name},
    )
    found: dict[str, list[list[Span]]] = defaultdict(list)
    for source, same in groupby(rows, key=lambda row: tuple(row[:4])):
        found[source[0]].append([Span(row[4], row[5], row[6]) for row in same])
    return found


def thin(conn: sqlite3.Connection, before: float, most: int) -> int:
    """In up to `most` hours that ended before a time, and in which a source changed often, put the
    times in one state together. Returns how many rows went."""
    crowded = conn.execute(
        "SELECT name, tenant, environment, source, CAST(began / :hour AS INTEGER) AS hour"
        " FROM component_spans WHERE ended < :before"
        " AND CAST(began / :hour AS INTEGER) = CAST(ended / :hour AS INTEGER)"
        " GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > :many LIMIT :most",
        {"hour": HOUR, "before": before, "many": _MANY, "most": most},
    ).fetchall()
    return sum(_put_together(conn, tuple(row[:4]), row[4] * HOUR) for row in crowded)


def forget(conn: sqlite3.Connection, before: float, most: int) -> int:
    """Remove up to `most` that ended before a time; returns how many."""
    return conn.execute(
        "DELETE FROM component_spans WHERE (name, tenant, environment, source, began) IN"
        " (SELECT name, tenant, environment, source, began FROM component_spans WHERE ended < ?"
        " LIMIT ?)",
        (before, most),
    ).rowcount


def _put_together(conn: sqlite3.Connection, source: Source, hour: float) -> int:
    within = f"{_KEY} AND began >= ? AND ended < ?"
    rows = conn.execute(
        f"SELECT began, ended, state FROM component_spans WHERE {within} ORDER BY began",
        (*source, hour, hour + HOUR),
    ).fetchall()
    conn.execute(f"DELETE FROM component_spans WHERE {within}", (*source, hour, hour + HOUR))
    fewer = list(_by_state(Span(*row) for row in rows))
    for span in fewer:
        add(conn, source, span)
    return len(rows) - len(fewer)


def _by_state(spans: Iterable[Span]) -> Iterable[Span]:
    """One after the other from the first one's beginning, each state once."""
    lengths: dict[State, float] = defaultdict(float)
    at: float | None = None
    for span in spans:
        at = span.began if at is None else at
        lengths[span.state] += span.ended - span.began
    for state, length in lengths.items():
        assert at is not None
        yield Span(at, at + length, state)
        at += length
