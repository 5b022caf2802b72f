"""Parts of correlations that no alert can fill."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from sentinel.config.correlations import FIELDS
from sentinel.config.lints.routes import labels_of
from sentinel.config.lints.warning import warn
from sentinel.config.model import Config, RuleConfig
from sentinel.config.problem import Problem
from sentinel.config.suggest import did_you_mean, show
from sentinel.engine.correlations import ON, Correlation
from sentinel.engine.joining import Part, SameAs


class _Place(Struct, frozen=True):
    file: str
    line: int


def lint_correlations(config: Config) -> Iterator[Problem]:
    rules = {rule.name: rule for rule in config.rules}
    for correlation in config.correlations:
        parts = {part.alias: part for part in correlation.pattern.parts}
        for part, field in _named(parts):
            labels = _labels(part, rules)
            if part.where[ON] == ("alert",) and field not in labels:
                yield warn(
                    _place(correlation),
                    "correlation/unknown-label",
                    f"{correlation.name}.{part.alias}",
                    found=f"the field {show(field)}, which no such alert has",
                    expected="a field of alerts, or a label of the rules that are meant",
                    hint=did_you_mean(field, sorted(labels)),
                )


def _named(parts: Mapping[str, Part]) -> Iterator[tuple[Part, str]]:
    """Every field that is named, with the part that must have it; each once."""
    found: dict[tuple[str, str], None] = {}
    for part in parts.values():
        for field, wanted in part.where.items():
            if field != ON:
                found[part.alias, field] = None
            if isinstance(wanted, SameAs):
                found[wanted.part, wanted.field] = None
    return ((parts[alias], field) for alias, field in found)


def _labels(part: Part, rules: Mapping[str, RuleConfig]) -> set[str]:
    meant = part.where.get("alert")
    chosen: Sequence[RuleConfig] = [*rules.values()]
    if isinstance(meant, tuple):
        chosen = [rules[str(name)] for name in meant]
    labels = {label for rule in chosen for label in (*labels_of(rule), *rule.by)}
    return labels | set(FIELDS["alert"])


def _place(correlation: Correlation) -> _Place:
    file, _, line = correlation.source.rpartition(":")
    return _Place(file, int(line))
