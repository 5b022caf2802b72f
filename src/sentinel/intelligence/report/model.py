"""The debug report as data: for the API, and for the renderers."""

from typing import Literal

from msgspec import Struct

from sentinel.intelligence.catalog import Entry
from sentinel.intelligence.impact import GroupImpact
from sentinel.intelligence.report.evidence import Breadcrumb, Raised, Request
from sentinel.intelligence.standing import Standing
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Findings
from sentinel.model.group import Group


class Source(Struct, frozen=True, kw_only=True):
    """Where it was emitted."""

    file: str | None = None
    line: int | None = None
    function: str | None = None
    query: str | None = None
    transaction: str | None = None


class Dependency(Struct, frozen=True, kw_only=True):
    """A code that may cause this one, or that this one may cause."""

    code: str
    title: str
    direct: bool
    active: bool


class NextStep(Struct, frozen=True, kw_only=True):
    """What to do first. `text` is Sentinel's and the catalog's own; `about` is from the event."""

    kind: Literal[
        "mend_cause", "follow_fix", "compare_releases", "read_source", "add_code", "look_around"
    ]
    text: str
    about: str = ""


class Link(Struct, frozen=True, kw_only=True):
    """`filled` is false where the address still has placeholders."""

    label: str
    url: str
    filled: bool = True


class Facts(Struct, frozen=True, kw_only=True):
    """Of the latest event."""

    id: str = ""
    at: float = 0.0
    type: str | None = None
    message: str = ""
    environment: str | None = None
    release: str | None = None
    service: str | None = None
    component: str | None = None
    host: str | None = None
    tenant: str | None = None
    transaction: str | None = None
    trace: str | None = None
    platform: str | None = None
    handled: bool | None = None
    tags: dict[str, str] = {}


class Told(Struct, frozen=True, kw_only=True):
    """Who heard of it, without addresses."""

    who: str
    state: str
    at: float | None = None


class SinceGood(Struct, frozen=True, kw_only=True):
    """What is worse than in the last good snapshot, `minutes` before, a sentence each."""

    minutes: int
    worse: tuple[str, ...] = ()


class Background(Struct, frozen=True, kw_only=True):
    """What stands behind it. `began` is when the incident was opened; 0 where there is none."""

    began: float = 0.0
    standing: Standing | None = None
    findings: Findings = Findings()
    since_good: SinceGood | None = None


class DebugReport(Struct, frozen=True, kw_only=True):
    """Everything known about one error group. What is missing is None or empty.

    `named_vars` are those of the entry's variables that the event's own text names. `stub` is
    YAML for the catalog where the code has no entry. Times are seconds since 1970 UTC.
    """

    made: float
    url: str = ""
    next_step: NextStep
    group: Group
    latest: Facts | None = None
    impact: GroupImpact
    source: Source | None = None
    exceptions: tuple[Raised, ...] = ()
    causes: tuple[Dependency, ...] = ()
    effects: tuple[Dependency, ...] = ()
    entry: Entry | None = None
    named_vars: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    incident: Incident | None = None
    alerts: tuple[Alert, ...] = ()
    told: tuple[Told, ...] = ()
    related: tuple[Group, ...] = ()
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    request: Request | None = None
    stub: str | None = None
    background: Background = Background()


class IncidentReport(Struct, frozen=True, kw_only=True):
    """Everything known about one incident. `error` is the report on the error behind its root,
    None where that is no error. Times are seconds since 1970 UTC.
    """

    made: float
    url: str = ""
    next_step: NextStep
    incident: Incident
    entry: Entry | None = None
    root: Alert | None = None
    cascades: tuple[Alert, ...] = ()
    told: tuple[Told, ...] = ()
    background: Background = Background()
    error: DebugReport | None = None
