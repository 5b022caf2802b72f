"""Something that is not accounted for."""

from collections import Counter
from typing import Literal

from msgspec import Struct, field

What = Literal[
    "match_without_signal",
    "match_without_alert",
    "match_without_outcome",
    "count_differs",
    "alert_without_incident",
    "alert_of_closed_incident",
    "incident_without_alert",
    "incident_untold",
    "incident_unaccounted",
    "messages_differ",
    "paging_of_closed_incident",
    "delivery_stuck",
    "delivery_without_end",
    "delivery_without_incident",
    "window_without_rule",
]
_MOST = 100


class Imbalance(Struct, frozen=True):
    """`what` is a stable word to count by, `text` the sentence for a person."""

    what: What
    text: str


class Balance(Struct, kw_only=True):
    """What was accounted how, since a time (seconds since 1970 UTC). `imbalances` are the first
    hundred of `found`."""

    since: float
    until: float
    matches: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    incidents: Counter[str] = field(default_factory=Counter)
    deliveries: Counter[str] = field(default_factory=Counter)
    imbalances: list[Imbalance] = field(default_factory=list)
    found: int = 0

    @property
    def balanced(self) -> bool:
        return not self.found

    def note(self, what: What, text: str) -> None:
        self.found += 1
        if len(self.imbalances) < _MOST:
            self.imbalances.append(Imbalance(what, text))
