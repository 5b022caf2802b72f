"""Alerts that keep others quiet, as in Alertmanager: while a source fires, its targets with the
same values of the `equal` labels are told to nobody."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from sentinel.engine.matchers import Matchers, all_hold
from sentinel.model.alert import Alert

_Values: TypeAlias = tuple[str, ...]
_Sources: TypeAlias = defaultdict[_Values, dict[int, bool]]
_Targets: TypeAlias = defaultdict[_Values, set[int]]


class InhibitRule(Struct, frozen=True):
    """`name` is for people. A label that both sides lack is equal."""

    name: str
    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = ()

    def values(self, labels: Mapping[str, str]) -> _Values:
        return tuple(labels.get(name, "") for name in self.equal)


class Inhibition:
    """Knows the firing sources and their targets, so that asking about one alert does not look at
    all of them."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._rules = rules
        self._sources: list[_Sources] = [defaultdict(dict) for _ in rules]
        self._targets: list[_Targets] = [defaultdict(set) for _ in rules]

    def add(self, alert: Alert) -> None:
        for rule, sources, targets in self._each():
            values = rule.values(alert.labels)
            is_target = all_hold(rule.target, alert.labels)
            if is_target:
                targets[values].add(alert.id)
            if all_hold(rule.source, alert.labels):
                sources[values][alert.id] = is_target

    def remove(self, alert: Alert) -> set[int]:
        """The alerts that it may have kept quiet, by their numbers."""
        freed: set[int] = set()
        for rule, sources, targets in self._each():
            values = rule.values(alert.labels)
            if alert.id in targets.get(values, ()):
                targets[values].discard(alert.id)
                if not targets[values]:
                    del targets[values]
            if alert.id in sources.get(values, ()):
                del sources[values][alert.id]
                freed |= targets.get(values, set())
                if not sources[values]:
                    del sources[values]
        return freed

    def _each(self) -> Iterator[tuple[InhibitRule, _Sources, _Targets]]:
        return zip(self._rules, self._sources, self._targets, strict=True)

    def sources_of(self, alert: Alert) -> Iterator[tuple[InhibitRule, int]]:
        """The rules that keep this alert quiet, each with the number of a source. An alert that
        is on both sides of a rule is not kept quiet by others that are, nor by itself."""
        for rule, sources in zip(self._rules, self._sources, strict=True):
            if not sources or not all_hold(rule.target, alert.labels):
                continue
            found = sources.get(rule.values(alert.labels))
            if not found:
                continue
            both = all_hold(rule.source, alert.labels)
            # The first by number, whatever the order in which they fired: a restart knows no other.
            able = (n for n, two_sided in found.items() if not (both and two_sided))
            source = min(able, default=None)
            if source is not None and source != alert.id:
                yield rule, source
