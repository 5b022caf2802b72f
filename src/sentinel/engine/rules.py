"""Rules as the engine runs them, and the index that finds those a signal concerns."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from sentinel.engine.conditions import (
    Condition,
    Getter,
    both_of,
    compile_where,
    getter,
    negation_of,
)
from sentinel.model.alert import AlertSeverity
from sentinel.model.signal import KIND_OF, AnySignal, Signal
from sentinel.model.verdict import Verdict


class Detector(Protocol):
    """The part of the plugin contract that the engine uses; see `sentinel.api.Detector`."""

    type: Any
    State: Any
    watches_silence: Any

    def begin(self, now: float) -> tuple[Any, Verdict]: ...
    def observe(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]: ...
    def observe_other(self, signal: AnySignal, state: Any, now: float) -> tuple[Any, Verdict]: ...
    def tick(self, state: Any, now: float) -> tuple[Any, Verdict]: ...
    def explain(self, state: Any, now: float) -> str: ...


OnMissing = Literal["keep", "fire", "resolve"]
MISSING_AFTER = 300.0


class Flapping(Struct, frozen=True):
    """An alert that ended `times` times within `within` seconds goes on firing until it has been
    gone for `quiet` seconds; `times` of 0 turns that off."""

    times: int = 3
    within: float = 3600.0
    quiet: float = 900.0


class Population(Struct, frozen=True):
    """The signals that a rule compares its own with."""

    kind: str
    condition: Condition


class Remedy(Struct, frozen=True, kw_only=True):
    """The action that a rule may run `after` it fired: not sooner than `cooldown` after its last
    run, and at most `most` times within `within`. `limit` is how long a run may take to report.

    `verify_after` a run the alert must be over, or `component` be up: `probe` is asked for a look
    then, which takes at most `look_limit`. With `dry` it is only said what would be done.
    `page_after` lets people wait for what comes of it. Times in seconds.
    """

    action: str
    after: float = 0.0
    cooldown: float = 600.0
    most: int = 3
    within: float = 3600.0
    limit: float = 120.0
    verify_after: float | None = None
    probe: str | None = None
    component: str | None = None
    look_limit: float = 30.0
    dry: bool = False
    page_after: bool = False

    @property
    def longest(self) -> float:
        """How long it takes at most until it is known whether it helped."""
        proof = 0.0 if self.verify_after is None else self.verify_after
        look = 0.0 if self.probe is None else self.look_limit
        return self.after + self.limit + proof + look

    @property
    def remembered(self) -> float:
        """For how long a run counts."""
        return max(self.cooldown, self.within)


class Rule(Struct, frozen=True, kw_only=True):
    """One alert rule. Durations in seconds; `source` is `file:line` for messages.

    `recover` judges, by the states of `detector`, whether an alert that fires goes on. A group of
    which no signal has come for `missing_after` is treated as `on_missing` says.
    """

    name: str
    kind: str
    condition: Condition
    detector: Detector
    recover: Detector | None = None
    population: Population | None = None
    by: tuple[str, ...] = ()
    hold: float = 0.0
    keep: float = 0.0
    on_missing: OnMissing = "keep"
    missing_after: float = MISSING_AFTER
    flapping: Flapping = Flapping()
    severity: AlertSeverity = "warning"
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    remedy: Remedy | None = None
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
    recover: Detector | None = None,
    population: tuple[str, Mapping[str, Any]] | None = None,
    by: Sequence[str] = (),
    hold: float = 0.0,
    keep: float = 0.0,
    on_missing: OnMissing = "keep",
    missing_after: float = MISSING_AFTER,
    flapping: Flapping | None = None,
    severity: AlertSeverity = "warning",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
    remedy: Remedy | None = None,
    source: str = "",
) -> Rule:
    """Compile a rule. A field that must have one value is a label of every alert of the rule.

    `population` is the kind of the signals to compare with, and the conditions on them.
    """
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
        recover=recover,
        population=population and Population(population[0], compile_where(population[1])),
        by=tuple(by),
        hold=hold,
        keep=keep,
        on_missing=on_missing,
        missing_after=missing_after,
        flapping=flapping or Flapping(),
        severity=severity,
        labels={"alertname": name, **fixed, "severity": severity, **(labels or {})},
        annotations=dict(annotations or {}),
        facts=dict(facts or {}),
        remedy=remedy,
        source=source,
        readers=tuple(getter(path) for path in by),
    )


# The fields that tell signals apart best come first: one of them carries a rule in the index.
_SELECTIVE = ("code", "name", "monitor", "component", "type", "kind", "fingerprint", "tenant")


class Entry(Struct, frozen=True):
    """One way for a signal to concern a rule. `counts` says whether the signal met the rule's
    conditions; one that does not is only compared with."""

    number: int
    rule: Rule
    kind: str
    condition: Condition
    matches: Callable[[Signal], bool]
    counts: bool = True


class RuleIndex:
    """Finds the rules that a signal concerns, at a cost that does not grow with those that it
    does not."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.by_name = {rule.name: rule for rule in rules}
        self._keyed: dict[str, dict[str, dict[Any, list[Entry]]]] = defaultdict(dict)
        self._rest: dict[str, list[Entry]] = defaultdict(list)
        for number, rule in enumerate(rules):
            for entry in _entries(number, rule):
                self._add(entry)

    def matching(self, signal: Signal) -> list[Entry]:
        """In the order in which the rules were written."""
        found = [entry for entry in self._candidates(signal) if entry.matches(signal)]
        if len(found) > 1:
            found.sort(key=lambda entry: entry.number)
        return found

    def _add(self, entry: Entry) -> None:
        equal = entry.condition.equal
        path = next((name for name in _SELECTIVE if name in equal), next(iter(equal), None))
        if path is None:
            self._rest[entry.kind].append(entry)
            return
        # What the index has found need not be tested again.
        entry = replace(entry, matches=entry.condition.matches_but(path))
        table = self._keyed[entry.kind].setdefault(path, {})
        for value in equal[path]:
            table.setdefault(value, []).append(entry)

    def _candidates(self, signal: Signal) -> list[Entry]:
        kind = KIND_OF[type(signal)]
        found = self._rest.get(kind, [])
        for path, table in self._keyed.get(kind, {}).items():
            if entries := table.get(getattr(signal, path)):
                found = found + entries
        return found


def _entries(number: int, rule: Rule) -> Iterator[Entry]:
    own, population = rule.condition, rule.population
    if population is None:
        yield Entry(number, rule, rule.kind, own, own.matches)
        return
    whole = population.condition
    if population.kind != rule.kind:
        yield Entry(number, rule, rule.kind, own, own.matches)
        yield Entry(number, rule, population.kind, whole, whole.matches, counts=False)
        return
    # A share of the same kind: what meets the conditions counts only as a part of the whole.
    both, rest = both_of(own, whole), both_of(negation_of(own), whole)
    yield Entry(number, rule, rule.kind, both, both.matches)
    yield Entry(number, rule, rule.kind, rest, rest.matches, counts=False)


def encode_key(key: Mapping[str, str]) -> str:
    """The text by which a group key is stored; the same for the same values."""
    return msgspec.json.encode(key).decode()


def decode_key(text: str) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])
