"""What the status page is made of: states of components over time, published updates, and the
counters by which the links of tenants are taken back. Only what is meant for clients is read."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection
from itertools import groupby

import msgspec
from msgspec import Struct

from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.signal import State
from sentinel.model.uptime import Span
from sentinel.store import broadcasts, meta

_MOST = 100
_GENERATION = "status_links:"
_decode = msgspec.msgpack.Decoder(Broadcast).decode


class Course(Struct):
    """What one component was: `spans` has a list for each of its sources, `now` the states that
    hold at this moment. `heard` is whether any source was ever heard of."""

    spans: list[list[Span]]
    now: list[State]
    heard: bool = False


def courses(
    conn: sqlite3.Connection,
    names: Collection[str],
    tenant: str | None,
    environments: Collection[str],
    since: float,
    now: float,
) -> dict[str, Course]:
    """Of each of the components. What is heard of one tenant alone counts for that tenant, and no
    `environments` are all of them."""
    rows = conn.execute(
        "SELECT name, tenant, environment, source, began, ended, state, NULL AS until"
        " FROM component_spans WHERE name IN (SELECT value FROM json_each(:names))"
        " AND ended > :since UNION ALL"
        " SELECT name, tenant, environment, source, since, min(until, :now), status, until"
        " FROM components WHERE name IN (SELECT value FROM json_each(:names))"
        " ORDER BY name, tenant, environment, source, began",
        {"names": msgspec.json.encode(list(names)).decode(), "since": since, "now": now},
    )
    found: dict[str, Course] = defaultdict(lambda: Course([], []))
    for source, same in groupby(rows, key=lambda row: tuple(row[:4])):
        name, of_tenant, environment, _ = source
        if of_tenant not in ("", tenant or ""):
            continue
        if environments and environment not in environments:
            continue
        course = found[name]
        course.heard = True
        spans = []
        for row in same:
            spans.append(Span(row["began"], row["ended"], row["state"]))
            if row["until"] is not None and row["until"] >= now:
                course.now.append(row["state"])
        course.spans.append(spans)
    return dict(found)


def published(
    conn: sqlite3.Connection, tenant: str | None, since: float
) -> list[tuple[Broadcast, list[Update]]]:
    """The broadcasts with their published updates, oldest first, that the public may read, or
    this tenant: at most a hundred, those that go on and the newest first. Those of which nothing
    was published are not among them, nor those that go on in another."""
    rows = conn.execute(
        "SELECT body FROM broadcasts WHERE (ended IS NULL OR ended > ?) AND merged IS NULL"
        " AND id IN (SELECT broadcast_id FROM updates WHERE state = 'published')"
        " ORDER BY ended IS NULL DESC, opened DESC, id DESC",
        (since,),
    )
    found: list[tuple[Broadcast, list[Update]]] = []
    for row in rows:
        broadcast = _decode(row["body"])
        if not _is_for(conn, broadcast, tenant):
            continue
        told = broadcasts.updates_of(conn, broadcast.id)
        found.append((broadcast, [one for one in told if one.state == "published"]))
        if len(found) == _MOST:
            break
    return found


def moved(conn: sqlite3.Connection, shown: Collection[int]) -> dict[int, int]:
    """Of the broadcasts that go on in one of these, in which: their links were passed on."""
    return {
        merged: number
        for number in shown
        for merged in broadcasts.family(conn, number)
        if merged != number
    }


def generation(conn: sqlite3.Connection, tenant: str) -> int:
    """A link of a tenant's page that was made in an earlier generation opens nothing any more."""
    return int(meta.get(conn, _GENERATION + tenant) or 0)


def take_back(conn: sqlite3.Connection, tenant: str) -> None:
    """Ends every link of the tenant's page that was made until now."""
    meta.set(conn, _GENERATION + tenant, str(generation(conn, tenant) + 1))


def knows_tenant(conn: sqlite3.Connection, tenant: str) -> bool:
    row = conn.execute("SELECT 1 FROM tenants WHERE name = ?", (tenant,)).fetchone()
    return row is not None


def tenant_names(conn: sqlite3.Connection) -> list[str]:
    return [row[0] for row in conn.execute("SELECT name FROM tenants ORDER BY name LIMIT 1000")]


def _is_for(conn: sqlite3.Connection, broadcast: Broadcast, tenant: str | None) -> bool:
    """What is for the affected alone is for nobody else, also while none of them is known."""
    if broadcast.audience != "affected":
        return True
    return tenant is not None and tenant in broadcasts.tenants_of(conn, broadcast.id)
