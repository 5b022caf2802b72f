"""What may stand in the YAML files about the words of messages."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated, Literal

from msgspec import Meta

from sentinel.config.section import Name, Section, Text
from sentinel.model.delivery import Audience

ToldReason = Literal[
    "firing",
    "cause_found",
    "remedy_failed",
    "reminder",
    "acknowledged",
    "assigned",
    "ack_expiring",
    "folded",
    "resolved",
    "update",
]
Source = Annotated[str, Meta(min_length=1, max_length=20_000)]


class Template(Section, frozen=True):
    """Your own words for messages, in Jinja. Of several that fit a message the first one wins."""

    name: Annotated[Name, Meta(description="Unique name.")]
    channel: Annotated[
        Text | list[Text] | None,
        Meta(description="Names of channels, or types such as email; all channels if left out."),
    ] = None
    audience: Annotated[
        Audience,
        Meta(description="`admin`: messages about incidents; `client`: what clients are told."),
    ] = "admin"
    reasons: Annotated[
        list[ToldReason],
        Meta(description="For which messages; all of the audience's if left out."),
    ] = []
    subject: Annotated[
        Source | None,
        Meta(description="One line. As all parts: what is left out stays as it is without it."),
    ] = None
    text: Annotated[
        Source | None,
        Meta(description="The plain text; also made into HTML where `html` is left out."),
    ] = None
    html: Annotated[
        Source | None, Meta(description="For e-mail; values are escaped by themselves.")
    ] = None
    short: Annotated[
        Source | None, Meta(description="One line for channels that count characters, as SMS.")
    ] = None
