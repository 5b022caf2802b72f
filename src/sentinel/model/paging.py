"""Pagings: how far the telling of incidents has come, route by route."""

from msgspec import Struct, field

from sentinel.model.alert import AlertSeverity
from sentinel.model.delivery import Reason, Recipient
from sentinel.model.rest import Rest


class Gate(Struct, frozen=True):
    """What keeps a paging from telling anybody: `reason` is muted, silenced, inhibited or
    maintenance. `until` is when it is known to end; None where something must happen first."""

    reason: str
    text: str
    until: float | None = None


class Held(Struct, frozen=True):
    """A message that waits until its recipient may be told, and what for."""

    until: float
    recipient: Recipient
    reason: Reason
    incidents: tuple[int, ...]
    severity: AlertSeverity
    rest: Rest = "quiet_hours"


class Paging(Struct, frozen=True, kw_only=True):
    """What one route has told, and will tell, of the incidents with one group key.

    `incidents` are those that are not over; those among them that are to be told of are in `news`
    until that is done at `flush_at`, and those of which anybody has heard are in `heard`. Those
    that ended are in `over` until `over_at`, and the severest of these was `over_severity`. `told`
    are the recipients who heard. `step` is the next step of the escalation and runs at `step_at`,
    `round` counts its repetitions, `repeat_at` is the time of the next reminder. With `anew` the
    next flush begins the escalation at its first step; `stood` is the step that was next when
    somebody had acknowledged all. `gate` keeps all of it quiet, and `blocked` says of incidents by
    what they were last. Times are seconds since 1970 UTC.
    """

    route: str
    key: str
    incidents: tuple[int, ...] = ()
    news: tuple[int, ...] = ()
    heard: tuple[int, ...] = ()
    over: tuple[int, ...] = ()
    told: tuple[Recipient, ...] = ()
    step: int = 0
    round: int = 0
    stood: int = 0
    anew: bool = False
    flushed: float | None = None
    flush_at: float | None = None
    step_at: float | None = None
    repeat_at: float | None = None
    over_at: float | None = None
    over_severity: AlertSeverity = "info"
    held: tuple[Held, ...] = ()
    gate: Gate | None = None
    blocked: dict[int, str] = field(default_factory=dict)

    @property
    def due(self) -> float | None:
        """When something is to be done about it next."""
        own = (self.flush_at, self.step_at, self.repeat_at)
        times = (self.gate.until,) if self.gate else own
        waiting = (self.over_at, *times, *(one.until for one in self.held))
        return min((time for time in waiting if time is not None), default=None)

    @property
    def stalled(self) -> bool:
        """Whether it waits for something that has no known time."""
        return self.gate is not None or (bool(self.news) and self.flush_at is None)
