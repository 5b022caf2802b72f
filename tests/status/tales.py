"""Broadcasts, statuses and a page to tell of them."""

import sqlite3
from typing import Any

from sentinel.api import Status
from sentinel.model.broadcast import Broadcast, Phase, Update
from sentinel.model.uptime import Span
from sentinel.store import broadcasts, components, signals, uptime
from sentinel.store.migrations import migrate

DAY = 86_400.0
NOON = 1_800_014_400.0
"""A noon in UTC, 15 January 2027."""


def status(name: str, state: Any, at: float, *, probe: str = "p", **more: Any) -> Status:
    return Status(
        id=f"{name}-{at}-{more.get('tenant')}-{probe}",
        project="shop",
        received=at,
        at=at,
        component=name,
        status=state,
        tags={"probe": probe},
        **more,
    )


def hear(conn: sqlite3.Connection, one: Status, patience: float = 3_600.0) -> None:
    components.note(conn, one, signals.pack(one), patience)


def was(
    conn: sqlite3.Connection,
    name: str,
    state: Any,
    began: float,
    ended: float,
    *,
    tenant: str = "",
    environment: str = "",
) -> None:
    uptime.add(conn, (name, tenant, environment, "p"), Span(began, ended, state))


def tell(
    conn: sqlite3.Connection, number: int, *said: tuple[Phase, str, float], **more: Any
) -> Broadcast:
    """A broadcast with its published updates."""
    values: dict[str, Any] = {
        "title": f"Trouble {number}",
        "audience": "all",
        "opened": said[0][2],
        "phase": said[-1][0],
        **more,
    }
    if said[-1][0] in ("resolved", "completed", "retraction"):
        values.setdefault("ended", said[-1][2])
    one = Broadcast(id=number, **values)
    broadcasts.save(conn, [one])
    for index, (phase, text, at) in enumerate(said):
        say(conn, one, number * 100 + index, phase, text, at)
    return one


def say(
    conn: sqlite3.Connection,
    broadcast: Broadcast,
    number: int,
    phase: Phase,
    text: str,
    at: float,
    state: Any = "published",
) -> None:
    published = at if state == "published" else None
    update = Update(
        id=number,
        broadcast=broadcast.id,
        phase=phase,
        text=text,
        state=state,
        created=at,
        published=published,
    )
    broadcasts.save_updates(conn, [update])


def a_store() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    migrate(conn)
    conn.row_factory = sqlite3.Row
    return conn
