"""Components that are in another state."""

from collections.abc import Iterator

from sentinel.model.alert import AlertSeverity
from sentinel.model.signal import State
from sentinel.model.snapshot import ComponentState, Snapshot
from sentinel.snapshots.difference import Difference, Kind

_RANK: dict[State, int] = {"up": 0, "unknown": 1, "degraded": 2, "down": 3}
_SEVERITY: dict[State, AlertSeverity] = {
    "up": "info",
    "unknown": "warning",
    "degraded": "warning",
    "down": "critical",
}
_MOST_SAID = 120


def differences(before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    was = {one.subject: one for one in before.components}
    now = {one.subject: one for one in after.components}
    for subject in sorted(was.keys() | now.keys()):
        old, new = was.get(subject), now.get(subject)
        if old is None or new is None:
            yield _appeared(new) if new is not None else _gone(subject, was[subject])
        elif old.state != new.state:
            yield _turned(old, new)


def _turned(old: ComponentState, new: ComponentState) -> Difference:
    kind: Kind = "worse" if _RANK[new.state] > _RANK[old.state] else "better"
    if kind == "better" and new.state == "unknown":
        # It was in trouble and is silent: nobody knows that it is better.
        kind = "changed"
    said = f": {new.message[:_MOST_SAID]}" if new.message and kind == "worse" else ""
    return Difference(
        category="component",
        subject=new.subject,
        before=old.state,
        after=new.state,
        kind=kind,
        severity=_SEVERITY[new.state] if kind == "worse" else "info",
        sentence=f"{new.subject} was {old.state} and is {new.state}{said}",
    )


def _appeared(new: ComponentState) -> Difference:
    """There is nothing that it could be worse than."""
    return Difference(
        category="component",
        subject=new.subject,
        before="-",
        after=new.state,
        kind="changed",
        sentence=f"{new.subject} is new, and {new.state}",
    )


def _gone(subject: str, old: ComponentState) -> Difference:
    return Difference(
        category="component",
        subject=subject,
        before=old.state,
        after="-",
        kind="changed",
        sentence=f"nothing is heard of {subject} any more, which was {old.state}",
    )
