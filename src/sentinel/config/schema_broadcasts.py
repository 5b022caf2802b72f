"""What may stand in the YAML files about what clients are told: of incidents, and of announced
work."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated

from msgspec import Meta, field

from sentinel.config.section import Name, Section, Text
from sentinel.model.alert import AlertSeverity
from sentinel.model.broadcast import BroadcastAudience
from sentinel.model.values import Duration, duration

PUBLISH = r"^(auto|draft|hold (\d{1,9}(\.\d{1,9})?(ms|s|m|h|d|w))+)$"
Title = Annotated[str, Meta(min_length=1, max_length=120)]
Words = dict[str, Text | dict[str, Text]]
"""Texts by phase, or by language and then by phase."""


class When(Section, frozen=True):
    """The alerts that clients are told of; every key that is given must hold."""

    alert: Annotated[
        Text | list[Text] | None, Meta(description="Name of a rule, or a list of them.")
    ] = None
    severity: Annotated[
        AlertSeverity | list[AlertSeverity] | None,
        Meta(description="critical, warning or info, or a list of them."),
    ] = None
    matchers: Annotated[
        list[Text], Meta(description="On labels, all must hold, as in routes.")
    ] = []


class Ask(Section, frozen=True):
    """Who is told that an update is held, and may stop it or let it go."""

    notify: Annotated[
        list[Text],
        Meta(min_length=1, description="As in an escalation's step: person:alice, team:leads."),
    ]
    by: Annotated[
        Text | list[Text] | None,
        Meta(description="Channels, or kinds of address; all of a person's if not given."),
    ] = None


class Broadcast(Section, frozen=True):
    """What clients are told of an incident with such an alert."""

    name: Annotated[Name, Meta(description="Unique name.")]
    when: Annotated[When, Meta(description="The alerts that begin it.")]
    messages: Annotated[
        Words,
        Meta(
            min_length=1,
            description="investigating, and if wanted identified, monitoring and resolved; for "
            "several languages one mapping each: {en: {…}, de: {…}}.",
        ),
    ]
    title: Annotated[
        Title | None,
        Meta(description="Its heading for clients; the components' titles if not given."),
    ] = None
    components: Annotated[
        list[Text], Meta(description="What is affected: components, by name.")
    ] = []
    audience: Annotated[
        BroadcastAudience,
        Meta(
            description="`affected`: contacts of the tenants that the incident reaches; "
            "`subscribers`: whoever subscribed to the components; `all`: every client."
        ),
    ] = "affected"
    publish: Annotated[
        str,
        Meta(
            pattern=PUBLISH,
            description="`auto`: at once; `hold 10m`: unless somebody stops it within that time; "
            "`draft`: once somebody publishes it.",
        ),
    ] = "hold 10m"
    ask: Annotated[
        Ask | None,
        Meta(description="Who may stop it; whom the incident's escalation calls if not given."),
    ] = None
    resolve_after: Annotated[
        Duration,
        Meta(
            description="How long it must be over before clients are told so. What comes back "
            "until then goes on as the same."
        ),
    ] = duration("2m")


class Announce(Section, frozen=True):
    """What clients are told of announced work: ahead of it, when it begins and when it is done."""

    title: Annotated[Title, Meta(description="Its heading for clients.")]
    messages: Annotated[
        Words,
        Meta(
            min_length=1,
            description="scheduled, and if wanted in_progress and completed; by language as in "
            "broadcasts.",
        ),
    ]
    components: Annotated[
        list[Text], Meta(description="What it concerns: components, by name.")
    ] = []
    audience: Annotated[
        BroadcastAudience, Meta(description="As in broadcasts; `affected` reaches nobody here.")
    ] = "subscribers"
    severity: Annotated[
        AlertSeverity, Meta(description="Who asked for more severe news only hears nothing of it.")
    ] = "info"
    before: Annotated[
        list[Duration],
        Meta(min_length=1, max_length=10, description="How long before it begins they are told."),
    ] = field(default_factory=lambda: [Duration.parse("1d"), Duration.parse("1h")])
