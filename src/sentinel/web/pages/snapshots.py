"""Health: the latest snapshot, or any other, beside the last known good one."""

import sqlite3

from msgspec import Struct
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.config.schema_snapshots import Snapshots
from sentinel.model.snapshot import SnapshotLine
from sentinel.snapshots import Comparison, compare_latest, compare_one
from sentinel.snapshots.comparison import comparison
from sentinel.snapshots.terms import good_in_words, worse_in_words
from sentinel.snapshots.words import seconds
from sentinel.store import snapshots
from sentinel.web.numbers import number_in
from sentinel.web.visit import Visit, signed_in

_MOST_ROUNDS, _MOST_TURNS = 15, 10


class HealthPage(Struct, frozen=True, kw_only=True):
    """`turns` are the snapshots on both sides of a turn from good to bad."""

    found: Comparison | None
    rounds: list[SnapshotLine]
    turns: list[SnapshotLine]


def load(
    conn: sqlite3.Connection, terms: Snapshots, number: int | None, before: int | None = None
) -> HealthPage | None:
    """None where there is no snapshot of a number."""
    if number is None:
        found = compare_latest(conn, terms)
    else:
        after = snapshots.get(conn, number)
        if after is None:
            return None
        other = None if before is None else snapshots.get(conn, before)
        found = comparison(conn, other, after, terms) if other else compare_one(conn, after, terms)
    return HealthPage(
        found=found,
        rounds=snapshots.listing(conn, limit=_MOST_ROUNDS),
        turns=snapshots.listing(conn, edges=True, limit=_MOST_TURNS),
    )


async def _show(visit: Visit) -> Response:
    number = visit.request.path_params.get("id")
    terms, before = visit.config.snapshots, number_in(visit.query("before"))
    page = await visit.find(lambda conn: load(conn, terms, number, before), "snapshot")
    found = page.found
    return await visit.render(
        "snapshots.html",
        page=page,
        found=found,
        chosen=number is not None,
        terms=terms,
        good=good_in_words(terms),
        worse_terms=worse_in_words(terms),
        releases=[] if found is None else _releases(found),
        seconds=seconds,
    )


def _releases(found: Comparison) -> list[tuple[str, str]]:
    return [(project, ", ".join(seen)) for project, seen in found.after.releases.items()]


async def _accept(visit: Visit) -> Response:
    number = visit.number("id")
    await visit.find(lambda conn: snapshots.get(conn, number), "snapshot")
    await visit.change(
        "snapshot accepted as good",
        f"snapshot {number}",
        lambda conn: snapshots.accept(conn, number),
    )
    return RedirectResponse("/snapshots?done=snapshot-accepted", 303)


routes = [
    Route("/snapshots", signed_in(_show)),
    Route("/snapshots/{id:number}", signed_in(_show)),
    Route("/snapshots/{id:number}/accept", signed_in(_accept, "responder"), methods=["POST"]),
]
