"""The configuration once it has been read, checked and linked. Plain, frozen, complete:
every default is filled in, every name that refers to something refers to something."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from sentinel.api import Params
from sentinel.clients.addresses import Kind
from sentinel.config.model_status import StatusPageConfig
from sentinel.config.model_templates import TemplateConfig
from sentinel.config.model_tests import RuleTestConfig
from sentinel.config.schema import (
    Flapping,
    Http,
    Limits,
    Log,
    OnMissing,
    Project,
    Remediate,
    Retention,
)
from sentinel.config.schema_clients import ClientLimits, SignUp
from sentinel.config.schema_health import Heartbeat
from sentinel.config.schema_snapshots import Snapshots
from sentinel.engine.broadcast_rules import Messages, Mode
from sentinel.engine.correlations import Correlation
from sentinel.engine.intervals import Interval
from sentinel.engine.quiet import Digest, Quiet
from sentinel.engine.schedules import Schedule
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.model.alert import AlertSeverity
from sentinel.model.broadcast import BroadcastAudience
from sentinel.model.client import ClientQuiet
from sentinel.model.delivery import Limit, Recipient
from sentinel.model.monitor import Monitor
from sentinel.model.monitor import Schedule as RunTimes
from sentinel.model.signal import Category, Severity, SignalKind


class RuleConfig(Struct, frozen=True, kw_only=True):
    """`labels` always hold `severity`. `where` is checked but not compiled.

    `recover` are the parameters with `recover_when` in place of the rule's own, None without one.
    `population` is the kind of the signals that a share is taken of and the conditions on them.
    """

    name: str
    kind: SignalKind
    where: Mapping[str, Any]
    type: str
    params: Params
    recover: Params | None = None
    population: tuple[SignalKind, Mapping[str, Any]] | None = None
    by: tuple[str, ...]
    for_: float
    keep_firing_for: float
    on_missing: OnMissing
    missing_after: float
    flapping: Flapping
    severity: AlertSeverity
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    remediate: Remediate | None = None
    file: str
    line: int


class ClassifyConfig(Struct, frozen=True, kw_only=True):
    """`where` is checked but not compiled. What is empty or None is left to others to say."""

    name: str
    where: Mapping[str, Any]
    fingerprint: tuple[str, ...]
    severity: Severity | None
    category: Category | None


class RouteConfig(Struct, frozen=True, kw_only=True):
    """What a child leaves out is filled in from its parent, but for `muted` and `active`, which
    are names of time intervals. `matchers` are checked texts. Times are in seconds."""

    name: str
    matchers: tuple[str, ...]
    escalation: str
    group_by: tuple[str, ...]
    group_wait: float
    group_interval: float
    repeat_interval: float
    muted: tuple[str, ...]
    active: tuple[str, ...]
    continue_: bool
    routes: tuple["RouteConfig", ...]
    file: str
    line: int


class InhibitConfig(Struct, frozen=True, kw_only=True):
    """`source` and `target` are checked texts of matchers."""

    name: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    equal: tuple[str, ...]
    file: str
    line: int


class TimeIntervalConfig(Struct, frozen=True, kw_only=True):
    name: str
    intervals: tuple[Interval, ...]
    file: str
    line: int


class AnnounceConfig(Struct, frozen=True, kw_only=True):
    """`before` are times ahead of the beginning, in seconds, the longest first."""

    title: str
    components: tuple[str, ...]
    severity: AlertSeverity
    audience: BroadcastAudience
    before: tuple[float, ...]
    messages: Messages


class MaintenanceConfig(Struct, frozen=True, kw_only=True):
    """`matchers` are checked texts. `during` is when, `time_intervals` are the names that it came
    from, none where it happens once."""

    name: str
    matchers: tuple[str, ...]
    during: tuple[Interval, ...]
    time_intervals: tuple[str, ...]
    comment: str
    file: str
    line: int
    announce: AnnounceConfig | None = None


class OnCallConfig(Struct, frozen=True, kw_only=True):
    """A schedule, and over what a step reaches each person: any may stand in for another."""

    schedule: str
    reach: Mapping[str, tuple[Recipient, ...]]


class StepConfig(Struct, frozen=True, kw_only=True):
    """`after` is in seconds after the step before. `recipients` is whom `notify` always reaches,
    `on_call` whom it reaches through schedules."""

    after: float
    notify: tuple[str, ...]
    by: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    on_call: tuple[OnCallConfig, ...] = ()


class EscalationConfig(Struct, frozen=True, kw_only=True):
    """The steps run once and then `repeat` times more. `ack_timeout` in seconds, None for never."""

    name: str
    steps: tuple[StepConfig, ...]
    repeat: int
    ack_timeout: float | None
    file: str
    line: int


class ScheduleConfig(Struct, frozen=True, kw_only=True):
    """`time_intervals` are the names that its layers use."""

    schedule: Schedule
    time_intervals: tuple[str, ...]
    file: str
    line: int


class TeamConfig(Struct, frozen=True, kw_only=True):
    name: str
    people: tuple[str, ...]
    file: str
    line: int


class ChannelConfig(Struct, frozen=True, kw_only=True):
    """`address` is the key of a person's address, None where the channel needs none; `heard_from`
    is that of the addresses that answers come from. `rate` is in messages a minute, None for no
    limit. `for_clients` says that clients are told over it."""

    name: str
    type: str
    params: Params
    address: str | None
    fallback: str | None
    rate: float | None
    timeout: float
    per_person: Limit | None = None
    heard_from: str | None = None
    for_clients: bool = False


class PersonConfig(Struct, frozen=True, kw_only=True):
    """`quiet` are the hours in which nothing is sent to the person, `digest` when what is not
    urgent is. `limits` are the person's own, by channel or address key."""

    name: str
    addresses: Mapping[str, str]
    quiet: Quiet | None = None
    digest: Digest | None = None
    limits: Mapping[str, Limit] = {}


