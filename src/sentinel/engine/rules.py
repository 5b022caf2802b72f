"""Rules as the engine runs them, and the index that finds those a signal concerns."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field

from sentinel.engine.conditions import Condition, Getter, compile_where, getter
from sentinel.model.alert import AlertSeverity
from sentinel.model.signal import KIND_OF, AnySignal, Signal
from sentinel.model.verdict import Verdict


class Detector(Protocol):
    """The part of the plugin contract that the engine uses; see `sentinel.api.Detector`."""

    type: Any
    State: Any

    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]: ...
    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]: ...
    def explain(self, state: Any, now: float) -> str: ...


class Rule(Struct, frozen=True, kw_only=True):
    """One alert rule. Durations in seconds; `source` is `file:line` for messages."""

    name: str
    kind: str
    condition: Condition
    detector: Detector
    by: tuple[str, ...] = ()
    hold: float = 0.0
    keep: float = 0.0
    severity: AlertSeverity = "warning"
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    readers: tuple[Getter, ...] = ()

    def key(self, signal: Signal) -> dict[str, str]:
        """The values of the `by` fields; the empty text where the signal has none."""
        values = (read(signal) for read in self.readers)
        return {
            name: "" if value is None else str(value)
            for name, value in zip(self.by, values, strict=True)
        }


def make_rule(
    *,
    name: str,
    kind: str,
    where: Mapping[str, Any],
    detector: Detector,
    by: Sequence[str] = (),
    hold: float = 0.0,
    keep: float = 0.0,
    severity: AlertSeverity = "warning",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
    source: str = "",
) -> Rule:
    """Compile a rule. A field that must have one value is a label of every alert of the rule."""
    condition = compile_where(where)
    fixed = {
        path: str(next(iter(values)))
        for path, values in condition.equal.items()
        if len(values) == 1
    }
    return Rule(
        name=name,
        kind=kind,
        condition=condition,
        detector=detector,
        by=tuple(by),
        hold=hold,
        keep=keep,
        severity=severity,
        labels={"alertname": name, **fixed, "severity": severity, **(labels or {})},
        annotations=dict(annotations or {}),
        facts=dict(facts or {}),
        source=source,
        readers=tuple(getter(path) for path in by),
    )


# The fields that tell signals apart best come first: one of them carries a rule in the index.
_SELECTIVE = ("code", "name", "monitor", "component", "type", "kind", "fingerprint", "tenant")


class RuleIndex:
    """Finds the rules whose conditions a signal meets, at a cost that does not grow with the
    rules that do not concern it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.by_name = {rule.name: rule for rule in rules}
        self._order = {rule.name: number for number, rule in enumerate(rules)}
        self._keyed: dict[str, dict[str, dict[Any, list[Rule]]]] = defaultdict(dict)
        self._rest: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            self._add(rule)

    def matching(self, signal: Signal) -> list[Rule]:
        """In the order in which the rules were written."""
        found = [rule for rule in self._candidates(signal) if rule.condition.matches(signal)]
        if len(found) > 1:
            found.sort(key=lambda rule: self._order[rule.name])
        return found

    def _add(self, rule: Rule) -> None:
        equal = rule.condition.equal
        path = next((name for name in _SELECTIVE if name in equal), next(iter(equal), None))
        if path is None:
            self._rest[rule.kind].append(rule)
            return
        table = self._keyed[rule.kind].setdefault(path, {})
        for value in equal[path]:
            table.setdefault(value, []).append(rule)

    def _candidates(self, signal: Signal) -> list[Rule]:
        kind = KIND_OF[type(signal)]
        found = self._rest.get(kind, [])
        for path, table in self._keyed.get(kind, {}).items():
            if rules := table.get(getattr(signal, path)):
                found = found + rules
        return found


def encode_key(key: Mapping[str, str]) -> str:
    """The text by which a group key is stored; the same for the same values."""
    return msgspec.json.encode(key).decode()
