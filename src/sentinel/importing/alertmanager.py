"""Alertmanager's configuration: its routes, inhibitions and time intervals.

Source: https://prometheus.io/docs/alerting/latest/configuration/
"""

from typing import Any

from msgspec import Struct

from sentinel.config.document import Document, KeyPath
from sentinel.importing.emit import Noted
from sentinel.importing.intervals import read_intervals
from sentinel.importing.lengths import length
from sentinel.importing.matchers import Matching
from sentinel.importing.notes import Notes
from sentinel.importing.prometheus import Vocabulary
from sentinel.importing.receivers import Receivers, name_from
from sentinel.importing.values import flag_of

_SECTIONS = (
    "global",
    "route",
    "receivers",
    "inhibit_rules",
    "time_intervals",
    "mute_time_intervals",
    "templates",
)
_TIMES = ("group_wait", "group_interval", "repeat_interval")
_INTERVALS = ("mute_time_intervals", "active_time_intervals")
_MATCHERS = ("matchers", "match", "match_re")
_ROUTE_KEYS = frozenset(
    ("receiver", "group_by", "continue", "routes", *_TIMES, *_INTERVALS, *_MATCHERS)
)
_INHIBIT_KEYS = frozenset(
    ("name", "equal", *(f"{side}_{key}" for side in ("source", "target") for key in _MATCHERS))
)
# What Alertmanager takes where its root route says nothing; Sentinel's own differ.
_DEFAULTS = dict(zip(_TIMES, ("30s", "5m", "4h"), strict=True))


class Configuration(Struct, frozen=True, kw_only=True):
    """Sections of a rules file, and of `sentinel.yaml`."""

    routes: list[Noted]
    inhibit_rules: list[Noted]
    time_intervals: list[Noted]
    escalations: list[Noted]
    channels: dict[str, Noted]
    people: dict[str, Noted]
    stubs: tuple[str, ...]
    secrets: tuple[str, ...]


def read_configuration(document: Document, words: Vocabulary, notes: Notes) -> Configuration:
    """`words` are those of the rules imported beside it. Adds to `notes`."""
    for key in document.data:
        if key == "templates":
            why = "the messages are Sentinel's own; what templates said stands in annotations"
            notes.refused((key,), key, why)
        elif key not in _SECTIONS:
            notes.refused((key,), key, f"the key {key} has no counterpart")
    receivers = Receivers(document, notes)
    receivers.read()
    reading = _Reading(document, words, notes)
    root = document.data.get("route")
    routes = []
    if isinstance(root, dict):
        routes = [found for found in [reading.route(("route",), root, root=True)] if found]
    else:
        notes.refused(("route",), "route", "found no root route")
    return Configuration(
        routes=routes,
        inhibit_rules=reading.inhibit_rules(),
        time_intervals=read_intervals(document, notes),
        escalations=receivers.escalations,
        channels=receivers.channels,
        people=receivers.people,
        stubs=tuple(receivers.stubs),
        secrets=tuple(receivers.secrets),
    )


