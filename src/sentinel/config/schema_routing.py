"""What may stand in the YAML files about where alerts go and when they are held: routes,
inhibitions, time intervals and maintenance. As in Alertmanager wherever the name is the same."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated

from msgspec import Meta, field

from sentinel.config.schema_broadcasts import Announce
from sentinel.config.section import Field, Name, Section, Text
from sentinel.model.values import Duration

Matchers = list[Text]
Labels = Annotated[list[Text], Meta(max_length=10)]
Number = int | Text
"""A number or a range of them: 5, -1, `1:5`."""


class Route(Section, frozen=True):
    """Which alerts go to which escalation. The first match wins; children are more specific."""

    name: Annotated[Name, Meta(description="Unique name.")]
    matchers: Annotated[
        Matchers,
        Meta(
            description='On labels, all must hold: team="payments", severity=~"critical|warning".'
        ),
    ] = []
    escalation: Annotated[
        str | None, Meta(description="Name of an escalation; the parent's if not given.")
    ] = None
    group_by: Annotated[
        Labels | None,
        Meta(
            description="Labels: alerts that have them in common are told of together. `incident` "
            "(if not given): each incident by itself. The parent's if not given.",
        ),
    ] = None
    group_wait: Annotated[
        Duration | None,
        Meta(description="Time to collect alerts before the first message; the parent's or 0s."),
    ] = None
    group_interval: Annotated[
        Duration | None,
        Meta(description="Least time between two messages on one group; the parent's or 5m."),
    ] = None
    repeat_interval: Annotated[
        Duration | None,
        Meta(description="Reminder while nobody acknowledges; the parent's or 4h."),
    ] = None
    mute_time_intervals: Annotated[
        list[Name],
        Meta(description="Names of time intervals in which nothing is told. Not for children."),
    ] = []
    active_time_intervals: Annotated[
        list[Name],
        Meta(description="Names of time intervals; told only in them. Not for children."),
    ] = []
    continue_: Annotated[
        bool, Meta(description="Whether the routes after this one may match as well.")
    ] = field(name="continue", default=False)
    routes: Annotated[
        "list[Route]", Meta(description="Tried first, in order, once this route matches.")
    ] = []


class InhibitRule(Section, frozen=True):
    """While a source fires, its targets with equal labels are told to nobody."""

    source_matchers: Annotated[
        Matchers, Meta(min_length=1, description="The alerts that keep others quiet.")
    ]
    target_matchers: Annotated[
        Matchers, Meta(min_length=1, description="The alerts that are kept quiet.")
    ]
    equal: Annotated[
        list[Field],
        Meta(description="Labels that must be the same on both; one that both lack is the same."),
    ] = []
    name: Annotated[
        Name | None, Meta(description="For decisions and pages; `inhibit-N` if not given.")
    ] = None


class Times(Section, frozen=True):
    """A part of the day. The end is not in it."""

    start_time: Annotated[Text, Meta(description='From this time on: "09:00".')]
    end_time: Annotated[Text, Meta(description='Until this time: "17:30", at the latest "24:00".')]


class Interval(Section, frozen=True):
    """A time that meets every key that is given; a key is met by any entry of its list."""

    times: Annotated[
        list[Times], Meta(description="Parts of the day, by the clock on the wall.")
    ] = []
    weekdays: Annotated[list[Text], Meta(description="Days and ranges: [monday:friday].")] = []
    days_of_month: Annotated[
        list[Number],
        Meta(description="Days and ranges; negative ones count from the end: [1, '-3:-1']."),
    ] = []
    months: Annotated[
        list[Number], Meta(description="Names, numbers and ranges: [december, '1:3'].")
    ] = []
    years: Annotated[list[Number], Meta(description="Years and ranges: [2026, '2027:2029'].")] = []
    location: Annotated[
        Text | None,
        Meta(description="Time zone such as Europe/London; `timezone` of the main file if not."),
    ] = None


class TimeInterval(Section, frozen=True):
    """Times with a name, for routes, schedules and maintenance."""

    name: Annotated[Name, Meta(description="Unique name.")]
    time_intervals: Annotated[list[Interval], Meta(min_length=1, description="Any of these times.")]


class Maintenance(Section, frozen=True):
    """Announced work. While it lasts, the alerts that match are told to nobody, and their
    escalations wait."""

    name: Annotated[Name, Meta(description="Unique name.")]
    matchers: Annotated[
        Matchers, Meta(min_length=1, description="On labels, all must hold, as in routes.")
    ]
    time_intervals: Annotated[
        list[Name], Meta(description="Names of time intervals: work that recurs.")
    ] = []
    from_: Annotated[
        Text | None, Meta(description="Work that happens once begins: 2026-12-24T22:00.")
    ] = field(name="from", default=None)
    until: Annotated[Text | None, Meta(description="And ends: 2026-12-25T02:00.")] = None
    timezone: Annotated[
        Text | None,
        Meta(description="Time zone of from and until; `timezone` of the main file if not given."),
    ] = None
    comment: Annotated[Text | None, Meta(description="What is done, for people.")] = None
    announce: Annotated[
        Announce | None, Meta(description="What clients are told of it; nothing if not given.")
    ] = None
