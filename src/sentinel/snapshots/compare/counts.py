"""Data that is not there any more, or of which there is suddenly more."""

from collections.abc import Iterator, Mapping

from sentinel.config.schema_snapshots import Count
from sentinel.model.alert import AlertSeverity
from sentinel.model.snapshot import DataCount, Snapshot
from sentinel.snapshots.difference import Difference, Kind
from sentinel.snapshots.words import number

_HALF = 0.5


def differences(
    before: Snapshot, after: Snapshot, terms: Mapping[str, Count]
) -> Iterator[Difference]:
    """Counts of which nothing is configured any more are left out."""
    was = {one.subject: one for one in before.counts}
    now = {one.subject: one for one in after.counts}
    for subject, old in was.items():
        own = terms.get(old.name)
        if own is not None:
            new = now.get(subject)
            yield _missing(old) if new is None else _compared(old, new, own)


def _compared(old: DataCount, new: DataCount, terms: Count) -> Difference:
    kind, severity = _verdict(old, new, terms)
    return Difference(
        category="count",
        subject=new.subject,
        before=number(old.value),
        after=number(new.value),
        kind=kind,
        severity=severity,
        sentence=_sentence(old, new),
    )


def _verdict(old: DataCount, new: DataCount, terms: Count) -> tuple[Kind, AlertSeverity]:
    if new.value == old.value:
        return "same", "info"
    change = (new.value - old.value) / abs(old.value) if old.value else None
    if change is None:
        # Of nothing there is no share.
        return "changed", "info"
    if change < 0 and terms.drop is not None and -change >= terms.drop:
        return "worse", "critical" if -change >= _HALF else "warning"
    if change > 0 and terms.rise is not None and change >= terms.rise:
        return "worse", "warning"
    return "changed", "info"


def _sentence(old: DataCount, new: DataCount) -> str:
    off = new.value - old.value
    what = "gone" if off < 0 else "more"
    where = f" ({new.about})" if new.about else ""
    told = f"{number(abs(off))} {new.name} {what}{where}"
    return f"{told}: {number(old.value)} became {number(new.value)}"


def _missing(old: DataCount) -> Difference:
    return Difference(
        category="count",
        subject=old.subject,
        before=number(old.value),
        after="-",
        kind="changed",
        sentence=f"{old.subject} is not counted any more; it was {number(old.value)}",
    )
