"""Fire drills: when each is due, and what came of those that were held."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

Outcome = Literal["waiting", "passed", "failed"]
_COLUMNS = "id, name, actor, began, until, deliveries, outcome, text"


class Plan(Struct, frozen=True, kw_only=True):
    """`schedule` is that of the configuration, packed as text. `asked_by` names who wants it held
    now, out of turn."""

    name: str
    schedule: str
    due: float
    asked_by: str | None = None


class Drill(Struct, frozen=True, kw_only=True):
    """One that was held. `deliveries` are the numbers of its messages, each of which must have its
    receipt by `until`. `text` says what came of it."""

    id: int
    name: str
    actor: str
    began: float
    until: float
    deliveries: tuple[int, ...]
    outcome: Outcome
    text: str


def plans(conn: sqlite3.Connection) -> dict[str, Plan]:
    rows = conn.execute("SELECT name, schedule, due, asked_by FROM drill_plans ORDER BY name")
    return {row["name"]: Plan(**dict(row)) for row in rows}


def replace_plans(conn: sqlite3.Connection, wanted: Iterable[Plan]) -> None:
    """These, and no others."""
    conn.execute("DELETE FROM drill_plans")
    for plan in wanted:
        put_plan(conn, plan)


def put_plan(conn: sqlite3.Connection, plan: Plan) -> None:
    conn.execute(
        "INSERT OR REPLACE INTO drill_plans (name, schedule, due, asked_by) VALUES (?, ?, ?, ?)",
        (plan.name, plan.schedule, plan.due, plan.asked_by),
    )


def ask(conn: sqlite3.Connection, name: str, actor: str, now: float) -> bool:
    """Somebody wants one held now. Whether there is one of that name."""
    return bool(
        conn.execute(
            "UPDATE drill_plans SET due = ?, asked_by = ? WHERE name = ?", (now, actor, name)
        ).rowcount
    )


def begin(
    conn: sqlite3.Connection,
    plan: Plan,
    deliveries: Iterable[int],
    began: float,
    until: float,
) -> int:
    """Its number."""
    cursor = conn.execute(
        "INSERT INTO drills (name, actor, began, until, deliveries) VALUES (?, ?, ?, ?, ?)",
        (
            plan.name,
            plan.asked_by or "schedule",
            began,
            until,
            msgspec.json.encode(list(deliveries)).decode(),
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def settle(conn: sqlite3.Connection, number: int, outcome: Outcome, text: str) -> None:
    conn.execute("UPDATE drills SET outcome = ?, text = ? WHERE id = ?", (outcome, text, number))


def waiting(conn: sqlite3.Connection) -> list[Drill]:
    return _many(conn, "WHERE outcome = 'waiting' ORDER BY id", {})


def listing(conn: sqlite3.Connection, limit: int, name: str | None = None) -> list[Drill]:
    """Newest first."""
    where = "" if name is None else "WHERE name = :name "
    return _many(conn, f"{where}ORDER BY id DESC LIMIT :limit", {"name": name, "limit": limit})


def _many(conn: sqlite3.Connection, rest: str, values: Mapping[str, object]) -> list[Drill]:
    return [
        msgspec.convert({**dict(row), "deliveries": msgspec.json.decode(row["deliveries"])}, Drill)
        for row in conn.execute(f"SELECT {_COLUMNS} FROM drills {rest}", values)
    ]
