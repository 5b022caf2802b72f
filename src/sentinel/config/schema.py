"""What may stand in the YAML files. One record for each mapping, one field for each key.

The JSON Schemas, the checks, the documentation's key list and the defaults all come from these
records. Channels, probes and rules also take the parameters of the plugin that their `type`
names; those are declared by the plugin (`Params` in `sentinel.api`).
"""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from sentinel.config.schema_broadcasts import Broadcast
from sentinel.config.schema_clients import Clients, Tenant
from sentinel.config.schema_correlations import Correlation
from sentinel.config.schema_health import Component, FireDrill, Heartbeat
from sentinel.config.schema_people import Escalation, Person, PersonLimit, Schedule, Team
from sentinel.config.schema_routing import InhibitRule, Maintenance, Route, TimeInterval
from sentinel.config.schema_snapshots import Snapshots
from sentinel.config.schema_status import StatusPage
from sentinel.config.schema_templates import Template
from sentinel.config.schema_tests import RuleTest
from sentinel.config.section import Label, Name, Positive, Section, Share, Text
from sentinel.ingest.scrub_policy import ScrubPolicy
from sentinel.model.signal import Category, Severity, SignalKind
from sentinel.model.values import Duration, Size, duration, size

LISTEN = r"^([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$"
URL = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"

