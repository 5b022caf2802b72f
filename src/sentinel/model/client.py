"""Clients: who, at the customers of the operator, is told how things stand."""

from typing import Literal

from msgspec import Struct

from sentinel.model.alert import AlertSeverity

Source = Literal["config", "managed", "self"]
"""The configuration, a person in the interface (or an import), or the clients themselves."""
SubscriptionState = Literal["pending", "active", "ended", "bounced", "complained"]


class Tenant(Struct, frozen=True, kw_only=True):
    """A customer company of the operator. `name` is what signals call it."""

    name: str
    title: str
    source: Source
    created: float


class ClientQuiet(Struct, frozen=True, kw_only=True):
    """Hours of the day, as minutes after midnight in the contact's zone, in which it hears nothing
    but what is critical."""

    start: int
    end: int


class Contact(Struct, frozen=True, kw_only=True):
    """A person who hears how things stand. `tenant` is None for somebody of the public.

    `digest` is when what is not critical comes, all in one: minutes after midnight in `timezone`,
    None to hear each at once. `chosen` is when the contact last set its own preferences, which the
    configuration and imports leave alone from then on.
    """

    id: int
    tenant: str | None
    name: str
    language: str = "en"
    timezone: str = "UTC"
    quiet: ClientQuiet | None = None
    digest: int | None = None
    source: Source
    created: float
    chosen: float | None = None


class Subscription(Struct, frozen=True, kw_only=True):
    """One address of a contact. `kind` is the address key that channels ask for: email, sms, …

    `components` are those it concerns, none for all; `severity` is the least that it hears of.
    `since` is the time of the last change of `state`, and `reason` why an ended one ended. One
    that has ended never begins again: a new one takes its place.
    """

    id: int
    contact: int
    kind: str
    address: str
    components: tuple[str, ...] = ()
    severity: AlertSeverity = "info"
    state: SubscriptionState
    since: float
    reason: str = ""
    source: Source = "managed"


class Change(Struct, frozen=True, kw_only=True):
    """One line of a contact's history: what `actor` did. It is also the proof of consent."""

    at: float
    actor: str
    what: str
    subscription: int | None = None
    detail: str = ""
