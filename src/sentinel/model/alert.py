"""Alerts and incidents: what the engine believes to be wrong."""

from typing import Literal

from msgspec import Struct, field

AlertState = Literal["pending", "firing", "acknowledged", "resolved"]
IncidentState = Literal["open", "acknowledged", "resolved"]
AlertSeverity = Literal["critical", "warning", "info"]
SEVERITY_RANK: dict[str, int] = {"info": 0, "warning": 1, "critical": 2}


class Alert(Struct, frozen=True, kw_only=True):
    """One rule firing for one group key.

    `key` holds the values of the rule's `by` fields. `count` is the number of signals merged
    into this alert. Times are seconds since 1970 UTC.
    """

    id: int
    rule: str
    key: dict[str, str]
    state: AlertState
    severity: AlertSeverity
    labels: dict[str, str]
    annotations: dict[str, str] = field(default_factory=dict)
    started: float
    fired: float | None = None
    resolved: float | None = None
    last: float
    count: int = 1
    code: str | None = None
    tenant: str | None = None
    group: int | None = None
    signal: str = ""
    incident: int | None = None
    verdict: str = ""

    @property
    def active(self) -> bool:
        return self.state in ("firing", "acknowledged")


class Incident(Struct, frozen=True, kw_only=True):
    """The alerts that share one root cause; what a person is paged for.

    `step` is the next escalation step to run and `step_at` its time; `repeat_at` is the time of
    the next reminder. `told` lists the targets that heard of it, who then also hear of its end.
    """

    id: int
    state: IncidentState
    severity: AlertSeverity
    title: str
    root: int
    alerts: tuple[int, ...]
    code: str | None = None
    tenant: str | None = None
    opened: float
    acknowledged: float | None = None
    acknowledged_by: str | None = None
    resolved: float | None = None
    route: str = ""
    escalation: str = ""
    step: int = 0
    step_at: float | None = None
    repeat_at: float | None = None
    told: tuple[str, ...] = ()
