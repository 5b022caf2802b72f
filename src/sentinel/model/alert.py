"""Alerts and incidents: what the engine believes to be wrong."""

from typing import Literal

from msgspec import Struct, field

from sentinel.model.delivery import Recipient

AlertState = Literal["pending", "firing", "acknowledged", "resolved"]
IncidentState = Literal["open", "acknowledged", "resolved"]
AlertSeverity = Literal["critical", "warning", "info"]
SEVERITY_RANK: dict[str, int] = {"info": 0, "warning": 1, "critical": 2}


class Alert(Struct, frozen=True, kw_only=True):
    """One rule firing for one group key.

    `key` holds the values of the rule's `by` fields. `count` is the number of signals merged
    into this alert, `signal` the number of the one that began it, `verdict` the detector's
    sentence at its last change, `cleared` the time since which its condition no longer holds.
    Times are seconds since 1970 UTC.
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
    cleared: float | None = None
    count: int = 1
    code: str | None = None
    tenant: str | None = None
    group: int | None = None
    signal: int = 0
    incident: int | None = None
    verdict: str = ""

    @property
    def active(self) -> bool:
        return self.state in ("firing", "acknowledged")


class Paging(Struct, frozen=True):
    """How far one route's escalation of an incident has come.

    `step` is the next step to run and `step_at` its time, None when there is none left;
    `repeat_at` is the time of the next reminder.
    """

    route: str
    step: int = 0
    step_at: float | None = None
    repeat_at: float | None = None


class Incident(Struct, frozen=True, kw_only=True):
    """The alerts that share one root cause; what a person is paged for.

    `root` is the alert that stands for the cause and `rule` its rule, `size` counts all alerts
    that ever belonged to it. `told` lists the recipients who heard of it, who then also hear of
    its end.
    """

    id: int
    state: IncidentState = "open"
    severity: AlertSeverity
    title: str
    root: int
    rule: str
    size: int = 1
    code: str | None = None
    tenant: str | None = None
    group: int | None = None
    opened: float
    acknowledged: float | None = None
    acknowledged_by: str | None = None
    resolved: float | None = None
    paging: tuple[Paging, ...] = ()
    told: tuple[Recipient, ...] = ()
