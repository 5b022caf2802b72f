"""All that has come of a test so far."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from sentinel.engine.effects import Effects
from sentinel.engine.rules import encode_key
from sentinel.model.action import ActionIntent
from sentinel.model.alert import Alert, Incident
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.decision import Decision
from sentinel.model.delivery import DeliveryIntent
from sentinel.model.signal import KIND_OF, Signal


class History:
    """`start` is when the test began, in seconds since 1970 UTC. `came` counts signals by kind,
    `met` by the rules whose conditions they met. `routes` are those that took an alert."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.alerts: dict[int, Alert] = {}
        self.incidents: dict[int, Incident] = {}
        self.decisions: list[Decision] = []
        self.deliveries: list[DeliveryIntent] = []
        self.actions: list[ActionIntent] = []
        self.broadcasts: dict[int, Broadcast] = {}
        self.updates: dict[int, Update] = {}
        self.routes: set[str] = set()
        self.came: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self._latest: defaultdict[str, dict[str, Alert]] = defaultdict(dict)

    def add(self, effects: Effects) -> None:
        self.alerts |= effects.alerts
        self.incidents |= effects.incidents
        self.decisions += effects.decisions
        self.deliveries += effects.deliveries
        self.actions += effects.actions
        self.broadcasts |= effects.broadcasts
        self.updates |= effects.updates
        self.routes |= {route for route, _ in effects.pagings}
        self.met.update(match.rule for match in effects.matches)
        for _, alert in sorted(effects.alerts.items()):
            self._latest[alert.rule][encode_key(alert.key)] = alert

    def count(self, signal: Signal) -> None:
        self.came[KIND_OF[type(signal)]] += 1

    def since_start(self, time: float) -> float:
        """To the millisecond: sums of fractions of a second differ in their last digits."""
        return round(time - self.start, 3)

    def latest(self, rule: str, labels: Mapping[str, str]) -> Iterator[Alert]:
        """The latest alert of each of the rule's groups, if it has these labels among others."""
        for alert in self._latest[rule].values():
            if labels.items() <= alert.labels.items():
                yield alert
