"""Alerts and incidents: what the engine believes to be wrong."""

from typing import Literal

from msgspec import Struct, field

from sentinel.model.action import Attempt

AlertState = Literal["pending", "firing", "acknowledged", "closed", "resolved"]
IncidentState = Literal["open", "acknowledged", "resolved"]
AlertSeverity = Literal["critical", "warning", "info"]
PROBE = "tags.probe"
"""The field of a key that says which look at a component it was."""
SEVERITY_RANK: dict[str, int] = {"info": 0, "warning": 1, "critical": 2}


class Alert(Struct, frozen=True, kw_only=True, gc=False):
    """One rule firing for one group key.

    `key` holds the values of the rule's `by` fields. `count` is the number of signals merged
    into this alert, `signal` the number of the one that began it, `verdict` the detector's
    sentence at its last change, `cleared` the time since which its condition no longer holds.
    Times are seconds since 1970 UTC.

    `about` holds what else the signal that began it said of itself (service, host, …), for
    correlations. `unseen` counts the seconds of a pending alert during which nobody watched: they
    do not count as holding. `cascade` says by what the alert was folded under its incident's root
    (a code, which may be that of a silent suspect, or a correlation); None for an alert that
    stands for the cause itself.
    `attempt` is how far the remedy of its rule has come; None while none is under way.

    Somebody who resolves an incident closes its alerts: such an alert tells nobody anything, and is
    resolved once its condition is gone.
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
    about: dict[str, str] = field(default_factory=dict)
    unseen: float = 0.0
    flapping: bool = False
    cascade: str | None = None
    attempt: Attempt | None = None

    @property
    def active(self) -> bool:
        return self.state in ("firing", "acknowledged")


class Incident(Struct, frozen=True, kw_only=True):
    """The alerts that share one root cause; what a person is paged for.

    `root` is the alert that stands for the cause and `rule` its rule, `size` counts all alerts
    that ever belonged to it. `host` is the one host that its cause concerns, where the root's rule
    tells hosts apart. `cause` is what a correlation found at the root where that is no
    alert, such as a deploy. `suspect` is the code that all of it seems to depend on and that
    reports nothing itself; `dependants` are then all codes that fail in it.

    An acknowledgement reminds whoever gave it at `ack_remind` and runs out at `ack_until`.
    `assigned_by` is who gave it to whom has it, and `resolved_by` who resolved it by hand; None
    where nobody did. `folded_into` is the incident in which one goes on that shares its root cause.
    `outlived` is when the cascades of a cause that is over surface by themselves.
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
    host: str | None = None
    group: int | None = None
    opened: float
    acknowledged: float | None = None
    acknowledged_by: str | None = None
    assigned_by: str | None = None
    resolved: float | None = None
    resolved_by: str | None = None
    folded_into: int | None = None
    cause: str = ""
    suspect: str | None = None
    dependants: tuple[str, ...] = ()
    ack_remind: float | None = None
    ack_until: float | None = None
    outlived: float | None = None

    @property
    def codes(self) -> frozenset[str]:
        """Those that it stands for: an alert with one of them is no news."""
        own = () if self.code is None else (self.code,)
        return frozenset((*own, *self.dependants))

    def is_root(self, alert: Alert) -> bool:
        """Whether one of its alerts stands for its cause, and is not brought about by it."""
        if alert.id == self.root:
            return True
        if alert.code is None:
            return self.code is None and alert.cascade is None
        return alert.code == self.code