class ProbeConfig(Struct, frozen=True, kw_only=True):
    name: str
    type: str
    params: Params
    interval: float
    timeout: float
    retries: int
    component: str
    code: str | None = None
    tags: Mapping[str, str]


class ComponentConfig(Struct, frozen=True, kw_only=True):
    """`slo` in percent of 30 days. `silent_after` in seconds, None where the probe's interval, or
    what holds for all, says when a silence means that nothing is known."""

    name: str
    title: str
    group: str
    depends_on: tuple[str, ...]
    slo: float
    silent_after: float | None = None


class DrillConfig(Struct, frozen=True, kw_only=True):
    """`step` is whom it reaches. Each message must have its receipt `within` so many seconds."""

    name: str
    schedule: RunTimes
    step: StepConfig
    within: float


class BroadcastConfig(Struct, frozen=True, kw_only=True):
    """`matchers` are checked texts. `ask` is who may stop an update, None for whom the incident's
    escalations call first. Times in seconds."""

    name: str
    alerts: tuple[str, ...]
    severities: tuple[AlertSeverity, ...]
    matchers: tuple[str, ...]
    components: tuple[str, ...]
    title: str
    audience: BroadcastAudience
    mode: Mode
    hold: float
    messages: Messages
    ask: StepConfig | None
    resolve_after: float
    file: str
    line: int


class ActionConfig(Struct, frozen=True, kw_only=True):
    """`changes` says whether it changes something outside. Times in seconds."""

    name: str
    type: str
    params: Params
    cooldown: float = 0.0
    timeout: float
    role: Literal["responder", "admin"] = "responder"
    allow_rules: bool = False
    changes: bool


class ContactConfig(Struct, frozen=True, kw_only=True):
    """Somebody at a tenant. `addresses` are in the form in which they are kept, by their kind;
    `digest` in minutes after midnight."""

    name: str
    addresses: Mapping[Kind, str]
    language: str
    timezone: str
    quiet: ClientQuiet | None
    digest: int | None
    components: tuple[str, ...]
    severity: AlertSeverity


class TenantConfig(Struct, frozen=True, kw_only=True):
    name: str
    title: str
    contacts: tuple[ContactConfig, ...]


class ClientsConfig(Struct, frozen=True, kw_only=True):
    """`channels` names the channel that serves each kind of address. `languages` are texts that
    go before the shipped ones, by language and key."""

    title: str = "Service status"
    channels: Mapping[str, str] = {}
    sign_up: SignUp = "off"
    limits: ClientLimits = ClientLimits()
    language: str = "en"
    languages: Mapping[str, Mapping[str, str]] = {}
    footer: str = ""


class Config(Struct, frozen=True, kw_only=True):
    """`files` are all files that were read: what a watcher has to watch beside the folders.
    `actions` include the tests of every channel and every probe. `timezone` is what holds where
    none is named; `hold`, in seconds, is how long an alert that the catalog knows as an effect
    waits for its cause."""

    file: Path
    files: tuple[Path, ...]
    host: str
    port: int
    public_url: str
    application_url: str | None
    plugins_dir: Path
    rules_dir: Path
    catalog_dir: Path
    limits: Limits
    retention: Retention
    scrub: ScrubPolicy
    http: Http
    projects: Mapping[str, Project]
    channels: Mapping[str, ChannelConfig]
    people: Mapping[str, PersonConfig]
    teams: Mapping[str, TeamConfig]
    schedules: Mapping[str, ScheduleConfig]
    components: Mapping[str, ComponentConfig]
    probes: tuple[ProbeConfig, ...]
    monitors: tuple[Monitor, ...]
    probes_at_once: int
    actions: Mapping[str, ActionConfig]
    rules: tuple[RuleConfig, ...]
    classify: tuple[ClassifyConfig, ...]
    routes: tuple[RouteConfig, ...]
    inhibit_rules: tuple[InhibitConfig, ...]
    time_intervals: Mapping[str, TimeIntervalConfig]
    maintenance: tuple[MaintenanceConfig, ...]
    escalations: Mapping[str, EscalationConfig]
    correlations: tuple[Correlation, ...]
    tests: tuple[RuleTestConfig, ...]
    timezone: ZoneInfo
    hold: float
    snapshots: Snapshots
    heartbeat: Heartbeat | None
    fire_drills: Mapping[str, DrillConfig]
    log: Log
    status_page: StatusPageConfig | None = None
    clients: ClientsConfig = ClientsConfig()
    tenants: Mapping[str, TenantConfig] = {}
    broadcasts: tuple[BroadcastConfig, ...] = ()
    templates: tuple[TemplateConfig, ...] = ()
