"""Broadcasts: what clients are told of an incident, or of announced work."""

from typing import Literal

from msgspec import Struct, field

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
"""The tenants that the incident reaches, whoever subscribed to the components, or everybody."""

INCIDENT_PHASES: tuple[Phase, ...] = ("investigating", "identified", "monitoring", "resolved")
MAINTENANCE_PHASES: tuple[Phase, ...] = ("scheduled", "in_progress", "completed")
AFTERWARDS: tuple[Phase, ...] = ("correction", "retraction", "postmortem")
"""What may be said of something that clients were told, also when it is over."""
LAST_PHASES: tuple[Phase, ...] = ("resolved", "completed", "retraction")
"""With these a broadcast ends."""


class Broadcast(Struct, frozen=True, kw_only=True):
    """One story that clients follow, made of updates.

    `rule` is the entry of `broadcasts:` or of `maintenance:` that began it, empty for one that a
    person wrote. `tenants` are those that the alerts of its incident name; whom else it concerns
    the store finds out from the signals. `phase` is that of the latest published update, None
    before the first. `starts` and `ends` are the announced times of maintenance.

    `origin` is what was believed to be the cause when it began. `cleared` is since when its
    incident has been over, until that is confirmed to the clients. `merged` is the broadcast in
    which it goes on, as both were about one incident. Times are seconds since 1970 UTC.
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
    origin: str = ""
    cleared: float | None = None
    merged: int | None = None


class Update(Struct, frozen=True, kw_only=True):
    """One message of a broadcast. A held one goes out at `publish_at` unless somebody stops it.

    `text` is what goes out in no language but those of `translations`. `by` is who wrote, published
    or vetoed it last; empty for Sentinel itself. `reason` says why it was vetoed. `told` is the
    number of deliveries that were written for it, None until all are.
    """

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
    translations: dict[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def waits(self) -> bool:
        """Whether it may yet go out."""
        return self.state in ("draft", "held")

    def words(self, language: str) -> str:
        return self.translations.get(language, self.text)
