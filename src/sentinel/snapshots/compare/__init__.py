"""Two snapshots against each other. Pure: records in, differences out."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from sentinel.config.schema_snapshots import Snapshots
from sentinel.model.snapshot import Snapshot
from sentinel.snapshots.compare import components, context, counts, errors, latencies
from sentinel.snapshots.difference import Difference, Key

Usual = Callable[[], Sequence[Snapshot]]


def compare(
    before: Snapshot, after: Snapshot, terms: Snapshots, usual: Usual = tuple
) -> list[Difference]:
    """What is not as it was, the worst first. `usual` are snapshots of the same hour a week ago:
    what is no worse than in one of them is a change, and no regression. They are only asked for
    where something is worse that has a rhythm."""
    rhythmic = [one for one in _rhythmic(before, after, terms) if one.kind != "same"]
    worse = {one.key for one in rhythmic if one.kind == "worse"}
    if terms.weekly and worse:
        seen = _seen_before(usual(), after, terms, worse)
        rhythmic = [_excused(one) if one.key in seen else one for one in rhythmic]
    found = [
        *rhythmic,
        *components.differences(before, after),
        *errors.new_groups(before, after, terms.worse),
        *context.differences(before, after),
    ]
    return sorted(found, key=lambda one: one.rank)


def _rhythmic(before: Snapshot, after: Snapshot, terms: Snapshots) -> Iterator[Difference]:
    """What has a rhythm of days and weeks, also where it is alike."""
    yield from errors.differences(before, after, terms.worse)
    yield from latencies.differences(before, after, terms.worse)
    yield from counts.differences(before, after, terms.counts)


def _seen_before(
    usual: Iterable[Snapshot], after: Snapshot, terms: Snapshots, worse: set[Key]
) -> set[Key]:
    """What of all that is worse was compared with a usual snapshot, and is not worse than there."""
    seen: set[Key] = set()
    for snapshot in usual:
        left = _only(after, worse - seen)
        found = [one for one in _rhythmic(snapshot, left, terms) if one.kind != "worse"]
        seen.update(one.key for one in found if one.key in worse)
    return seen


def _only(snapshot: Snapshot, keys: set[Key]) -> Snapshot:
    """Without the many things that need not be compared again."""
    return replace(
        snapshot,
        latencies=tuple(one for one in snapshot.latencies if ("latency", one.name) in keys),
        counts=tuple(one for one in snapshot.counts if ("count", one.subject) in keys),
    )


def _excused(one: Difference) -> Difference:
    sentence = f"{one.sentence}, as at this hour a week ago"
    return replace(one, kind="changed", severity="info", sentence=sentence)
