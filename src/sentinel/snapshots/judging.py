"""Whether a snapshot is a good one, and whether it is worse than the last that was. Pure."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from sentinel.config.schema_snapshots import Good, Snapshots
from sentinel.model.alert import SEVERITY_RANK
from sentinel.model.snapshot import (
    OVERALL_RANK,
    ActiveAlert,
    ComponentState,
    Overall,
    Snapshot,
)
from sentinel.snapshots.difference import Difference


def overall_of(components: Iterable[ComponentState], alerts: Iterable[ActiveAlert]) -> Overall:
    """As the home page has it: critical by an alert, degraded by an alert or a component."""
    severities = {one.severity for one in alerts}
    if "critical" in severities:
        return "critical"
    troubled = any(one.state in ("degraded", "down") for one in components)
    return "degraded" if troubled or "warning" in severities else "healthy"


def unmet(snapshot: Snapshot, terms: Good) -> list[str]:
    """The terms of a good one that this one does not meet, as sentences."""
    found = []
    if OVERALL_RANK[snapshot.overall] > OVERALL_RANK[terms.overall]:
        found.append(f"overall it is {snapshot.overall}, and {terms.overall} is good")
    open_ones = [one.rule for one in snapshot.alerts if _matters(one, terms)]
    if open_ones:
        named = ", ".join(sorted(set(open_ones))[:5])
        found.append(f"nobody has acknowledged {named}")
    return found


def judged(
    taken: Snapshot,
    previous: Snapshot | None,
    good: Snapshot | None,
    differences: Sequence[Difference],
    terms: Snapshots,
) -> Snapshot:
    """The snapshot with all that follows from the one before and the comparison with `good`."""
    worse = sum(one.kind == "worse" for one in differences)
    was = previous or taken
    worse_for = was.worse_for + 1 if worse else 0
    calm_for = 0 if worse else was.calm_for + 1
    # What began it must last for some rounds, and so must its end: a single look is noise.
    regressed = calm_for < terms.worse.rounds if was.regressed else worse_for >= terms.worse.rounds
    healthy = not worse and not regressed and not unmet(taken, terms.good)
    return replace(
        taken,
        baseline=None if good is None else good.id,
        worse=worse,
        worse_for=worse_for,
        calm_for=calm_for,
        regressed=regressed,
        healthy_since=_since(was, taken.at) if healthy else None,
    )


def settled(snapshot: Snapshot, terms: Snapshots) -> tuple[float, float] | None:
    """Between which times the healthy snapshots are now known to be good; None for no times.

    Only what has stayed good for a while is: while errors begin to pile up, the first rounds still
    look healthy, and would drag what they are compared with along.
    """
    if snapshot.healthy_since is None:
        return None
    until = snapshot.at - terms.good.for_
    return (snapshot.healthy_since, until) if snapshot.healthy_since <= until else None


def _since(was: Snapshot, now: float) -> float:
    return now if was.healthy_since is None else was.healthy_since


def _matters(alert: ActiveAlert, terms: Good) -> bool:
    if alert.acknowledged or terms.unacknowledged == "none":
        return False
    return SEVERITY_RANK[alert.severity] >= SEVERITY_RANK[terms.unacknowledged]
