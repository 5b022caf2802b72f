"""What came of one side of a backtest, counted while it goes by: nothing of it is kept whole."""

from collections import Counter, defaultdict

from msgspec import Struct

from sentinel.engine.rules import encode_key
from sentinel.model.decision import Decision
from sentinel.model.delivery import DeliveryIntent, Recipient

AlertKey = tuple[str, str]
"""A rule's name and the JSON text of the group key: the same alert on both sides."""

PageKind = tuple[str | None, str, str]
"""Person (None where a channel is addressed directly), channel and reason."""

Event = Decision | DeliveryIntent

Heard = tuple[str, AlertKey]
"""Who was paged, and about which alert."""


class Fired(Struct):
    """How often an alert fired and was resolved, and when it fired, in seconds since 1970 UTC.
    All is empty for one that fired before the counting began."""

    fired: int = 0
    resolved: int = 0
    first: float | None = None
    last: float | None = None


class Tally:
    """Counts from `since` on. What comes before is taken note of, so that it is known later.

    `paged` says when who was first paged about the alert at an incident's root, `heard` who was
    paged at all about an incident that an alert belongs to: somebody who is told of a cause has
    not missed its effects.
    """

    def __init__(self, since: float) -> None:
        self.alerts: dict[AlertKey, Fired] = {}
        self.incidents = 0
        self.pages: Counter[PageKind] = Counter()
        self.paged: dict[Heard, float] = {}
        self.heard: set[Heard] = set()
        self.troubles: dict[str, str] = {}
        """What a rule could not do, by its name."""
        self._since = since
        self._key_of: dict[int, AlertKey] = {}
        self._root_of: dict[int, AlertKey] = {}
        self._members: defaultdict[int, set[AlertKey]] = defaultdict(set)
        self._told: defaultdict[int, set[str]] = defaultdict(set)
        self._over_alerts: list[int] = []
        self._over_incidents: list[int] = []

    def know_alert(self, number: int, rule: str, key: dict[str, str], incident: int | None) -> None:
        """To be called before any event about the alert, and when its incident has changed."""
        known = self._key_of.setdefault(number, (rule, encode_key(key)))
        if incident is not None:
            self._members[incident].add(known)
            self.heard.update((who, known) for who in self._told[incident])

    def know_firing(self, number: int) -> None:
        """An alert that fires already when the first event comes."""
        self.alerts.setdefault(self._key_of[number], Fired())

    def know_root(self, incident: int, alert: int) -> None:
        self._root_of[incident] = self._key_of[alert]

    def take(self, event: Event) -> None:
        """Events come in the order of their times."""
        if isinstance(event, DeliveryIntent):
            self._deliver(event)
        else:
            self._decide(event)

    def forget(self) -> None:
        """Let go of the alerts and incidents that are over: no event will name them."""
        for number in self._over_alerts:
            self._key_of.pop(number, None)
        for number in self._over_incidents:
            self._root_of.pop(number, None)
            self._members.pop(number, None)
            self._told.pop(number, None)
        self._over_alerts.clear()
        self._over_incidents.clear()

    def _decide(self, decision: Decision) -> None:
        counts = decision.at >= self._since
        match decision.verb:
            case "alert_fired":
                fired = self._fired(decision)
                if fired is not None and counts:
                    fired.fired += 1
                    fired.first = decision.at if fired.first is None else fired.first
                    fired.last = decision.at
            case "alert_resolved":
                fired = self._fired(decision)
                if fired is not None and counts:
                    fired.resolved += 1
                self._over_alerts += [decision.alert] if decision.alert else []
            case "alert_dropped":
                self._over_alerts += [decision.alert] if decision.alert else []
            case "incident_opened" | "incident_rerooted":
                if decision.verb == "incident_opened" and counts:
                    self.incidents += 1
                # The root that a correlation found may be a deploy: then the alert stays.
                if decision.incident is not None and decision.alert in self._key_of:
                    self.know_root(decision.incident, decision.alert)
            case "incident_resolved":
                self._over_incidents += [decision.incident] if decision.incident else []
            case "detector_failed" | "detector_full" | "groups_full":
                self.troubles.setdefault(decision.rule or "", decision.text)

    def _fired(self, decision: Decision) -> Fired | None:
        key = self._key_of.get(decision.alert or 0)
        return None if key is None else self.alerts.setdefault(key, Fired())

    def _deliver(self, intent: DeliveryIntent) -> None:
        counts = intent.at >= self._since
        to = intent.recipient
        if counts:
            self.pages[(to.person, to.channel, intent.reason)] += 1
        if intent.reason != "firing" or intent.incident is None:
            return
        who = name_of(to)
        for incident in (intent.incident, *intent.also):
            self._told[incident].add(who)
            self.heard.update((who, key) for key in self._members[incident])
            root = self._root_of.get(incident)
            if root is not None:
                self.heard.add((who, root))
                if counts:
                    self.paged.setdefault((who, root), intent.at)


def name_of(recipient: Recipient) -> str:
    """The person, or the channel as a rule names it."""
    return recipient.person or f"channel:{recipient.channel}"
