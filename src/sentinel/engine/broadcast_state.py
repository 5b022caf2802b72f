"""The broadcasts that may yet change, with all that was said in them."""

from collections import defaultdict
from collections.abc import Collection

from sentinel.engine.broadcast_rules import BroadcastRule
from sentinel.model.broadcast import Broadcast, Update


class Broadcasts:
    """`touched` are the incidents that changed since their broadcasts were looked at, each with the
    alerts that did, None for all of them; `folded` says of those that were folded into which."""

    def __init__(self) -> None:
        self.known: dict[int, Broadcast] = {}
        self.updates: defaultdict[int, dict[int, Update]] = defaultdict(dict)
        """Those of each broadcast, by number."""
        self.of_incident: defaultdict[int, set[int]] = defaultdict(set)
        self.touched: dict[int, set[int] | None] = {}
        self.folded: dict[int, int] = {}
        self.last = 0
        self.last_update = 0

    def touch(self, incident: int, alert: int | None = None) -> None:
        changed = self.touched.setdefault(incident, set())
        if changed is not None and alert is not None:
            changed.add(alert)

    def put(self, broadcast: Broadcast) -> None:
        before = self.known.get(broadcast.id)
        if before is not None and before.incident is not None:
            self.of_incident[before.incident].discard(broadcast.id)
        self.known[broadcast.id] = broadcast
        if broadcast.incident is not None:
            self.of_incident[broadcast.incident].add(broadcast.id)

    def forget(self, broadcast: Broadcast) -> None:
        self.known.pop(broadcast.id, None)
        self.updates.pop(broadcast.id, None)
        if broadcast.incident is not None:
            self.of_incident[broadcast.incident].discard(broadcast.id)
            if not self.of_incident[broadcast.incident]:
                del self.of_incident[broadcast.incident]

    def about(self, incident: int) -> list[Broadcast]:
        """The oldest first."""
        return [self.known[number] for number in sorted(self.of_incident.get(incident, ()))]

    def said(self, broadcast: int) -> list[Update]:
        """The oldest first."""
        return [one for _, one in sorted(self.updates.get(broadcast, {}).items())]

    def update(self, number: int) -> Update | None:
        found = (updates.get(number) for updates in self.updates.values())
        return next((one for one in found if one is not None), None)

    def is_wanted(self, broadcast: Broadcast, incidents: Collection[int], now: float) -> bool:
        """Whether something may yet come of it: an incident that goes on has begun it, and must
        not begin another; an announced time is yet to come; or an update waits."""
        return (
            broadcast.ended is None
            or broadcast.incident in incidents
            or (broadcast.ends is not None and broadcast.ends > now)
            or any(one.waits for one in self.updates.get(broadcast.id, {}).values())
        )


def all_clear_at(broadcast: Broadcast, rule: BroadcastRule | None) -> float:
    """When the end of its incident is told, if that lasts."""
    assert broadcast.cleared is not None
    return broadcast.cleared + (rule.resolve_after if rule else 0.0)


def due_of(
    broadcast: Broadcast, said: Collection[Update], rule: BroadcastRule | None
) -> float | None:
    """When a held update goes out, or the end is told."""
    times = [one.publish_at for one in said if one.state == "held"]
    if broadcast.ended is None and broadcast.cleared is not None:
        times.append(all_clear_at(broadcast, rule))
    return min((time for time in times if time is not None), default=None)
