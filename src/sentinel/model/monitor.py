"""Monitors: jobs that check in, when each run of one is expected, and how its runs went.

Times are seconds since 1970 UTC, lengths of time are seconds.
"""

from typing import Literal

from msgspec import Struct

RunStatus = Literal["running", "ok", "late", "failed", "missed", "timeout"]


class Cron(Struct, frozen=True, tag="cron"):
    """Five fields of cron, by the clocks of `zone`."""

    expression: str
    zone: str = "UTC"


class Every(Struct, frozen=True, tag="every"):
    """At most so long from one run's end, or check-in, to the next one's beginning."""

    seconds: float


Schedule = Cron | Every


class Monitor(Struct, frozen=True, kw_only=True):
    """What is expected of one job. An empty `project` or `environment` stands for any.

    `grace` is how late a run may begin. A run may last for `max_duration`, or where that is None
    until the one after it should have begun. Without a schedule no run is missed. `fault` says why
    the schedule that a sender gave is not used.
    """

    name: str
    project: str = ""
    environment: str = ""
    tenant: str | None = None
    schedule: Schedule | None = None
    grace: float = 300.0
    max_duration: float | None = None
    fault: str = ""


class Run(Struct, frozen=True, kw_only=True):
    """One run of a job, or one that should have been. `number` counts a monitor's runs from 1.

    `expected` is None for a run that the schedule did not ask for. `key` pairs its check-ins,
    `until` is when one that is under way has taken too long, `late` says that it began after its
    grace and `overlaps` that it began while another was under way. A missed one may stand for
    several, `slots` of them, up to the one expected at `last`.
    """

    number: int
    status: RunStatus
    expected: float | None = None
    started: float | None = None
    ended: float | None = None
    duration: float | None = None
    key: str | None = None
    until: float | None = None
    late: bool = False
    overlaps: bool = False
    slots: int = 1
    last: float | None = None
    message: str = ""

    @property
    def at(self) -> float:
        """Where it stands in the history."""
        return self.started or self.expected or self.ended or 0.0


class Seen(Struct, frozen=True, kw_only=True):
    """Where the latest check-in came from."""

    at: float
    project: str
    environment: str | None = None
    tenant: str | None = None


class Watch(Struct, frozen=True, kw_only=True):
    """How far a monitor's runs are accounted for.

    `next` is when the first run is expected of which nothing is known, `count` the number of the
    latest run. `open` are under way, `over` took too long and may still end, `missed` may still
    turn up late.
    """

    count: int = 0
    next: float | None = None
    open: tuple[Run, ...] = ()
    over: tuple[Run, ...] = ()
    missed: Run | None = None
    seen: Seen | None = None
