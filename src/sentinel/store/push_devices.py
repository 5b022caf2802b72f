"""The browsers in which users switched Web Push on."""

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from sentinel.errors import Invalid
from sentinel.model.device import Device

MOST = 20


class PushDevice(Struct, frozen=True, kw_only=True):
    """`name` says which browser on which system it is, as it was shown when it was added."""

    id: int
    name: str
    created: float


def add(conn: sqlite3.Connection, user: int, device: Device, name: str, now: float) -> None:
    """A browser is one user's: the one who switched it on last. Raises Invalid for too many."""
    conn.execute("DELETE FROM push_devices WHERE endpoint = ?", (device.endpoint,))
    if len(of_user(conn, user)) >= MOST:
        raise Invalid(f"found {MOST} devices already: remove one that is not used any more")
    conn.execute(
        "INSERT INTO push_devices (user_id, endpoint, p256dh, auth, name, created)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (user, device.endpoint, device.p256dh, device.auth, name, now),
    )


def of_user(conn: sqlite3.Connection, user: int) -> list[PushDevice]:
    """Newest first."""
    rows = conn.execute(
        "SELECT id, name, created FROM push_devices WHERE user_id = ? ORDER BY id DESC", (user,)
    )
    return [PushDevice(id=row["id"], name=row["name"], created=row["created"]) for row in rows]


def of_name(conn: sqlite3.Connection, user: str) -> Sequence[Device]:
    """What messages for the user of this name are sent to."""
    rows = conn.execute(
        "SELECT endpoint, p256dh, auth FROM push_devices JOIN users ON users.id = user_id"
        " WHERE users.name = ? ORDER BY push_devices.id",
        (user,),
    )
    return [Device(endpoint=row[0], p256dh=row[1], auth=row[2]) for row in rows]


def remove(conn: sqlite3.Connection, id: int, user: int) -> bool:
    """False where the user has no such device."""
    changed = conn.execute("DELETE FROM push_devices WHERE id = ? AND user_id = ?", (id, user))
    return bool(changed.rowcount)


def forget(conn: sqlite3.Connection, endpoint: str) -> None:
    conn.execute("DELETE FROM push_devices WHERE endpoint = ?", (endpoint,))
