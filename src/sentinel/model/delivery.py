"""Deliveries: one message to one address over one channel."""

from typing import Any, Literal

from msgspec import Struct, field

Reason = Literal["firing", "cause_found", "reminder", "ack_expiring", "resolved", "test", "drill"]
DeliveryState = Literal["pending", "sending", "sent", "failed", "superseded"]


class Recipient(Struct, frozen=True):
    """One address on one channel. `person` is None where a channel is addressed directly."""

    channel: str
    address: str = ""
    person: str | None = None


class DeliveryIntent(Struct, frozen=True, kw_only=True):
    """What the engine wants sent. `also` are further incidents that the same message tells of."""

    recipient: Recipient
    reason: Reason
    incident: int | None
    severity: str
    at: float
    also: tuple[int, ...] = ()


class Delivery(Struct, frozen=True, kw_only=True):
    """One row of the outbox. `key` is the idempotency key that every attempt carries."""

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


class Message(Struct, frozen=True, kw_only=True):
    """What a notifier is given. `thread` is the same for all messages of one incident.

    `payload` carries the same facts as data for machines; `html` may be empty.
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


class Receipt(Struct, frozen=True, kw_only=True):
    """What the provider said on taking the message: its reference, if it gave one."""

    reference: str = ""
    detail: str = ""
