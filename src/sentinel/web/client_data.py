"""What users of Sentinel may see of clients: viewers see that there is somebody, responders whom.
Each look at the whole of it is noted in the audit trail."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from sentinel.discretion import masked
from sentinel.store import audit
from sentinel.store.accounts import User
from sentinel.store.clients import Reached
from sentinel.store.database import Database
from sentinel.web import auth

_T = TypeVar("_T")


def may_see(user: User) -> bool:
    return auth.may(user, "responder")


def shown(user: User, reached: Reached) -> Reached:
    """With names and addresses hidden from viewers."""
    if may_see(user):
        return reached
    name = reached.contact.name
    return Reached(
        contact=replace(reached.contact, name=f"{name[:1]}…" if name else ""),
        subscriptions=tuple(
            replace(one, address=masked(one.address)) for one in reached.subscriptions
        ),
    )


async def read_noted(
    database: Database,
    user: User,
    query: Callable[[sqlite3.Connection], _T],
    object: str,
    now: float,
    detail: str = "",
) -> _T:
    """What the query finds; that somebody saw it is noted first, if there is anything to see."""
    found = await database.read(query)
    if found and may_see(user):
        await database.write(
            lambda conn: audit.note(conn, now, user.name, "clients read", object, detail)
        )
    return found
