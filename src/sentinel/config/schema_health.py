"""The mappings of the main file about health: components, the heartbeat outwards, fire drills."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated, Literal

from msgspec import Meta

from sentinel.config.section import Name, Section, Text
from sentinel.model.values import Duration, Secret, duration

SLO = 99.9
_HTTP = ("http://", "https://")


class Component(Section, frozen=True):
    """A part of what you run. Those that only probes and senders name need no entry."""

    title: Annotated[
        Text | None, Meta(description="What people call it; its name if left out.")
    ] = None
    group: Annotated[Text, Meta(description="Heading that it stands under.")] = "Components"
    depends_on: Annotated[
        list[Text],
        Meta(description="Components that it needs, from here or from `probes`."),
    ] = []
    slo: Annotated[
        float,
        Meta(gt=0, lt=100, description="Percent of 30 days in which it must not be down."),
    ] = SLO
    silent_after: Annotated[
        Duration | None,
        Meta(
            description="Unknown once nothing was heard of it for so long; if not given three "
            "intervals of its probe, or snapshots.silent_after without a probe."
        ),
    ] = None


class Heartbeat(Section, frozen=True):
    """A dead man's switch elsewhere that hears from Sentinel, after each pass of a signal through
    the whole of it, and alarms when it does not."""

    url: Annotated[Secret, Meta(description="What to ask for.")]
    every: Annotated[Duration, Meta(description="Time between two passes.")] = duration("1m")
    method: Annotated[Literal["GET", "POST", "HEAD"], Meta(description="The request's method.")] = (
        "GET"
    )
    timeout: Annotated[Duration, Meta(description="Longest time for the request.")] = duration(
        "10s"
    )

    def __post_init__(self) -> None:
        # The address itself is a secret, and is not shown.
        if not self.url.reveal().startswith(_HTTP):
            raise ValueError("expected a `url` that begins with http:// or https://, found another")
        if not 10 <= self.every <= 86_400:
            raise ValueError(f"expected an `every` from 10s to 1d, found {self.every}")
        if self.timeout <= 0:
            raise ValueError("expected a `timeout` above 0s, found no time at all")


class FireDrill(Section, frozen=True):
    """A message that says it is a drill, sent the way of a page, at its time."""

    name: Annotated[Name, Meta(description="Unique name, for `sentinel drill`.")]
    notify: Annotated[
        list[Text],
        Meta(
            min_length=1,
            description="As in an escalation's step: person:alice, schedule:primary, channel:chat.",
        ),
    ]
    schedule: Annotated[
        Text | None, Meta(description="When: five fields of cron, or @weekly and the like.")
    ] = None
    timezone: Annotated[
        Text | None, Meta(description="Time zone of schedule; the file's own if not given.")
    ] = None
    every: Annotated[
        Duration | None, Meta(description="Instead of schedule: time from one to the next.")
    ] = None
    by: Annotated[
        Text | list[Text] | None,
        Meta(description="Channels, or kinds of address; all of a person's if not given."),
    ] = None
    within: Annotated[
        Duration, Meta(description="Each message must have its receipt by then, or it has failed.")
    ] = duration("10m")
