"""Snapshots, and what is not as it was between two of them."""

from typing import Literal

from msgspec import Struct

from sentinel.model.snapshot import Snapshot, SnapshotLine
from sentinel.snapshots import Comparison, compare_latest, compare_one, compare_since
from sentinel.store import snapshots
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit


class SnapshotQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """With `edges` only both sides of each turn from good to bad."""

    edges: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class DiffQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """`since` is a time, or `good` for the last known good snapshot."""

    since: float | Literal["good"] = "good"


async def _list(call: Call) -> Listing[SnapshotLine]:
    query: SnapshotQuery = call.query
    before = number_after(query.cursor)
    found = await call.read(
        lambda conn: snapshots.listing(
            conn, edges=query.edges, before=before, limit=query.limit + 1
        )
    )
    return page_of(found, query.limit, lambda one: str(one.id))


async def _get(call: Call) -> Snapshot:
    number = call.number
    return await call.find(lambda conn: snapshots.get(conn, number), "snapshot")


async def _diff(call: Call) -> Comparison:
    since, terms = call.query.since, call.config.snapshots
    if since == "good":
        return await call.find(lambda conn: compare_latest(conn, terms), "snapshot")
    return await call.find(lambda conn: compare_since(conn, since, terms), "snapshot")


async def _diff_of(call: Call) -> Comparison:
    number, terms = call.number, call.config.snapshots
    after = await call.find(lambda conn: snapshots.get(conn, number), "snapshot")
    return await call.read(lambda conn: compare_one(conn, after, terms))


async def _accept(call: Call) -> Snapshot:
    number = call.number
    await call.find(lambda conn: snapshots.get(conn, number), "snapshot")
    await call.change(
        "snapshot accepted as good",
        f"snapshot {number}",
        lambda conn: snapshots.accept(conn, number),
    )
    return await call.find(lambda conn: snapshots.get(conn, number), "snapshot")


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/snapshots",
        summary="Snapshots of health rounds, newest first",
        handler=_list,
        query=SnapshotQuery,
        reply=Listing[SnapshotLine],
    ),
    Endpoint(
        method="GET",
        path="/snapshots/diff",
        summary="The latest snapshot beside the last known good one, or that of a time",
        handler=_diff,
        query=DiffQuery,
        reply=Comparison,
    ),
    Endpoint(
        method="GET",
        path="/snapshots/{id:number}",
        summary="One snapshot",
        handler=_get,
        reply=Snapshot,
    ),
    Endpoint(
        method="GET",
        path="/snapshots/{id:number}/diff",
        summary="A snapshot beside the good one that it was judged by",
        handler=_diff_of,
        reply=Comparison,
    ),
    Endpoint(
        method="POST",
        path="/snapshots/{id:number}/accept",
        summary="Accept a snapshot as a good one",
        handler=_accept,
        reply=Snapshot,
        role="responder",
    ),
)
