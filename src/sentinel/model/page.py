"""The records that a message about one incident tells of."""

from msgspec import Struct

from sentinel.model.alert import Alert, Incident
from sentinel.model.group import Group
from sentinel.model.reach import Reach
from sentinel.model.signal import Error


class Tried(Struct, frozen=True):
    """An action that a rule had run for the incident, in vain; `text` says what came of it."""

    action: str
    text: str
    at: float


class Page(Struct, frozen=True, kw_only=True):
    """`alerts` are the incident's, the oldest first; `groups` are the error groups behind them,
    the root's first, and `sample` is the newest event of the root's group. `reach` is None where no
    error is behind it. `others` are further incidents that the same message tells of. `home` is the
    incident in which it goes on, where the message says that it was folded. `tried` is what
    Sentinel itself tried last.

    `first` says that the address has not been written to about this incident before,
    `failed_channel` names the channel that this message should have gone over.
    """

    incident: Incident
    alerts: tuple[Alert, ...] = ()
    groups: tuple[Group, ...] = ()
    sample: Error | None = None
    reach: Reach | None = None
    others: tuple[Incident, ...] = ()
    home: Incident | None = None
    tried: Tried | None = None
    first: bool = True
    failed_channel: str | None = None
