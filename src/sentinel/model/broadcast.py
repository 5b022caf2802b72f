"""Broadcasts: what clients are told of an incident, or of announced work."""

from typing import Literal

from msgspec import Struct

from sentinel.model.alert import AlertSeverity

BroadcastKind = Literal["incident", "maintenance"]
Phase = Literal[
    "investigating",
    "identified",
    "monitoring",
    "resolved",
    "scheduled",
    "in_progress",
    "completed",
    "correction",
    "retraction",
    "postmortem",
]
UpdateState = Literal["draft", "held", "published", "vetoed"]
BroadcastAudience = Literal["affected", "subscribers", "all"]


class Broadcast(Struct, frozen=True, kw_only=True):
    """One story that clients follow, made of updates.

    `rule` is the entry of `broadcasts:` that began it, empty for one that a person wrote. `tenants`
    are those whom it concerns, none where it is for everybody. `phase` is that of the latest
    published update, None before the first. `starts` and `ends` are the announced times of
    maintenance. Times are seconds since 1970 UTC.
    """

    id: int
    kind: BroadcastKind = "incident"
    rule: str = ""
    incident: int | None = None
    title: str
    severity: AlertSeverity = "warning"
    components: tuple[str, ...] = ()
    audience: BroadcastAudience = "affected"
    tenants: tuple[str, ...] = ()
    phase: Phase | None = None
    opened: float
    ended: float | None = None
    starts: float | None = None
    ends: float | None = None


class Update(Struct, frozen=True, kw_only=True):
    """One message of a broadcast. A held one goes out at `publish_at` unless somebody stops it.
    `by` is who wrote, published or vetoed it last; empty for Sentinel itself. `told` is the number
    of deliveries that were written for it, None until all are."""

    id: int
    broadcast: int
    phase: Phase
    text: str
    state: UpdateState
    created: float
    publish_at: float | None = None
    published: float | None = None
    by: str = ""
    told: int | None = None
