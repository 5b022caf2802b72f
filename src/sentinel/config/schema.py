"""What may stand in the YAML files. One record for each mapping, one field for each key.

The JSON Schemas, the checks, the documentation's key list and the defaults all come from these
records. Channels, probes and rules also take the parameters of the plugin that their `type`
names; those are declared by the plugin (`Params` in `sentinel.api`).
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.model.signal import Category, Severity
from sentinel.model.values import Duration, Size, duration, size

NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"
LISTEN = r"^([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$"
LABEL = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
URL = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"

Name = Annotated[str, Meta(pattern=NAME)]
Label = Annotated[str, Meta(pattern=LABEL)]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]
SignalKind = Literal["error", "status", "metric", "checkin", "activity", "span", "change"]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every mapping in the YAML files."""


class Limits(Section, frozen=True):
    """What a sender may send. More is refused with 413 or 429, never dropped silently."""

    max_body: Annotated[Size, Meta(description="Largest request body, as sent.")] = size("5MB")
    max_decompressed: Annotated[
        Size, Meta(description="Largest request body after decompression.")
    ] = size("20MB")
    queue_signals: Annotated[
        int, Meta(ge=1, description="Signals that may wait to be stored; then senders get 429.")
    ] = 10_000
    queue_bytes: Annotated[
        Size, Meta(description="Bytes that may wait to be stored; then senders get 429.")
    ] = size("32MB")
    quota: Annotated[
        Positive | None, Meta(description="Events a minute that each project may send.")
    ] = None


class Retention(Section, frozen=True):
    """How long things are kept."""

    signals: Annotated[Duration, Meta(description="Errors, metrics, statuses.")] = duration("90d")
    raw: Annotated[Duration, Meta(description="Accepted items that nothing processes yet.")] = (
        duration("7d")
    )
    decisions: Annotated[
        Duration, Meta(description="What the engine did and did not do, and why.")
    ] = duration("90d")
    deliveries: Annotated[Duration, Meta(description="Messages sent.")] = duration("365d")


class Sample(Section, frozen=True):
    """The share of signals of each kind to keep, from 0 to 1."""

    error: Annotated[Share, Meta(description="Errors.")] = 1.0
    status: Annotated[Share, Meta(description="Component statuses.")] = 1.0
    metric: Annotated[Share, Meta(description="Metric values.")] = 1.0
    checkin: Annotated[Share, Meta(description="Heartbeats of jobs.")] = 1.0
    activity: Annotated[Share, Meta(description="What users did.")] = 1.0
    span: Annotated[Share, Meta(description="Timed operations.")] = 1.0
    change: Annotated[Share, Meta(description="Deploys and other changes.")] = 1.0


class Project(Section, frozen=True):
    """What holds for one project's signals where they do not say so themselves."""

    environment: Annotated[
        Text | None, Meta(description="Environment of signals that name none.")
    ] = None
    tenant: Annotated[Text | None, Meta(description="Tenant of signals that name none.")] = None
    quota: Annotated[
        Positive | None, Meta(description="Events a minute; instead of limits.quota.")
    ] = None
    scrub: Annotated[
        ScrubPolicy | None, Meta(description="Instead of the common policy, whole.")
    ] = None
    sample: Annotated[
        Sample, Meta(description="Share of signals to keep, by kind; all where not named.")
    ] = field(default_factory=Sample)


class Channel(Section, frozen=True):
    """A way to reach people. Beside these keys it takes the parameters of its type."""

    type: Annotated[str, Meta(description="The notifier plugin: `sentinel plugins` lists them.")]
    fallback: Annotated[
        str | None, Meta(description="Channel that takes over a message this one can't deliver.")
    ] = None
    rate: Annotated[
        Positive | None, Meta(description="Messages a minute; the plugin's own if not given.")
    ] = None
    timeout: Annotated[
        Duration | None, Meta(description="Longest time for one attempt; the plugin's own if not.")
    ] = None


