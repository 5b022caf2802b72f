"""A comparison as a person reads it: both sides, the differences, what changed between them, and
what to do."""

import sqlite3
from collections.abc import Iterable, Iterator

from msgspec import Struct

from sentinel.config.schema_snapshots import Snapshots
from sentinel.intelligence.untrusted import one_line
from sentinel.model.signal import Change
from sentinel.model.snapshot import Snapshot
from sentinel.snapshots.compare import compare
from sentinel.snapshots.compare.context import NO_RELEASE
from sentinel.snapshots.difference import Difference
from sentinel.snapshots.judging import unmet
from sentinel.store import rounds
from sentinel.store import snapshots as snapshot_store

_WEEK, _HALF_AN_HOUR = 7 * 86_400.0, 1_800.0
_MOST_USUAL = 6
_MOST_CHANGES = 20
_MOST_ACTIONS = 8


class Comparison(Struct, frozen=True, kw_only=True):
    """`before` is None where there is none to compare with. `minutes` lie between the two sides,
    `changes` are the deploys and other changes between them, newest first, `actions` what to do
    first, and `unmet` says why `after` is no good one."""

    before: Snapshot | None
    after: Snapshot
    minutes: int | None
    differences: list[Difference]
    changes: list[Change]
    actions: list[str]
    unmet: list[str]

    @property
    def worse(self) -> list[Difference]:
        return [one for one in self.differences if one.kind == "worse"]


def compare_latest(conn: sqlite3.Connection, terms: Snapshots) -> Comparison | None:
    """The latest snapshot with the last known good one; None where none was taken yet."""
    latest = snapshot_store.latest(conn)
    return None if latest is None else compare_one(conn, latest, terms)


def compare_one(conn: sqlite3.Connection, after: Snapshot, terms: Snapshots) -> Comparison:
    """A snapshot with the good one that it was judged by; with itself where somebody has accepted
    it meanwhile, or where it is the first good one."""
    if after.good and after.worse:
        return comparison(conn, after, after, terms)
    baseline = None if after.baseline is None else snapshot_store.get(conn, after.baseline)
    before = baseline or snapshot_store.last_good(conn, after.id)
    if before is None and after.good:
        before = after
    return comparison(conn, before, after, terms)


def compare_since(
    conn: sqlite3.Connection, since: float, terms: Snapshots, after: Snapshot | None = None
) -> Comparison | None:
    """The latest snapshot, or the given one, with the one that was taken last at a time."""
    after = after or snapshot_store.latest(conn)
    if after is None:
        return None
    return comparison(conn, snapshot_store.at_or_before(conn, since), after, terms)


def comparison(
    conn: sqlite3.Connection, before: Snapshot | None, after: Snapshot, terms: Snapshots
) -> Comparison:
    differences: list[Difference] = []
    changes: list[Change] = []
    if before is not None:
        differences = compare(before, after, terms, lambda: usual(conn, after))
        changes = rounds.changes(conn, before.seq, after.seq, _MOST_CHANGES)
    return Comparison(
        before=before,
        after=after,
        minutes=None if before is None else round(abs(after.at - before.at) / 60),
        differences=differences,
        changes=changes,
        actions=list(_actions(differences, changes))[:_MOST_ACTIONS],
        unmet=unmet(after, terms.good),
    )


def usual(conn: sqlite3.Connection, snapshot: Snapshot) -> list[Snapshot]:
    """Some of the snapshots of the same hour a week before, but for critical ones."""
    return snapshot_store.around(conn, snapshot.at - _WEEK, _HALF_AN_HOUR, _MOST_USUAL)


def _actions(differences: Iterable[Difference], changes: Iterable[Change]) -> Iterator[str]:
    """What changed comes first: most regressions follow a change."""
    worse = [one for one in differences if one.kind == "worse"]
    if not worse:
        return
    for change in list(changes)[:3]:
        by = f" by {change.author}" if change.author else ""
        what = one_line(change.summary or change.kind)
        yield f"Check whether this change is the reason, and take it back if so: {what}{by}."
    # Our own checksums are among the changes already.
    for one in differences:
        if one.category == "release" and one.before != NO_RELEASE:
            yield f"Compare with the release before: {one.sentence}, it was {one.before}."
    for one in worse:
        yield _advice(one)


def _advice(one: Difference) -> str:
    if one.category == "component":
        return f"Look at {one.subject} before what depends on it: it is {one.after}."
    if one.category == "count":
        return (
            f"Stop what deletes or imports {one.subject} until it is clear where they went: "
            f"{one.before} became {one.after}."
        )
    if one.category == "new_error":
        return f"Open the error that is new: {one.subject}."
    if one.category == "latency":
        return f"Look at the load and the slow calls of {one.subject}."
    return f"Read which errors are behind it: {one.sentence}."
