"""What may stand in the YAML files about tests of the rules: what happens on a virtual clock, and
who must hear of it."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, field

from sentinel.config.section import Name, Section, Text
from sentinel.model.alert import AlertSeverity, IncidentState
from sentinel.model.broadcast import Phase
from sentinel.model.delivery import Reason
from sentinel.model.values import Duration

Fields = dict[str, Any]
Count = Annotated[int, Meta(ge=1)]
Pair = Annotated[list[Duration], Meta(min_length=2, max_length=2)]
Labels = dict[str, str]
ExpectedState = Literal["pending", "firing", "acknowledged", "resolved", "absent"]
EXPECTED_STATES: tuple[ExpectedState, ...] = get_args(ExpectedState)


class Feed(Section, frozen=True):
    """Signals that come in. Beside these keys it takes exactly one kind of signal."""

    at: Annotated[Duration, Meta(description="Time of the first, from the test's start.")]
    every: Annotated[
        Duration | None, Meta(description="Time from each to the next; needed with `times`.")
    ] = None
    times: Annotated[int, Meta(ge=1, le=100_000, description="How many come.")] = 1
    error: Annotated[Fields | None, Meta(description="Fields of an error.")] = None
    status: Annotated[Fields | None, Meta(description="Fields of a status.")] = None
    metric: Annotated[Fields | None, Meta(description="Fields of a metric.")] = None
    checkin: Annotated[Fields | None, Meta(description="Fields of a check-in.")] = None
    activity: Annotated[Fields | None, Meta(description="Fields of an activity.")] = None
    span: Annotated[Fields | None, Meta(description="Fields of a span.")] = None
    change: Annotated[Fields | None, Meta(description="Fields of a change.")] = None


class Acknowledge(Section, frozen=True):
    """Somebody takes the incident of an alert."""

    at: Annotated[Duration, Meta(description="When, from the test's start.")]
    alert: Annotated[Name, Meta(description="The rule's name.")]
    labels: Annotated[Labels, Meta(description="Labels that tell its alerts apart.")] = {}
    by: Annotated[Name | None, Meta(description="The person; somebody if not given.")] = None


class Silence(Section, frozen=True):
    """A person silences alerts."""

    at: Annotated[Duration, Meta(description="When, from the test's start.")]
    matchers: Annotated[
        list[Text], Meta(min_length=1, description="On labels, all must hold, as in routes.")
    ]
    for_: Annotated[Duration, Meta(description="How long.")] = field(name="for")


class Delivered(Section, frozen=True):
    """A message."""

    to: Annotated[Name, Meta(description="A person, or a channel that is told itself.")]
    by: Annotated[Text | None, Meta(description="Over this channel or address key.")] = None
    times: Annotated[
        Count | None, Meta(description="Exactly so many; at least one if not given.")
    ] = None
    reason: Annotated[Reason | None, Meta(description="Why it was sent; any if not given.")] = None


class NotDelivered(Section, frozen=True):
    """No such message."""

    to: Annotated[Name, Meta(description="A person, or a channel that is told itself.")]
    by: Annotated[Text | None, Meta(description="Over this channel or address key.")] = None
    reason: Annotated[Reason | None, Meta(description="Why it was sent; any if not given.")] = None


class ExpectedIncident(Section, frozen=True):
    """An incident that is as all of these say."""

    root: Annotated[Name | None, Meta(description="Rule of the alert that is the cause.")] = None
    state: Annotated[IncidentState | None, Meta(description="open, acknowledged, resolved.")] = None
    severity: Annotated[AlertSeverity | None, Meta(description="critical, warning or info.")] = None
    size: Annotated[Count | None, Meta(description="How many alerts belong to it.")] = None
    times: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="How many such incidents; at least one if not given."),
    ] = None


class ClientUpdate(Section, frozen=True):
    """Something that is published to clients."""

    broadcast: Annotated[
        Name, Meta(description="An entry of broadcasts, or a maintenance with announce.")
    ]
    phase: Annotated[Phase | None, Meta(description="What it says; anything if not given.")] = None


class Expect(Section, frozen=True):
    """What must be so. It takes one of `at`, `until` and `between`, and one of `alert`,
    `delivered`, `not_delivered`, `incident`, `action`, `no_action`, `client_update` and
    `no_client_update`."""

    at: Annotated[Duration | None, Meta(description="At this moment.")] = None
    until: Annotated[Duration | None, Meta(description="From the start to this moment.")] = None
    between: Annotated[
        Pair | None,
        Meta(description="Within this time: [2m30s, 3m]."),
    ] = None
    alert: Annotated[Name | None, Meta(description="The rule's name; with `state`.")] = None
    state: Annotated[
        ExpectedState | None,
        Meta(description="State of the alert; absent: there is none that is not over."),
    ] = None
    labels: Annotated[Labels, Meta(description="Labels that the alert has.")] = {}
    delivered: Annotated[Delivered | None, Meta(description="Somebody is told.")] = None
    not_delivered: Annotated[NotDelivered | None, Meta(description="Nobody is told.")] = None
    incident: Annotated[ExpectedIncident | None, Meta(description="There is one.")] = None
    action: Annotated[Text | None, Meta(description="A rule has this action run.")] = None
    no_action: Annotated[Text | None, Meta(description="No rule has this action run.")] = None
    client_update: Annotated[ClientUpdate | None, Meta(description="Clients are told.")] = None
    no_client_update: Annotated[
        ClientUpdate | None, Meta(description="Clients are told no such thing.")
    ] = None


class RuleTest(Section, frozen=True):
    """A test of the rules on a virtual clock: `sentinel test` runs it. Times count from its
    start."""

    name: Annotated[Text, Meta(description="A sentence that says what must be so. Unique.")]
    expect: Annotated[list[Expect], Meta(min_length=1, description="What must follow.")]
    start: Annotated[
        Text | None,
        Meta(description="Date and time of the start, for schedules: 2026-03-29T00:30."),
    ] = None
    timezone: Annotated[
        Text | None,
        Meta(description="Time zone of the start; `timezone` of the main file if not given."),
    ] = None
    signals: Annotated[list[Feed], Meta(description="What comes in.")] = []
    acknowledge: Annotated[list[Acknowledge], Meta(description="Who takes what.")] = []
    silence: Annotated[list[Silence], Meta(description="What is silenced.")] = []
    reload: Annotated[list[Duration], Meta(description="When the files are read again.")] = []
    restart: Annotated[list[Duration], Meta(description="When the daemon is restarted.")] = []
