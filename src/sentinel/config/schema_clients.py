"""What may stand in the YAML files about clients: who is told at each tenant, and how."""

# Ruff does not see from here that a Section is a msgspec record, which copies its defaults.
# ruff: noqa: RUF012

from typing import Annotated, Literal

from msgspec import Meta, field

from sentinel.config.section import Name, Section, Text
from sentinel.model.alert import AlertSeverity
from sentinel.model.values import Duration, duration

SignUp = Literal["off", "open", "tenant-only"]
Language = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$", examples=["en", "pt-BR"])
]


class ContactQuiet(Section, frozen=True):
    """Hours of every day in which only what is critical is told at once."""

    from_: Annotated[Text, Meta(description='Begin: "22:00".')] = field(name="from")
    until: Annotated[Text, Meta(description='End: "07:00". Before `from` it is the next morning.')]


class TenantContact(Section, frozen=True):
    """Somebody at a tenant who is told. At least one address."""

    name: Annotated[Text, Meta(description="Who it is; once for each tenant.")]
    email: Annotated[Text | None, Meta(description="E-mail address.")] = None
    sms: Annotated[Text | None, Meta(description='Number with its country: "+44 …".')] = None
    webhook: Annotated[Text | None, Meta(description="URL that is called, with https://.")] = None
    slack: Annotated[Text | None, Meta(description="URL of a Slack incoming webhook.")] = None
    language: Annotated[
        Language | None, Meta(description="Of messages; `clients.language` if not given.")
    ] = None
    timezone: Annotated[
        Text | None,
        Meta(description="Time zone such as Europe/London; the main file's if not given."),
    ] = None
    quiet: Annotated[
        ContactQuiet | None, Meta(description="Hours with nothing but what is critical.")
    ] = None
    digest: Annotated[
        Text | None,
        Meta(description='Once a day at "08:00", all together; each at once if not given.'),
    ] = None
    components: Annotated[
        list[Text], Meta(description="Components that concern them; all if not given.")
    ] = []
    severity: Annotated[AlertSeverity, Meta(description="The least that they hear of.")] = "info"


class Tenant(Section, frozen=True):
    """A customer company. Its name is what signals call it in `tenant`."""

    title: Annotated[Text | None, Meta(description="What people call it; its name if not.")] = None
    contacts: Annotated[list[TenantContact], Meta(description="Who is told.")] = []


class ClientChannels(Section, frozen=True):
    """The channel that serves each kind of address. Without one, such addresses are not told."""

    email: Annotated[Name | None, Meta(description="A channel of type `email`.")] = None
    sms: Annotated[Name | None, Meta(description="A channel with the address key `sms`.")] = None
    webhook: Annotated[Name | None, Meta(description="A channel of type `client_webhook`.")] = None
    slack: Annotated[Name | None, Meta(description="A channel of type `slack_webhook`.")] = None


class ClientLimits(Section, frozen=True):
    """What strangers may cause."""

    confirmations: Annotated[
        int, Meta(ge=1, le=100, description="Confirmation messages to one address in a day.")
    ] = 3
    sign_ups: Annotated[
        int, Meta(ge=1, le=10_000, description="Sign-ups from one network address in an hour.")
    ] = 10
    sign_ups_in_all: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Sign-ups from everywhere in an hour.")
    ] = 1000
    confirm_within: Annotated[
        Duration, Meta(description="How long a sign-up waits to be confirmed.")
    ] = duration("3d")
    bounces: Annotated[
        int, Meta(ge=1, le=100, description="Bounces in a row that end a subscription.")
    ] = 3


class Clients(Section, frozen=True):
    """How clients are told, and who may sign up."""

    title: Annotated[
        Annotated[str, Meta(min_length=1, max_length=60)],
        Meta(description="Who writes to them: the name of your service."),
    ] = "Service status"
    channels: Annotated[ClientChannels, Meta(description="Over which channels.")] = field(
        default_factory=ClientChannels
    )
    sign_up: Annotated[
        SignUp,
        Meta(
            description="Who may subscribe at /subscribe: nobody, everybody, or only by the link "
            "of a tenant."
        ),
    ] = "off"
    limits: Annotated[ClientLimits, Meta(description="What strangers may cause.")] = field(
        default_factory=ClientLimits
    )
    language: Annotated[Language, Meta(description="Where a contact has none of its own.")] = "en"
    languages: Annotated[
        dict[Language, dict[str, Text]],
        Meta(description="Other texts, by language and key: `sentinel client texts` lists them."),
    ] = {}
    footer: Annotated[
        Annotated[str, Meta(max_length=1000)],
        Meta(description="Stands below each message: who you are, and why they hear from you."),
    ] = ""
