"""What one step of the engine wants done. The caller writes it all in one transaction."""

from msgspec import Struct, field

from sentinel.model.alert import Alert, Incident
from sentinel.model.decision import Decision, Match
from sentinel.model.delivery import DeliveryIntent

WindowKey = tuple[str, str]
"""A rule's name and the JSON text of the group key."""


class Effects(Struct):
    """`windows` maps to the saved window as msgpack, or to None where it is to be deleted."""

    alerts: dict[int, Alert] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    deliveries: list[DeliveryIntent] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    windows: dict[WindowKey, bytes | None] = field(default_factory=dict)
