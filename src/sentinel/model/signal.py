"""Signals: everything that comes in, one immutable record each.

The field names of these records are the field names of the rule language, so a rename here is
a change of the language. Receivers and probes leave `id`, `at` and `project` empty where they
do not know them; the pipeline fills them, and fills the fields marked "by the pipeline".
"""

from typing import Any, Literal

from msgspec import Struct, field

Level = Literal["debug", "info", "warning", "error", "fatal"]
Severity = Literal["low", "medium", "high", "critical"]
Category = Literal["external_service", "infrastructure", "company_config", "system", "data"]
State = Literal["up", "degraded", "down", "unknown"]
SignalKind = Literal["error", "status", "metric", "checkin", "activity", "span", "change"]


class Signal(Struct, frozen=True, kw_only=True, tag_field="signal", omit_defaults=True, gc=False):
    """What all kinds share. Times are seconds since 1970 UTC.

    `at` is the source's clock, `received` and `seq` (the number in the store) are the pipeline's.
    """

    id: str = ""
    seq: int = 0
    at: float = 0.0
    received: float = 0.0
    project: str = ""
    tenant: str | None = None
    environment: str | None = None
    release: str | None = None
    service: str | None = None
    component: str | None = None
    host: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


class Error(Signal, tag="error", frozen=True, kw_only=True):
    """`payload` is the scrubbed event in the shape of Sentry's event interfaces."""

    code: str | None = None
    type: str | None = None
    message: str = ""
    level: Level = "error"
    file: str | None = None
    line: int | None = None
    function: str | None = None
    query: str | None = None
    user: str | None = None
    session: str | None = None
    url: str | None = None
    transaction: str | None = None
    trace: str | None = None
    platform: str | None = None
    handled: bool | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    # By the pipeline, from the catalog and the grouping:
    severity: Severity | None = None
    category: Category | None = None
    title: str = ""
    fingerprint: str = ""
    group: int | None = None
    group_state: Literal["new", "known", "regressed"] = "known"


class Status(Signal, tag="status", frozen=True, kw_only=True):
    """One component's health at one moment. `latency` is in seconds. `code` is that of an error
    which says the same."""

    status: State
    message: str = ""
    latency: float | None = None
    code: str | None = None


class Metric(Signal, tag="metric", frozen=True, kw_only=True):
    name: str
    value: float
    unit: str | None = None


class Checkin(Signal, tag="checkin", frozen=True, kw_only=True):
    """A job's heartbeat. `duration` is in seconds.

    What is `missed`, takes too long or overlaps is found by Sentinel, and said by no job. `run`
    pairs what is said of one run. `monitor_config` is what the sender says of when the job runs, in
    the shape that Sentry's SDKs give it.
    """

    monitor: str
    status: Literal["in_progress", "ok", "error", "missed", "timeout", "overlap"]
    duration: float | None = None
    run: str | None = None
    message: str = ""
    monitor_config: dict[str, Any] = field(default_factory=dict)


class Activity(Signal, tag="activity", frozen=True, kw_only=True):
    """What a user did."""

    name: str
    user: str | None = None
    session: str | None = None
    url: str | None = None


class Span(Signal, tag="span", frozen=True, kw_only=True):
    """One timed operation of a trace. `duration` is in seconds."""

    name: str
    op: str | None = None
    duration: float = 0.0
    trace: str | None = None
    status: str | None = None


class Change(Signal, tag="change", frozen=True, kw_only=True):
    """A deploy, a configuration change or a feature flag; `kind` says which. `url` leads to more
    about it."""

    kind: str
    summary: str = ""
    author: str | None = None
    url: str | None = None

    @property
    def title(self) -> str:
        """What it is called wherever a cause is named."""
        if self.summary:
            return f"{self.kind}: {self.summary}"
        return f"{self.kind} of {self.service or self.component or 'it'}"


KINDS: dict[str, type[Signal]] = {
    "error": Error,
    "status": Status,
    "metric": Metric,
    "checkin": Checkin,
    "activity": Activity,
    "span": Span,
    "change": Change,
}
KIND_OF: dict[type[Signal], str] = {record: kind for kind, record in KINDS.items()}
AnySignal = Error | Status | Metric | Checkin | Activity | Span | Change


def read_field(signal: Signal, path: str) -> Any:
    """A field by its name, or a tag by `tags.NAME`; None where the signal has no such value."""
    if path.startswith("tags."):
        return signal.tags.get(path.removeprefix("tags."))
    return getattr(signal, path, None)


class RawItem(Struct, frozen=True, kw_only=True):
    """An accepted item that nothing processes yet, kept byte for byte (JSON: scrubbed)."""

    id: str = ""
    project: str = ""
    received: float = 0.0
    type: str
    headers: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""
