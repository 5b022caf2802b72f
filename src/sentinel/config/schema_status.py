"""The mapping of the main file about the status page that clients see."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated, Literal

from msgspec import Meta

from sentinel.config.section import Section, Text

COLOUR = r"^#[0-9A-Fa-f]{6}$"
Colour = Annotated[str, Meta(pattern=COLOUR)]
Line = Annotated[str, Meta(min_length=1, max_length=100)]


class StatusLink(Section, frozen=True):
    """A link at the foot of the page."""

    title: Annotated[Line, Meta(description="Its words.")]
    url: Annotated[Text, Meta(description="Where it leads: http:// or https://.")]


class StatusComponent(Section, frozen=True):
    """One line of the page. What is not listed is not shown."""

    component: Annotated[
        Text | list[Text],
        Meta(
            description="The component that it tells of, or several: in part out where some of "
            "them are down, and down where all are."
        ),
    ]
    title: Annotated[
        Line | None,
        Meta(description="What clients call it; the component's own `title` if left out."),
    ] = None
    group: Annotated[
        Line | None,
        Meta(description="Heading that it stands under; none if left out."),
    ] = None
    description: Annotated[
        Annotated[str, Meta(min_length=1, max_length=300)] | None,
        Meta(description="A sentence that says what it is for."),
    ] = None


class StatusPage(Section, frozen=True):
    """What clients see at `/status`. Without this section there is no page."""

    enabled: Annotated[bool, Meta(description="Whether there is a page.")] = True
    title: Annotated[Line, Meta(description="Its name, such as: Acme status.")] = "Status"
    intro: Annotated[Text | None, Meta(description="Some sentences under the title.")] = None
    logo: Annotated[
        Text | None,
        Meta(
            description="An SVG, PNG, JPEG or WebP file of up to 100 kB, relative to this file; "
            "beside the title."
        ),
    ] = None
    accent: Annotated[Colour | None, Meta(description="Your colour, for links and buttons.")] = None
    accent_dark: Annotated[
        Colour | None,
        Meta(description="The same on dark screens; made from `accent` if left out."),
    ] = None
    support: Annotated[
        Text | None,
        Meta(description="Where to ask for help: an e-mail address or https://."),
    ] = None
    links: Annotated[list[StatusLink], Meta(max_length=12, description="Links at the foot.")] = []
    audience: Annotated[
        Literal["public", "token"],
        Meta(description="Everybody, or only those with a link of `sentinel status link`."),
    ] = "public"
    environments: Annotated[
        list[Text],
        Meta(description="Statuses from these environments count; from all of them if left out."),
    ] = []
    days: Annotated[Literal[30, 60, 90], Meta(description="Days that the uptime bars show.")] = 90
    timezone: Annotated[
        Text | None,
        Meta(
            description="Of the days and times on it, such as Europe/London; that of the main "
            "file if not given."
        ),
    ] = None
    components: Annotated[
        list[StatusComponent],
        Meta(max_length=200, description="What is shown, in this order."),
    ] = []
