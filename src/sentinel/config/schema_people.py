"""What may stand in the YAML files about people: where they are reached, when they are left
alone, who is on call, and in what order they are told."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from sentinel.config.section import Label, Name, Section, Text
from sentinel.model.alert import AlertSeverity
from sentinel.model.values import Duration


class Quiet(Section, frozen=True):
    """Hours of every night in which a person is left alone: what comes then waits until they
    are over."""

    from_: Annotated[Text, Meta(description='Begin: "22:00".')] = field(name="from")
    until: Annotated[Text, Meta(description='End: "07:00". Before `from` it is the next morning.')]
    except_: Annotated[
        AlertSeverity | list[AlertSeverity],
        Meta(description="Severities that come through: critical, or a list."),
    ] = field(name="except", default_factory=list)
    timezone: Annotated[
        Text | None, Meta(description="Time zone such as Europe/London; the person's if not given.")
    ] = None


class Digest(Section, frozen=True):
    """What is not urgent comes at fixed times, all in one message."""

    at: Annotated[
        Text | list[Text],
        Meta(description='Times of day by the person\'s clock: "09:00", or a list.'),
    ]
    severities: Annotated[
        list[AlertSeverity],
        Meta(min_length=1, description="What waits for them; info alone if not given."),
    ] = field(default_factory=lambda: ["info"])
    timezone: Annotated[
        Text | None, Meta(description="Time zone such as Europe/London; the person's if not given.")
    ] = None


class PersonLimit(Section, frozen=True):
    """What a person gets at most; more waits and comes in one message. Critical pages come through
    all the same."""

    most: Annotated[int, Meta(ge=1, le=1000, description="At most so many messages …")]
    within: Annotated[Duration, Meta(description="… within this time.")]


def _of(record: type[Section]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.schema_components([record])[1][record.__name__]
    return found


PERSON_OWN: dict[str, Any] = {
    "quiet": {
        **_of(Quiet),
        "description": "Hours in which the person is left alone.",
    },
    "digest": {
        **_of(Digest),
        "description": "When the person hears of what is not urgent.",
    },
    "limits": {
        "type": "object",
        "additionalProperties": _of(PersonLimit),
        "description": "What the person gets at most, by channel or address key; goes before the "
        "channel's `per_person`.",
    },
    "timezone": {
        "type": "string",
        "minLength": 1,
        "description": "Time zone such as Europe/London; `timezone` of the main file if not given.",
    },
}
"""The keys of a person that are no addresses, with their schemas."""

Person = Annotated[
    dict[Label, Any],
    Meta(
        description="Addresses by the key that channels ask for: email, sms, slack, …; beside "
        "them `quiet` and `timezone`.",
        extra_json_schema={
            "properties": PERSON_OWN,
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 2000},
        },
    ),
]
Together = Annotated[list[Name], Meta(min_length=1)]
Team = Annotated[list[Name], Meta(min_length=1, description="Names of people.")]


class Step(Section, frozen=True):
    """Who is told, and when."""

    notify: Annotated[
        list[Text],
        Meta(
            min_length=1,
            description="person:alice, team:leads, schedule:primary (whoever is on call then), "
            "channel:console, or just a name of one of these.",
        ),
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
    repeat: Annotated[
        int, Meta(ge=0, le=20, description="How often all steps run again after the last one.")
    ] = 0
    ack_timeout: Annotated[
        Duration | None,
        Meta(
            description="An acknowledgement runs out after this long, with a reminder before; it "
            "holds until the incident is over if not given."
        ),
    ] = None


class Layer(Section, frozen=True):
    """People who take turns."""

    every: Annotated[
        Duration, Meta(description="Length of a turn: whole hours, days or weeks, such as 1w.")
    ]
    people: Annotated[
        list[Name | Together],
        Meta(min_length=1, description="In turn; a list within the list is on call together."),
    ]
    handoff: Annotated[
        Text, Meta(description='When a turn ends, by the clock on the wall: "Mon 09:00", "09:00".')
    ] = "00:00"
    start: Annotated[
        Text | None,
        Meta(description="Day of the first turn: 2026-01-05; without it the turns always were."),
    ] = None
    during: Annotated[
        list[Name], Meta(description="Names of time intervals: only in them; always if not given.")
    ] = []


class Override(Section, frozen=True):
    """Somebody else, for once."""

    from_: Annotated[Text, Meta(description="Begin: 2026-12-24T09:00.")] = field(name="from")
    until: Annotated[Text, Meta(description="End: 2026-12-27T09:00.")]
    person: Annotated[Name | None, Meta(description="Who is on call instead.")] = None
    people: Annotated[list[Name], Meta(description="Or several, together.")] = []


class Schedule(Section, frozen=True):
    """Who is on call when. A later layer goes before an earlier one, an override before all."""

    name: Annotated[Name, Meta(description="Unique name.")]
    layers: Annotated[list[Layer], Meta(min_length=1, description="People who take turns.")]
    overrides: Annotated[list[Override], Meta(description="Exceptions.")] = []
    timezone: Annotated[
        Text | None,
        Meta(description="Time zone such as Europe/London; `timezone` of the main file if not."),
    ] = None
