"""The configuration once it has been read, checked and linked. Plain, frozen, complete:
every default is filled in, every name that refers to something refers to something."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from sentinel.api import Params
from sentinel.config.schema import Http, Limits, Log, Project, Retention
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.model.alert import AlertSeverity
from sentinel.model.delivery import Recipient
from sentinel.model.signal import Category, Severity


class RuleConfig(Struct, frozen=True, kw_only=True):
    """`labels` always hold `severity`. `where` is checked but not compiled."""

    name: str
    kind: str
    where: Mapping[str, Any]
    type: str
    params: Params
    by: tuple[str, ...]
    for_: float
    keep_firing_for: float
    severity: AlertSeverity
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
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
    """What a child leaves out is filled in from its parent. `matchers` are checked texts."""

    name: str
    matchers: tuple[str, ...]
    escalation: str
    group_wait: float
    repeat_interval: float
    continue_: bool
    routes: tuple["RouteConfig", ...]
    file: str
    line: int


class StepConfig(Struct, frozen=True, kw_only=True):
    """`after` is in seconds after the step before. `recipients` is whom `notify` reaches."""

    after: float
    notify: tuple[str, ...]
    by: tuple[str, ...]
    recipients: tuple[Recipient, ...]


class EscalationConfig(Struct, frozen=True, kw_only=True):
    name: str
    steps: tuple[StepConfig, ...]
    file: str
    line: int


class ChannelConfig(Struct, frozen=True, kw_only=True):
    """`address` is the key of a person's address, None where the channel needs none. `rate` is
    in messages a minute, None for no limit."""

    name: str
    type: str
    params: Params
    address: str | None
    fallback: str | None
    rate: float | None
    timeout: float


class PersonConfig(Struct, frozen=True, kw_only=True):
    name: str
    addresses: Mapping[str, str]


class ProbeConfig(Struct, frozen=True, kw_only=True):
    name: str
    type: str
    params: Params
    interval: float
    timeout: float
    component: str
    tags: Mapping[str, str]


class Config(Struct, frozen=True, kw_only=True):
    """`files` are all files that were read: what a watcher has to watch beside the folders."""

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
    probes: tuple[ProbeConfig, ...]
    rules: tuple[RuleConfig, ...]
    classify: tuple[ClassifyConfig, ...]
    routes: tuple[RouteConfig, ...]
    escalations: Mapping[str, EscalationConfig]
    log: Log
