"""Snapshots: the state of the whole system at one moment, as a health round found it."""

from typing import Literal

from msgspec import Struct

from sentinel.model.alert import AlertSeverity
from sentinel.model.signal import Severity, State

Overall = Literal["healthy", "degraded", "critical"]
OVERALL_RANK: dict[str, int] = {"healthy": 0, "degraded": 1, "critical": 2}


class _Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what a snapshot is made of. Times are seconds since 1970 UTC."""


class ComponentState(_Part, frozen=True, kw_only=True):
    """`since` is when it was first seen in this state."""

    name: str
    state: State
    since: float = 0.0
    message: str = ""
    tenant: str | None = None
    environment: str | None = None

    @property
    def subject(self) -> str:
        """The name, with the tenant and the environment where there are some."""
        about = ", ".join(filter(None, (self.tenant, self.environment)))
        return f"{self.name} ({about})" if about else self.name


class ErrorCounts(_Part, frozen=True, kw_only=True):
    """Errors of the levels error and fatal in the trailing window, of which `seconds` were
    watched."""

    seconds: float = 0.0
    total: int = 0
    by_severity: dict[Severity, int] = {}

    @property
    def per_minute(self) -> float:
        return self.total * 60 / self.seconds if self.seconds else 0.0


class SeenGroup(_Part, frozen=True, kw_only=True):
    """An error group with how often it was met in the trailing window."""

    id: int
    project: str
    title: str
    code: str | None = None
    severity: Severity | None = None
    count: int
    first_seen: float


class Latency(_Part, frozen=True, kw_only=True):
    """Percentiles in seconds, of `count` measurements in the trailing window."""

    name: str
    count: int
    p50: float
    p95: float
    p99: float


class DataCount(_Part, frozen=True, kw_only=True):
    """How many of something there are, as a probe counted last. `about` tells several sources of
    one count apart."""

    name: str
    about: str = ""
    value: float
    at: float = 0.0

    @property
    def subject(self) -> str:
        return f"{self.name} ({self.about})" if self.about else self.name


class ActiveAlert(_Part, frozen=True, kw_only=True):
    """`summary` is the rule's own, cut short."""

    id: int
    rule: str
    severity: AlertSeverity
    summary: str = ""
    code: str | None = None
    acknowledged: bool = False


class Snapshot(_Part, frozen=True, kw_only=True):
    """One health round.

    `seq` is the last signal that had been stored. `groups` are the most frequent ones and the
    youngest. `releases` are those seen of each project. `checksums` are keyed hashes by what they
    are of, such as `env DATABASE_URL`; no value can be read from them.

    `healthy_since` is the beginning of the unbroken time in which every round met the terms of a
    good one, None where this one does not. `good` is set later, once that has lasted long enough.
    `baseline` is the good snapshot that this one was compared with, `worse` how many things were
    worse, for `worse_for` rounds in a row, and `calm_for` counts the rounds without any. While
    `regressed` holds, the regression is told of.
    """

    id: int = 0
    at: float
    seq: int = 0
    overall: Overall
    components: tuple[ComponentState, ...] = ()
    errors: ErrorCounts = ErrorCounts()
    groups: tuple[SeenGroup, ...] = ()
    latencies: tuple[Latency, ...] = ()
    counts: tuple[DataCount, ...] = ()
    checksums: dict[str, str] = {}
    releases: dict[str, tuple[str, ...]] = {}
    alerts: tuple[ActiveAlert, ...] = ()
    healthy_since: float | None = None
    good: bool = False
    baseline: int | None = None
    worse: int = 0
    worse_for: int = 0
    calm_for: int = 0
    regressed: bool = False


class SnapshotLine(Struct, frozen=True, kw_only=True):
    """A snapshot in a list. `edge` marks the two sides of a turn from good to bad."""

    id: int
    at: float
    overall: Overall
    good: bool
    edge: bool
    worse: int
