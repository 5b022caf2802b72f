"""Contacts from a file, without holding up what else is to be stored."""

from collections.abc import Sequence
from functools import partial

from sentinel.clients import table
from sentinel.store import audit
from sentinel.store.database import Database

# So many rows take about 0.1 s: a page never waits longer for its turn.
_BITE = 100


async def take_table(
    database: Database, rows: Sequence[table.Row], actor: str, now: float, how: str
) -> list[table.Step]:
    """In bites, each of them whole: what was taken before a crash is simply found again when the
    file is imported once more."""
    steps: list[table.Step] = []
    for start in range(0, len(rows), _BITE):
        some = rows[start : start + _BITE]
        steps += await database.write(partial(table.take, rows=some, actor=actor, now=now))
    counts = {what: sum(one.what == what for one in steps) for what in ("new", "changed")}
    detail = f"{counts['new']} new, {counts['changed']} changed, {how}"
    await database.write(lambda conn: audit.note(conn, now, actor, "clients imported", "", detail))
    return steps
