"""What a status page says, and nothing else: no name, host or number from inside gets here."""

from typing import Literal

from msgspec import Struct, field

from sentinel.model.alert import AlertSeverity
from sentinel.model.broadcast import BroadcastKind, Phase

PartState = Literal["up", "degraded", "partial", "down", "maintenance", "unknown"]
"""`unknown` is what was measured and has fallen silent."""

RANK: dict[PartState, int] = {
    "up": 0,
    "unknown": 1,
    "maintenance": 2,
    "degraded": 3,
    "partial": 4,
    "down": 5,
}
WINDOWS = (30, 60, 90)
"""Days that shares of uptime are told of."""


class Day(Struct, frozen=True, kw_only=True):
    """A day by the clocks of the page, which begins at `at`. `down` and `degraded` in seconds."""

    at: float
    state: PartState
    down: float = 0.0
    degraded: float = 0.0


class Part(Struct, frozen=True, kw_only=True):
    """One line of the page. `days` ends with today; it is empty for what is not measured, of which
    broadcasts alone tell. `uptime` has the shares, from 0 to 1, of the last 30, 60 and 90 days,
    None where nothing is known. `changed` is when the state turned, None where nobody knows."""

    id: str
    title: str
    group: str
    description: str
    state: PartState
    days: tuple[Day, ...] = ()
    uptime: tuple[float | None, ...] = (None, None, None)
    changed: float | None = None


class Told(Struct, frozen=True, kw_only=True):
    """A published update. `phase` is as it was sent, `stage` how far the story was with it: a
    correction leaves that as it was."""

    id: int
    phase: Phase
    stage: Phase
    text: str
    at: float


class Story(Struct, frozen=True, kw_only=True):
    """A broadcast as clients read it; `updates` oldest first, one at least. `parts` are the ids of
    those that the page shows. `ended` is None while it goes on."""

    id: int
    kind: BroadcastKind
    title: str
    severity: AlertSeverity
    parts: tuple[str, ...]
    updates: tuple[Told, ...]
    opened: float
    ended: float | None
    starts: float | None
    ends: float | None

    @property
    def stage(self) -> Phase:
        return self.updates[-1].stage

    @property
    def changed(self) -> float:
        return self.updates[-1].at

    @property
    def is_open(self) -> bool:
        return self.ended is None

    def is_upcoming(self, now: float) -> bool:
        """Announced work that has not begun."""
        began = self.stage != "scheduled" or (self.starts is not None and self.starts <= now)
        return self.kind == "maintenance" and self.is_open and not began


class Facts(Struct, frozen=True, kw_only=True):
    """`at` is when they were read. `stories` are in the order of their beginnings, newest first;
    `moved` says in which of them others go on. `generation` is that of the tenant's links."""

    at: float
    overall: PartState
    parts: tuple[Part, ...]
    stories: tuple[Story, ...]
    moved: dict[int, int] = field(default_factory=dict)
    generation: int = 0

    def going_on(self) -> list[Story]:
        """Incidents that are open."""
        return [one for one in self.stories if one.is_open and one.kind == "incident"]

    def working(self) -> list[Story]:
        """Maintenance that is in progress."""
        return [
            one
            for one in self.stories
            if one.is_open and one.kind == "maintenance" and not one.is_upcoming(self.at)
        ]

    def upcoming(self) -> list[Story]:
        """Announced maintenance, the next first."""
        found = [one for one in self.stories if one.is_upcoming(self.at)]
        return sorted(found, key=lambda one: (one.starts or one.opened, one.id))

    def past(self) -> list[Story]:
        return [one for one in self.stories if not one.is_open]

    def title_of(self, part: str) -> str:
        return next((one.title for one in self.parts if one.id == part), "")
