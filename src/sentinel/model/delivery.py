"""Deliveries: one message to one address over one channel."""

from typing import Any, Literal

from msgspec import Struct, field

Reason = Literal[
    "firing",
    "cause_found",
    "remedy_failed",
    "reminder",
    "acknowledged",
    "assigned",
    "ack_expiring",
    "folded",
    "resolved",
    "test",
    "drill",
    "veto",
    "update",
    "confirm",
]
DeliveryState = Literal["pending", "sending", "sent", "failed", "superseded"]
Outcome = Literal["delivered", "undelivered"]
Audience = Literal["admin", "client"]
Verb = Literal["acknowledge", "resolve", "escalate", "publish", "veto", "confirm", "test"]


def is_page(reason: Reason, severity: str) -> bool:
    """What may wake someone; it overtakes all else."""
    return severity == "critical" and reason in ("firing", "assigned")


class Recipient(Struct, frozen=True):
    """One address on one channel. `person` is None where a channel is addressed directly."""

    channel: str
    address: str = ""
    person: str | None = None


class Limit(Struct, frozen=True):
    """At most `most` messages to one person `within` so many seconds."""

    most: int
    within: float


class DeliveryIntent(Struct, frozen=True, kw_only=True):
    """What the engine wants sent. `also` are further incidents that the same message tells of,
    `update` is the update of a broadcast that the recipient may decide on. One
    that is `bundled` may be told together with others that wait for the same address."""

    recipient: Recipient
    reason: Reason
    incident: int | None
    severity: str
    at: float
    also: tuple[int, ...] = ()
    bundled: bool = False
    update: int | None = None


class Delivery(Struct, frozen=True, kw_only=True):
    """One row of the outbox. `key` is the idempotency key that every attempt carries.

    `reference` is the provider's name for what it took, `outcome` what it said later of its
    arrival. A message for a client carries the number of the `subscription` that it goes to, and
    of the `update` of a broadcast that it tells of; `also` are further updates then.
    `merged_into` is the delivery that took the place of this one. One that itself took the place of
    others tells what was true when it was `created`, and is as old as the oldest of them, which has
    waited `since`.
    """

    id: int
    key: str
    channel: str
    address: str
    person: str | None = None
    reason: Reason
    incident: int | None = None
    severity: str = "critical"
    state: DeliveryState = "pending"
    attempts: int = 0
    created: float
    due: float
    sent: float | None = None
    error: str | None = None
    receipt: str | None = None
    subject: str = ""
    fallback_of: int | None = None
    also: tuple[int, ...] = ()
    reference: str | None = None
    outcome: Outcome | None = None
    outcome_at: float | None = None
    subscription: int | None = None
    update: int | None = None
    merged_into: int | None = None
    since: float | None = None

    @property
    def waiting_since(self) -> float:
        return self.created if self.since is None else self.since

    @property
    def is_page(self) -> bool:
        return is_page(self.reason, self.severity)

    @property
    def incidents(self) -> frozenset[int]:
        """Those that a message for people who run the system tells of."""
        numbers = (self.incident, *self.also)
        return frozenset(number for number in numbers if number is not None)

    @property
    def audience(self) -> Audience:
        return "admin" if self.subscription is None else "client"


class Choice(Struct, frozen=True, kw_only=True):
    """Something that the reader may do, as a button or a link. `token` is signed: it says who may
    do what to what, and until when. `url` shows a page that asks before it acts."""

    verb: Verb
    label: str
    token: str
    url: str


class Message(Struct, frozen=True, kw_only=True):
    """What a notifier is given. `thread` is the same for all messages of one incident.

    `payload` carries the same facts as data for machines; `html` may be empty. `short` is the text
    for channels that count characters (empty: take `subject` and `url`). `choices` are what the
    reader may do. `written` says that `text` is the operator's own words: a channel that puts its
    own text together from the payload shows them instead. `previous` is the reference of the first
    message of the thread to this address, empty where there is none. `goes_on` is the thread in
    which that of a folded incident goes on. `unsubscribe` is an address that takes the one-click
    POST of RFC 8058; only messages for clients have it.
    """

    key: str
    to: str
    reason: Reason
    severity: str
    subject: str
    text: str
    html: str = ""
    thread: str = ""
    first: bool = True
    url: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    short: str = ""
    choices: tuple[Choice, ...] = ()
    previous: str = ""
    goes_on: str = ""
    incident: int | None = None
    audience: Audience = "admin"
    unsubscribe: str = ""
    written: bool = False


class Receipt(Struct, frozen=True, kw_only=True):
    """What the provider said on taking the message: its reference, if it gave one."""

    reference: str = ""
    detail: str = ""
