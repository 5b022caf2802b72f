"""Alerts that keep others quiet, as in Alertmanager: while a source fires, its targets with the
same values of the `equal` labels are told to nobody."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from sentinel.engine.matchers import Matchers, all_hold
from sentinel.model.alert import Alert


class InhibitRule(Struct, frozen=True):
    """`name` is for people. A label that both sides lack is equal."""

    name: str
    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = ()

    def values(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(labels.get(name, "") for name in self.equal)


class Inhibition:
    """Knows the firing sources, so that asking about one target does not look at all alerts."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._rules = rules
        self._sources: list[defaultdict[tuple[str, ...], dict[int, bool]]] = [
            defaultdict(dict) for _ in rules
        ]

    def add(self, alert: Alert) -> None:
        for rule, sources in zip(self._rules, self._sources, strict=True):
            if all_hold(rule.source, alert.labels):
                both = all_hold(rule.target, alert.labels)
                sources[rule.values(alert.labels)][alert.id] = both

    def remove(self, alert: Alert) -> bool:
        """Whether it was a source, so that others may be free now."""
        was = False
        for rule, sources in zip(self._rules, self._sources, strict=True):
            values = rule.values(alert.labels)
            if alert.id in sources.get(values, ()):
                del sources[values][alert.id]
                was = True
                if not sources[values]:
                    del sources[values]
        return was

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
            source = next((n for n, two_sided in found.items() if not (both and two_sided)), None)
            if source is not None and source != alert.id:
                yield rule, source
