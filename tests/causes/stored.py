"""Incidents as they stand in a store."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from sentinel.model.alert import Alert, Incident
from sentinel.model.resolution import Resolution
from sentinel.store import alerts, past, resolutions
from sentinel.store.migrations import migrate

NOW = 1_800_000_000.0
DAY = 86_400.0


def memory() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    migrate(conn)
    return conn


def put(
    conn: sqlite3.Connection,
    number: int,
    code: str | None = "SMS_DELIVERY_FAILURE",
    *,
    opened: float = NOW,
    lasted: float | None = 600.0,
    title: str = "",
    codes: Sequence[str] = (),
    services: Sequence[str] = (),
    tenant: str | None = None,
    rule: str = "Failing",
    **changes: Any,
) -> Incident:
    """An incident with an alert of its code and one of each further code; over, unless it lasts."""
    resolved = None if lasted is None else opened + lasted
    incident = Incident(
        id=number,
        state="open" if resolved is None else "resolved",
        severity="critical",
        title=title or code or rule,
        root=number * 100,
        rule=rule,
        code=code,
        tenant=tenant,
        opened=opened,
        resolved=resolved,
        **changes,
    )
    alerts.save_incidents(conn, [incident])
    alerts.save(
        conn,
        [
            Alert(
                id=number * 100 + at,
                rule=rule,
                key={},
                state="firing" if resolved is None else "resolved",
                severity="critical",
                labels={},
                started=opened + at,
                resolved=resolved,
                last=opened + at,
                code=one,
                tenant=tenant,
                incident=number,
                cascade=code if at else None,
                about={"service": services[at % len(services)]} if services else {},
            )
            for at, one in enumerate([code, *codes])
        ],
    )
    return incident


def fix(conn: sqlite3.Connection, number: int, text: str) -> None:
    resolutions.put(conn, Resolution(incident=number, text=text, author="alice", at=NOW))


def learn(conn: sqlite3.Connection) -> None:
    while past.learn(conn, 0.0, 2):
        pass
