"""The health of components, by what was heard of each last.

What different probes say of one component is kept apart: the worst of it is the component's state,
and one that is well must not hide another that is not.
"""

import sqlite3
from collections.abc import Container
from itertools import groupby

from msgspec import Struct

from sentinel.model.group import OWN_PROJECT
from sentinel.model.signal import Status
from sentinel.model.uptime import RANK, Span
from sentinel.store import signals, uptime
from sentinel.store.uptime import Source

SILENT_AFTER = 3_600.0
"""Seconds for which a status holds where nobody knows when the next one is to come."""

_KEY = "name = ? AND tenant = ? AND environment = ? AND source = ?"


class Heard(Struct, frozen=True):
    """`since` is when the first of the statuses in a row that say the same was received. `until` is
    when nothing is known any more unless it is heard of again; `source` is the probe's name, empty
    where none is named."""

    status: Status
    since: float
    until: float
    source: str = ""


def note(
    conn: sqlite3.Connection, status: Status, body: bytes, patience: float = SILENT_AFTER
) -> None:
    """`body` is the status, packed as it is stored. It holds for `patience` seconds."""
    source = source_of(status)
    now = since = status.received
    before = conn.execute(
        f"SELECT status, since, until FROM components WHERE {_KEY}", source
    ).fetchone()
    if before is not None:
        if before["status"] == status.status and now <= before["until"]:
            since = before["since"]
        else:
            ended = min(before["until"], now)
            uptime.add(conn, source, Span(before["since"], ended, before["status"]))
    conn.execute(
        "INSERT OR REPLACE INTO components (name, tenant, environment, source, status, since,"
        " received, until, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*source, status.status, since, now, now + patience, body),
    )


def sources(conn: sqlite3.Connection, name: str | None = None) -> list[Heard]:
    """The latest that each source said of each component, or of one, by name."""
    where = "" if name is None else "WHERE name = ? "
    rows = conn.execute(
        f"SELECT source, since, until, body FROM components {where}"
        "ORDER BY name, tenant, environment, source",
        () if name is None else (name,),
    )
    found = ((signals.unpack(row["body"]), row) for row in rows)
    return [
        Heard(status, row["since"], row["until"], row["source"])
        for status, row in found
        if isinstance(status, Status)
    ]


def heard(
    conn: sqlite3.Connection, since: float = 0.0, probes: Container[str] | None = None
) -> list[Heard]:
    """Of each component, tenant and environment that was heard of since a time, by name: the worst
    that holds of what its sources said last. With `probes`, what a probe of our own that is not
    among these said is left out."""
    kept = (
        one
        for one in sources(conn)
        if one.status.received >= since
        and (probes is None or not _is_own(one) or one.source in probes)
    )
    return [_worst(list(same)) for _, same in groupby(kept, key=lambda one: _place(one.status))]


def latest(conn: sqlite3.Connection, since: float = 0.0) -> list[Status]:
    """The same without the times."""
    return [one.status for one in heard(conn, since)]


def forget(conn: sqlite3.Connection, before: float) -> int:
    """Returns how many were not heard of since a time and are gone now. How long they were in their
    last state stays."""
    gone = conn.execute(
        "DELETE FROM components WHERE received < ? RETURNING name, tenant, environment, source,"
        " since, until, status",
        (before,),
    ).fetchall()
    for *source, began, ended, state in gone:
        uptime.add(conn, (source[0], source[1], source[2], source[3]), Span(began, ended, state))
    return len(gone)


def _is_own(one: Heard) -> bool:
    return bool(one.source) and one.status.project == OWN_PROJECT


def name_of(status: Status) -> str:
    return status.component or status.service or status.host or status.project


def source_of(status: Status) -> Source:
    return (*_place(status), status.tags.get("probe", ""))


def _place(status: Status) -> tuple[str, str, str]:
    return name_of(status), status.tenant or "", status.environment or ""


def _worst(same: list[Heard]) -> Heard:
    """What a source said that has fallen silent since, such as a probe that was renamed, counts no
    more while another one goes on."""
    newest = max(one.status.received for one in same)
    holding = [one for one in same if one.until >= newest]
    return max(holding, key=lambda one: (RANK[one.status.status], one.status.received))
