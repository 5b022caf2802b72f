"""More errors a minute, and errors that are new."""

import math
from collections.abc import Iterator

from sentinel.config.schema_snapshots import Worse
from sentinel.model.alert import AlertSeverity
from sentinel.model.snapshot import ErrorCounts, SeenGroup, Snapshot
from sentinel.snapshots.difference import Difference, Kind
from sentinel.snapshots.words import number, times

_SURE = 4.0
"""Standard deviations that two counts must be apart: chance does that once in 30,000 times."""
_TITLE = 100


def differences(before: Snapshot, after: Snapshot, terms: Worse) -> Iterator[Difference]:
    """Of all errors, and of the critical ones. None where one of the two was not watched."""
    for subject, old, new in (
        ("errors", before.errors, after.errors),
        ("critical errors", _critical(before.errors), _critical(after.errors)),
    ):
        if old.seconds and new.seconds:
            yield _compared(subject, old, new, terms)


def new_groups(before: Snapshot, after: Snapshot, terms: Worse) -> Iterator[Difference]:
    for group in after.groups:
        if group.first_seen > before.at and group.count >= terms.min_new:
            yield _new(group)


def differ(few: ErrorCounts, many: ErrorCounts, terms: Worse) -> bool:
    """Whether the second is more often by the factor, often enough, and not by chance.

    If both came at one rate, each error would be one of the second's with the probability
    p = its share of the time: how far its number is from n p, in standard deviations of that
    binomial distribution, says how likely chance is (the conditional test of two Poisson rates,
    Przyborowski and Wilenski 1940).
    """
    if many.total < terms.min_errors or many.per_minute < terms.error_factor * few.per_minute:
        return False
    total, share = few.total + many.total, many.seconds / (few.seconds + many.seconds)
    return many.total - total * share >= _SURE * math.sqrt(total * share * (1 - share))


def _critical(counts: ErrorCounts) -> ErrorCounts:
    return ErrorCounts(seconds=counts.seconds, total=counts.by_severity.get("critical", 0))


def _compared(subject: str, old: ErrorCounts, new: ErrorCounts, terms: Worse) -> Difference:
    kind: Kind = "same"
    if differ(old, new, terms):
        kind = "worse"
    elif differ(new, old, terms):
        kind = "better"
    before, after = number(round(old.per_minute, 2)), number(round(new.per_minute, 2))
    severity: AlertSeverity = "info"
    if kind == "worse":
        far = new.per_minute >= terms.error_factor**2 * old.per_minute
        severity = "critical" if far and old.total else "warning"
    return Difference(
        category="error",
        subject=subject,
        before=f"{before}/min",
        after=f"{after}/min",
        kind=kind,
        severity=severity,
        sentence=_sentence(subject, old, new, before, after),
    )


def _sentence(subject: str, old: ErrorCounts, new: ErrorCounts, before: str, after: str) -> str:
    if not old.total:
        return f"{subject}: {after} a minute, there were none"
    return f"{subject} {times(new.per_minute / old.per_minute)}: {before} a minute became {after}"


def _new(group: SeenGroup) -> Difference:
    name = group.code or group.title[:_TITLE]
    return Difference(
        category="new_error",
        subject=f"{name} ({group.project}, group {group.id})",
        before="never",
        after=str(group.count),
        kind="worse",
        severity="critical" if group.severity == "critical" else "warning",
        sentence=f"{name} in {group.project} was never seen before, and now {group.count} times",
    )