class _Reading:
    def __init__(self, document: Document, words: Vocabulary, notes: Notes) -> None:
        self.document = document
        self.notes = notes
        self.matching = Matching(words, notes)
        self.names: set[str] = set()

    def route(self, path: KeyPath, route: dict[str, Any], *, root: bool = False) -> Noted | None:
        receiver = route.get("receiver")
        what = f"route to {receiver}" if receiver else "route"
        matchers = self.matching.read(path, route, what)
        if matchers is None:
            return None
        self._unknown_keys(path, route, what)
        written: dict[str, Any] = {"name": self.name(root, receiver, path)}
        if matchers:
            written["matchers"] = matchers
        if receiver:
            written["escalation"] = name_from(str(receiver))
        written |= self.timing(path, route, what, root)
        written |= self.intervals(path, route, what)
        if flag_of(route.get("continue")):
            written["continue"] = True
        if children := self.children(path, route):
            written["routes"] = children
        self.notes.translated(path, what)
        return Noted(written, (self.notes.place(path),))

    def children(self, path: KeyPath, route: dict[str, Any]) -> list[Noted]:
        found = route.get("routes") or []
        children = []
        for index, one in enumerate(found if isinstance(found, list) else [found]):
            here = (*path, "routes", index)
            if not isinstance(one, dict):
                self.notes.refused(here, "route", "found no mapping")
            elif (child := self.route(here, one)) is not None:
                children.append(child)
        return children

    def name(self, root: bool, receiver: Any, path: KeyPath) -> str:
        """After the receiver, with a number for its second route and those that follow."""
        plain = "default" if root else name_from(str(receiver or "inherited"))
        name, number = plain, 2
        while name in self.names:
            name = f"{plain}-{number}"
            number += 1
        self.names.add(name)
        return name

    def timing(self, path: KeyPath, route: dict[str, Any], what: str, root: bool) -> dict[str, Any]:
        written: dict[str, Any] = {}
        if (by := self.group_by(path, route, what, root)) is not None:
            written["group_by"] = by
        for key, default in _DEFAULTS.items():
            if key not in route:
                written |= {key: default} if root else {}
            elif (found := length(route[key])) is None:
                why = f"{key}: found {route[key]!r}, expected a duration such as 5m"
                self.notes.refused((*path, key), what, why)
            else:
                written[key] = str(found)
        return written

    def group_by(
        self, path: KeyPath, route: dict[str, Any], what: str, root: bool
    ) -> list[str] | None:
        given = route.get("group_by")
        here = (*path, "group_by")
        if given is None:
            if root:
                why = "without group_by Alertmanager makes one group of all; here it is incidents"
                self.notes.approximated(path, what, why)
            return None
        labels = [str(label) for label in given] if isinstance(given, list) else [str(given)]
        if "..." in labels:
            why = "group_by: ['...'] sends each alert alone; here each incident is told alone"
            self.notes.approximated(here, what, why)
            return ["incident"]
        why = "alerts of one cause are one incident before they are grouped"
        self.notes.approximated(here, what, why)
        return [self.matching.label(label) for label in labels]

    def intervals(self, path: KeyPath, route: dict[str, Any], what: str) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for key in _INTERVALS:
            given = route.get(key)
            if isinstance(given, list) and given:
                written[key] = [name_from(str(name)) for name in given]
            elif given:
                self.notes.refused((*path, key), what, f"{key}: found no list of names")
        return written

    def inhibit_rules(self) -> list[Noted]:
        return [
            found
            for index in range(len(self.document.items("inhibit_rules")))
            if (found := self.inhibit_rule(index)) is not None
        ]

    def inhibit_rule(self, index: int) -> Noted | None:
        path = ("inhibit_rules", index)
        rule = self.document.at(path)
        what = f"inhibit rule {index + 1}"
        if not isinstance(rule, dict):
            self.notes.refused(path, what, "found no mapping")
            return None
        written: dict[str, Any] = {"name": f"inhibit-{index + 1}"}
        if rule.get("name"):
            written["name"] = name_from(str(rule["name"]))
        for side in ("source", "target"):
            matchers = self.matching.read(path, rule, what, f"{side}_")
            if matchers is None:
                return None
            if not matchers:
                self.notes.refused(path, what, f"found no matchers of its {side}")
                return None
            written[f"{side}_matchers"] = matchers
        equal = rule.get("equal")
        if equal:
            labels = equal if isinstance(equal, list) else [equal]
            written["equal"] = [self.matching.label(str(label)) for label in labels]
        for key in rule:
            if key not in _INHIBIT_KEYS:
                self.notes.refused((*path, key), what, f"the key {key} has no counterpart")
                return None
        self.notes.translated(path, what)
        return Noted(written, (self.notes.place(path),))

    def _unknown_keys(self, path: KeyPath, route: dict[str, Any], what: str) -> None:
        for key in route:
            if key not in _ROUTE_KEYS:
                self.notes.refused((*path, key), what, f"the key {key} has no counterpart")


def is_configuration(data: Any) -> bool:
    return isinstance(data, dict) and bool({"route", "receivers"} & data.keys())
