"""All that the engine needs to go on where it stopped."""

from msgspec import Struct, field

from sentinel.engine.effects import WindowKey
from sentinel.model.alert import Alert, Incident
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.fact import Fact
from sentinel.model.override import Override
from sentinel.model.paging import Paging
from sentinel.model.rest import DoNotDisturb
from sentinel.model.silence import Silence


class Saved(Struct):
    """What a store gives back: all that is not over, and the counters. `now` is the latest time
    at which the engine is known to have run. `runs` are the times of each rule's own actions of at
    least the last month, oldest first. `broadcasts` are those that `Broadcasts.is_wanted` names,
    `updates` all of theirs."""

    alerts: list[Alert] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    pagings: list[Paging] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    dnd: list[DoNotDisturb] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    windows: dict[WindowKey, bytes] = field(default_factory=dict)
    runs: dict[str, tuple[float, ...]] = field(default_factory=dict)
    broadcasts: list[Broadcast] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    last_alert: int = 0
    last_incident: int = 0
    last_silence: int = 0
    last_broadcast: int = 0
    last_update: int = 0
    last_override: int = 0
    now: float = 0.0
