"""What one step of the engine wants done. The caller writes it all in one transaction."""

from msgspec import Struct, field

from sentinel.model.action import ActionIntent
from sentinel.model.alert import Alert, Incident
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.decision import Decision, Match
from sentinel.model.delivery import DeliveryIntent
from sentinel.model.fact import Fact
from sentinel.model.override import Override
from sentinel.model.paging import Paging
from sentinel.model.rest import DoNotDisturb
from sentinel.model.silence import Silence

WindowKey = tuple[str, str]
"""A rule's name and the JSON text of the group key."""

PagingKey = tuple[str, str]
"""A route's name and the JSON text of the group's labels."""


class Effects(Struct):
    """`looks` are the probes that are to look at once. `windows` maps to the saved window as
    msgpack; there, in `pagings` and in `facts`, None stands for what is to be deleted."""

    alerts: dict[int, Alert] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    pagings: dict[PagingKey, Paging | None] = field(default_factory=dict)
    silences: dict[int, Silence] = field(default_factory=dict)
    dnd: dict[str, DoNotDisturb] = field(default_factory=dict)
    overrides: dict[int, Override] = field(default_factory=dict)
    broadcasts: dict[int, Broadcast] = field(default_factory=dict)
    updates: dict[int, Update] = field(default_factory=dict)
    facts: dict[str, Fact | None] = field(default_factory=dict)
    deliveries: list[DeliveryIntent] = field(default_factory=list)
    actions: list[ActionIntent] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    windows: dict[WindowKey, bytes | None] = field(default_factory=dict)
