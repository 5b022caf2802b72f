"""Silences as the web sets and ends them, each with its entry in the audit trail."""

import sqlite3

from sentinel.errors import Invalid
from sentinel.model.silence import Silence
from sentinel.store import silences
from sentinel.store.audit import Noted
from sentinel.web.services import Services

MOST_LASTING = 1_000
"""Every alert is held against each of them."""


async def put_silence(services: Services, asked: Silence, by: str, how: str = "") -> Silence:
    """Set a new one, or change one that has a number; returns it as it is now."""
    now = services.clock.now()
    if not asked.id:
        count = await services.database.read(lambda conn: len(silences.lasting(conn, now)))
        if count >= MOST_LASTING:
            raise Invalid(
                f"found {count:,} silences that are not over, expected fewer than "
                f"{MOST_LASTING:,}: end some, or widen the matchers of one"
            )

    def find(conn: sqlite3.Connection) -> Silence | None:
        return silences.get(conn, asked.id) if asked.id else silences.like(conn, asked)

    def noting(conn: sqlite3.Connection) -> Noted | None:
        found = find(conn)
        action = "silence changed" if asked.id else "silence set"
        return None if found is None else _noted(by, action, found, how)

    await services.pipeline.silence(asked, noting)
    found = await services.database.read(find)
    assert found is not None
    return found


async def end_silence(services: Services, silence: Silence, by: str, how: str = "") -> None:
    noted = _noted(by, "silence ended", silence, how)
    await services.pipeline.end_silence(silence.id, by, lambda _: noted)


def _noted(by: str, action: str, silence: Silence, how: str) -> Noted:
    detail = ", ".join(filter(None, (", ".join(silence.matchers)[:500], how)))
    return Noted(by, action, f"silence {silence.id}", detail)