class Probe(Section, frozen=True):
    """Something to look at every interval. Beside these keys it takes its type's parameters."""

    name: Annotated[Name, Meta(description="Unique name.")]
    type: Annotated[str, Meta(description="The probe plugin: `sentinel plugins` lists them.")]
    interval: Annotated[
        Duration | None, Meta(description="Time between two looks; the plugin's own if not given.")
    ] = None
    timeout: Annotated[
        Duration | None, Meta(description="Longest time for one look; the plugin's own if not.")
    ] = None
    component: Annotated[
        Text | None,
        Meta(description="Component that the signals are about; the name if not given."),
    ] = None
    tags: Annotated[dict[str, str], Meta(description="Tags put on every signal.")] = {}


class Log(Section, frozen=True):
    """Sentinel's own log."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe level shown.")
    ] = "info"
    format: Annotated[
        Literal["auto", "console", "json"],
        Meta(description="`auto` is console on a terminal and JSON elsewhere."),
    ] = "auto"


Person = Annotated[
    dict[Label, Text],
    Meta(description="Addresses by the key that channels ask for: email, sms, slack, …"),
]


class Http(Section, frozen=True):
    """Calls that Sentinel makes: probes and webhooks."""

    allow_private: Annotated[
        bool | list[Text],
        Meta(
            description="Whether private addresses may be called: all (true), none (false), or "
            "these hosts and networks. Taken at the start."
        ),
    ] = True


class MainFile(Section, frozen=True):
    """`sentinel.yaml`. Every key may be left out."""

    listen: Annotated[
        str, Meta(pattern=LISTEN, description="Address and port of the web interface and API.")
    ] = "127.0.0.1:8420"
    public_url: Annotated[
        Annotated[str, Meta(pattern=URL)] | None,
        Meta(
            description="How browsers and applications reach it; http:// and listen if not given."
        ),
    ] = None
    application_url: Annotated[
        Annotated[str, Meta(pattern=URL)] | None,
        Meta(description="Your own application: fills {base_url} in the catalog's links."),
    ] = None
    plugins_dir: Annotated[
        Text, Meta(description="Drop-in plugins. Relative to this file, as the next two.")
    ] = "plugins"
    rules_dir: Annotated[Text, Meta(description="Rules, routes and escalations.")] = "rules"
    catalog_dir: Annotated[Text, Meta(description="Knowledge about error codes.")] = "catalog"
    limits: Annotated[Limits, Meta(description="What senders may send.")] = field(
        default_factory=Limits
    )
    retention: Annotated[Retention, Meta(description="How long things are kept.")] = field(
        default_factory=Retention
    )
    scrub: Annotated[ScrubPolicy, Meta(description="What is hidden before anything is stored.")] = (
        field(default_factory=ScrubPolicy)
    )
    http: Annotated[Http, Meta(description="Calls that Sentinel makes.")] = field(
        default_factory=Http
    )
    projects: Annotated[
        dict[Name, Project], Meta(description="Settings for single projects, by name.")
    ] = {}
    channels: Annotated[
        dict[Name, dict[str, Any]], Meta(description="Ways to reach people, by name.")
    ] = {}
    people: Annotated[dict[Name, Person], Meta(description="Who is reached where, by name.")] = {}
    probes: Annotated[
        list[dict[str, Any]], Meta(description="What is looked at every interval.")
    ] = []
    log: Annotated[Log, Meta(description="Sentinel's own log.")] = field(default_factory=Log)


class Rule(Section, frozen=True):
    """When an alert exists. Beside these keys it takes the parameters of its detector type."""

    alert: Annotated[Name, Meta(description="The alert's name, unique in all files.")]
    on: Annotated[SignalKind, Meta(description="The kind of signal.")]
    where: Annotated[
        dict[str, Any], Meta(description="Conditions on the signal's fields; all must hold.")
    ] = {}
    type: Annotated[
        str, Meta(description="The detector plugin; `any` fires on every signal that matches.")
    ] = "any"
    by: Annotated[
        list[str], Meta(max_length=10, description="Fields: one alert for each of their values.")
    ] = []
    for_: Annotated[Duration, Meta(description="Must hold this long: pending, then firing.")] = (
        field(name="for", default_factory=Duration)
    )
    keep_firing_for: Annotated[
        Duration, Meta(description="Must be gone this long: then resolved.")
    ] = field(default_factory=Duration)
    labels: Annotated[
        dict[Label, str],
        Meta(description="For routing. `severity` is critical, warning (if not given) or info."),
    ] = {}
    annotations: Annotated[
        dict[Label, str],
        Meta(description="For people: summary, runbook, … with {field} placeholders."),
    ] = {}


class Route(Section, frozen=True):
    """Which alerts go to which escalation. The first match wins; children are more specific."""

    name: Annotated[Name, Meta(description="Unique name.")]
    matchers: Annotated[
        list[str],
        Meta(
            description='On labels, all must hold: team="payments", severity=~"critical|warning".'
        ),
    ] = []
    escalation: Annotated[
        str | None, Meta(description="Name of an escalation; the parent's if not given.")
    ] = None
    group_wait: Annotated[
        Duration | None,
        Meta(description="Time to collect alerts before the first message; the parent's or 0s."),
    ] = None
    repeat_interval: Annotated[
        Duration | None,
        Meta(description="Reminder while nobody acknowledges; the parent's or 4h."),
    ] = None
    continue_: Annotated[
        bool, Meta(description="Whether the routes after this one may match as well.")
    ] = field(name="continue", default=False)
    routes: Annotated[
        "list[Route]", Meta(description="Tried first, in order, once this route matches.")
    ] = []


class Step(Section, frozen=True):
    """Who is told, and when."""

    notify: Annotated[
        list[Text],
        Meta(min_length=1, description="person:alice, channel:console, or just the name."),
    ]
    after: Annotated[
        Duration, Meta(description="Time after the step before, if nobody acknowledged.")
    ] = field(default_factory=Duration)
    by: Annotated[
        Text | list[Text] | None,
        Meta(description="Channel or address key to reach people by; every one if not given."),
    ] = None


class Escalation(Section, frozen=True):
    """Steps that follow each other until somebody acknowledges."""

    name: Annotated[Name, Meta(description="Unique name.")]
    steps: Annotated[list[Step], Meta(min_length=1, description="In order.")]


class Classify(Section, frozen=True):
    """What you know of some errors better than their senders. For each of the three answers the
    first entry that gives it wins; `severity` and `category` go before the catalog's."""

    name: Annotated[Name, Meta(description="Unique name.")]
    where: Annotated[
        dict[str, Any],
        Meta(min_length=1, description="Conditions on the error, as in rules; all must hold."),
    ]
    fingerprint: Annotated[
        list[Text],
        Meta(
            max_length=20,
            description="Errors with the same parts are one group; {{ default }} stands for the "
            "usual parts, {{ error.type }} and the like for fields.",
        ),
    ] = []
    severity: Annotated[Severity | None, Meta(description="low, medium, high or critical.")] = None
    category: Annotated[Category | None, Meta(description="Where the fault lies.")] = None


class RulesFile(Section, frozen=True):
    """A file in `rules_dir`. Names are unique across all files."""

    rules: Annotated[list[dict[str, Any]], Meta(description="When alerts exist.")] = []
    routes: Annotated[list[Route], Meta(description="Which alerts go where.")] = []
    escalations: Annotated[list[Escalation], Meta(description="Who is told, and when.")] = []
    classify: Annotated[
        list[Classify], Meta(description="Your own word on grouping, severity and category.")
    ] = []
    people: Annotated[
        dict[Name, Person], Meta(description="As in sentinel.yaml, without references.")
    ] = {}