OnMissing = Literal["keep", "fire", "resolve"]


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
    broadcasts: Annotated[
        Duration,
        Meta(description="What clients were told, from its end; the status page's history, too."),
    ] = duration("730d")
    past_incidents: Annotated[
        Duration,
        Meta(description="What new incidents are compared with, and what fixed those before."),
    ] = duration("730d")
    snapshots: Annotated[Duration, Meta(description="Snapshots of all health rounds.")] = duration(
        "7d"
    )
    snapshots_hourly: Annotated[
        Duration,
        Meta(
            description="One snapshot an hour; both sides of each turn from good to bad stay for "
            "ever."
        ),
    ] = duration("90d")
    uptime: Annotated[Duration, Meta(description="When components were up, degraded or down.")] = (
        duration("400d")
    )


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
    per_person: Annotated[
        PersonLimit | None,
        Meta(
            description="What one person gets over it at most: more waits and comes in one "
            "message. Critical pages come through all the same. No limit if not given."
        ),
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
    retries: Annotated[
        int,
        Meta(
            ge=0,
            le=10,
            description="`down` counts only when this many further looks, at once, say so, too.",
        ),
    ] = 0
    component: Annotated[
        Text | None,
        Meta(description="Component that the signals are about; the name if not given."),
    ] = None
    code: Annotated[
        Text | None,
        Meta(
            description="Code of an error that says the same as this probe does when it finds its "
            "component down: both are one incident, with the code's entry in the catalog.",
            examples=["REDIS_CONNECTION_ERROR"],
        ),
    ] = None
    tags: Annotated[dict[str, str], Meta(description="Tags put on every signal.")] = {}


class Monitor(Section, frozen=True):
    """A job that checks in, by a Sentry SDK or by its ping address. With `schedule` or `every`, a
    run of which nothing is heard in time is missed."""

    name: Annotated[Name, Meta(description="Unique name; the slug of a Sentry monitor.")]
    schedule: Annotated[
        Text | None, Meta(description="When it runs: five fields of cron, or @daily and the like.")
    ] = None
    timezone: Annotated[
        Text | None, Meta(description="Time zone of schedule; the file's own if not given.")
    ] = None
    every: Annotated[
        Duration | None,
        Meta(description="Instead of schedule: at most so long from one run to the next."),
    ] = None
    grace: Annotated[Duration, Meta(description="How late a run may begin.")] = duration("5m")
    max_duration: Annotated[
        Duration | None,
        Meta(
            description="How long a run that said when it began may take; until the next one "
            "should have begun if not given."
        ),
    ] = None
    project: Annotated[
        Name | None, Meta(description="Only check-ins of this project; of any if not given.")
    ] = None
    environment: Annotated[
        Text | None, Meta(description="Only check-ins of this environment; of any if not given.")
    ] = None
    tenant: Annotated[Text | None, Meta(description="Tenant that it works for.")] = None


class Action(Section, frozen=True):
    """Something that people may run. Beside these keys it takes the parameters of its type."""

    type: Annotated[str, Meta(description="The action plugin: `sentinel plugins` lists them.")]
    cooldown: Annotated[
        Duration, Meta(description="Not sooner than this after it last began, whoever asks.")
    ] = field(default_factory=Duration)
    timeout: Annotated[
        Duration | None, Meta(description="Longest time for one run; the plugin's own if not.")
    ] = None
    role: Annotated[
        Literal["responder", "admin"], Meta(description="Least role that may run it.")
    ] = "responder"
    allow_rules: Annotated[
        bool, Meta(description="Whether rules may run it: `remediate` names it then.")
    ] = False


class Log(Section, frozen=True):
    """Sentinel's own log."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe level shown.")
    ] = "info"
    format: Annotated[
        Literal["auto", "console", "json"],
        Meta(description="`auto` is console on a terminal and JSON elsewhere."),
    ] = "auto"


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
    teams: Annotated[dict[Name, Team], Meta(description="People by the name of their team.")] = {}
    probes: Annotated[
        list[dict[str, Any]], Meta(description="What is looked at every interval.")
    ] = []
    probes_at_once: Annotated[
        int,
        Meta(
            ge=1, le=1000, description="How many probes may look at the same time; from the start."
        ),
    ] = 50
    components: Annotated[
        dict[Name, Component],
        Meta(description="The parts of what you run, by name, and what each needs."),
    ] = {}
    monitors: Annotated[list[Monitor], Meta(description="Jobs that are expected to check in.")] = []
    actions: Annotated[
        dict[Name, dict[str, Any]],
        Meta(description="What people, and rules, may run, by name; tests need no entry."),
    ] = {}
    timezone: Annotated[
        Text,
        Meta(
            description="Time zone such as Europe/London, of schedules, time intervals and quiet "
            "hours that name none."
        ),
    ] = "UTC"
    hold: Annotated[
        Duration,
        Meta(
            description="How long an alert that the catalog knows as an effect is held back for "
            "its cause to show."
        ),
    ] = duration("30s")
    snapshots: Annotated[
        Snapshots, Meta(description="Health rounds: what is counted, and what is a regression.")
    ] = field(default_factory=Snapshots)
    heartbeat: Annotated[
        Heartbeat | None, Meta(description="Who hears regularly that Sentinel works.")
    ] = None
    fire_drills: Annotated[
        list[FireDrill], Meta(description="Pages that are sent to see whether they arrive.")
    ] = []
    status_page: Annotated[
        StatusPage | None, Meta(description="What clients see at /status; no page if not given.")
    ] = None
    clients: Annotated[Clients, Meta(description="How clients are told, and who may sign up.")] = (
        field(default_factory=Clients)
    )
    tenants: Annotated[
        dict[Text, Tenant], Meta(description="Customers, by the name that signals have for them.")
    ] = {}
    templates: Annotated[list[Template], Meta(description="Your own words for messages.")] = []
    log: Annotated[Log, Meta(description="Sentinel's own log.")] = field(default_factory=Log)


class Flapping(Section, frozen=True):
    """An alert that ended too often goes on firing until it has been quiet."""

    times: Annotated[
        int, Meta(ge=0, le=100, description="Ends that make an alert flap; 0 turns this off.")
    ] = 3
    within: Annotated[Duration, Meta(description="Within how long they must come.")] = duration(
        "1h"
    )
    quiet: Annotated[
        Duration, Meta(description="Must be gone this long: then it is over after all.")
    ] = duration("15m")


class Verify(Section, frozen=True):
    """What proves that the action helped: the alert is over by then, or the probe finds its
    component up."""

    after: Annotated[Duration, Meta(description="How long after the action ran.")]
    probe: Annotated[
        Text | None, Meta(description="A probe, which looks at that moment, whatever its interval.")
    ] = None


class Remediate(Section, frozen=True):
    """The action that is run when an alert of the rule fires, and what holds it back."""

    action: Annotated[Text, Meta(description="Name of an action with `allow_rules: true`.")]
    after: Annotated[Duration, Meta(description="The alert must go on firing so long first.")] = (
        field(default_factory=Duration)
    )
    cooldown: Annotated[
        Duration, Meta(description="Not sooner than this after the rule's last run.")
    ] = duration("10m")
    most: Annotated[int, Meta(ge=1, le=100, description="At most so many runs …")] = 3
    within: Annotated[Duration, Meta(description="… within this time.")] = duration("1h")
    verify: Annotated[
        Verify | None,
        Meta(description="How it is seen whether it helped; not at all if not given."),
    ] = None
    page: Annotated[
        Literal["at_once", "after_remediation"],
        Meta(
            description="Whether people are told as if there were no action, or only once it is "
            "known that it did not help."
        ),
    ] = "at_once"
    dry_run: Annotated[
        bool, Meta(description="Record what would be run, with all guard rails, and run nothing.")
    ] = False


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
    recover_when: Annotated[
        dict[str, Any],
        Meta(
            description="Parameters of the detector, easier than the rule's: an alert that fires "
            "goes on while it holds with these (hysteresis)."
        ),
    ] = {}
    on_missing: Annotated[
        OnMissing,
        Meta(
            description="When no signal of a group comes: keep the alert as it is, fire or resolve."
        ),
    ] = "keep"
    missing_after: Annotated[
        Duration | None,
        Meta(description="How long without a signal is missing; 5m if not given."),
    ] = None
    flapping: Annotated[
        Flapping, Meta(description="When an alert that comes and goes is kept firing.")
    ] = field(default_factory=Flapping)
    labels: Annotated[
        dict[Label, str],
        Meta(description="For routing. `severity` is critical, warning (if not given) or info."),
    ] = {}
    remediate: Annotated[
        Remediate | None, Meta(description="The action to run when the alert fires.")
    ] = None
    annotations: Annotated[
        dict[Label, str],
        Meta(description="For people: summary, runbook, … with {field} placeholders."),
    ] = {}


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
    inhibit_rules: Annotated[
        list[InhibitRule], Meta(description="Which alerts keep others quiet.")
    ] = []
    time_intervals: Annotated[
        list[TimeInterval], Meta(description="Times with a name, for routes and others.")
    ] = []
    maintenance: Annotated[
        list[Maintenance], Meta(description="Announced work, during which nobody is told.")
    ] = []
    escalations: Annotated[list[Escalation], Meta(description="Who is told, and when.")] = []
    schedules: Annotated[list[Schedule], Meta(description="Who is on call, and when.")] = []
    correlations: Annotated[
        list[Correlation], Meta(description="What is one incident, beside the catalog's causes.")
    ] = []
    broadcasts: Annotated[
        list[Broadcast], Meta(description="When clients are told, and in which words.")
    ] = []
    templates: Annotated[
        list[Template], Meta(description="As in sentinel.yaml, without references.")
    ] = []
    classify: Annotated[
        list[Classify], Meta(description="Your own word on grouping, severity and category.")
    ] = []
    people: Annotated[
        dict[Name, Person], Meta(description="As in sentinel.yaml, without references.")
    ] = {}
    teams: Annotated[dict[Name, Team], Meta(description="As in sentinel.yaml.")] = {}
    tenants: Annotated[
        dict[Text, Tenant], Meta(description="As in sentinel.yaml, without references.")
    ] = {}
    tests: Annotated[
        list[RuleTest], Meta(description="Tests of the rules, which `sentinel test` runs.")
    ] = []
