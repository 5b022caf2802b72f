"""What failed around a moment, beside the alerts of one incident."""

import sqlite3
from collections.abc import Iterable

import msgspec

from sentinel.model.cause import Symptom
from sentinel.store import signals

# Numbers are given in the order of time, so that what began near is near by its number: the whole
# table need not be read.
_NEAR = 1_000
_MOST = 200


def elsewhere(
    conn: sqlite3.Connection,
    alert: int,
    but: int,
    codes: Iterable[str],
    since: float,
    until: float,
) -> list[Symptom]:
    """Alerts with these codes that began between two times, with a number near to that of an alert,
    of all incidents but one; the first in time first."""
    rows = conn.execute(
        "SELECT code, tenant, incident_id, min(started) AS began FROM alerts"
        " WHERE id BETWEEN ? AND ? AND started BETWEEN ? AND ? AND incident_id <> ?"
        " AND code IN (SELECT value FROM json_each(?))"
        " GROUP BY incident_id, code, tenant ORDER BY began, incident_id, code LIMIT ?",
        (alert - _NEAR, alert + _NEAR, since, until, but, _listed(codes), _MOST),
    )
    return [
        Symptom(
            name=row["code"],
            code=row["code"],
            tenant=row["tenant"],
            incident=row["incident_id"],
            began=row["began"],
        )
        for row in rows
    ]


def seen(
    conn: sqlite3.Connection, codes: Iterable[str], since: float, until: float
) -> dict[str, float]:
    """Those of the codes with which errors came between two times, and when the first of them
    did."""
    first, last = signals.last_before(conn, since), signals.last_before(conn, until)
    rows = conn.execute(
        "SELECT code, min((SELECT received FROM signals WHERE group_id = groups.id AND seq > ?"
        "  AND seq <= ? ORDER BY seq LIMIT 1)) AS at FROM groups"
        " WHERE code IN (SELECT value FROM json_each(?)) AND last_seen >= ? GROUP BY code",
        (first, last, _listed(codes), since),
    )
    return {row["code"]: row["at"] for row in rows if row["at"] is not None}


def _listed(codes: Iterable[str]) -> str:
    return msgspec.json.encode(sorted(codes)).decode()
