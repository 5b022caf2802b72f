"""The records that a message about one incident tells of."""

from msgspec import Struct

from sentinel.model.alert import Alert, Incident
from sentinel.model.group import Group
from sentinel.model.signal import Error


class Page(Struct, frozen=True, kw_only=True):
    """`alerts` are the incident's, the oldest first; `groups` are the error groups behind them,
    the root's first, and `sample` is the newest event of the root's group. `others` are further
    incidents that the same message tells of.

    `first` says that the address has not been written to about this incident before,
    `failed_channel` names the channel that this message should have gone over.
    """

    incident: Incident
    alerts: tuple[Alert, ...] = ()
    groups: tuple[Group, ...] = ()
    sample: Error | None = None
    others: tuple[Incident, ...] = ()
    first: bool = True
    failed_channel: str | None = None
