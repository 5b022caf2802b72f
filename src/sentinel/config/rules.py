"""Alert rules: reads them and checks what a schema can't."""

import re
from collections.abc import Iterator
from typing import get_args

from sentinel.api import Params
from sentinel.config.conditions import check_field, check_where, fields_of
from sentinel.config.document import Document, KeyPath
from sentinel.config.model import RuleConfig
from sentinel.config.names import Names
from sentinel.config.population import check_population, population_of, with_plain_kind
from sentinel.config.problem import Problem
from sentinel.config.recovery import read_recovery
from sentinel.config.schema import Rule
from sentinel.config.suggest import did_you_mean, nearest, one_of, show
from sentinel.config.tagged import Registry, Tagged, read_tagged
from sentinel.engine.rules import MISSING_AFTER
from sentinel.model.alert import AlertSeverity

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_SEVERITIES: tuple[AlertSeverity, ...] = get_args(AlertSeverity)
_ALWAYS = ("alertname", "severity", "count", "timeframe")


def read_rules(
    document: Document, registry: Registry, names: Names
) -> tuple[list[RuleConfig], list[Problem]]:
    """The rules of one file that are right in themselves, in order."""
    rules: list[RuleConfig] = []
    problems: list[Problem] = []
    for index, item in enumerate(document.items("rules")):
        path = ("rules", index)
        if isinstance(item, dict):
            problems += names.add(document, (*path, "alert"), item.get("alert"))
        tagged, found = read_tagged(document, path, "detector", Rule, registry)
        problems += found
        if tagged:
            recover, found = read_recovery(document, tagged)
            found += _check(document, tagged)
            problems += found
            if all(problem.warning for problem in found):
                rules.append(_rule(document, tagged, recover))
    return rules, problems


def _rule(document: Document, tagged: Tagged[Rule], recover: Params | None) -> RuleConfig:
    rule = tagged.common
    severity = _severity_of(rule)
    assert severity is not None
    of = population_of(tagged.params)
    missing = MISSING_AFTER if rule.missing_after is None else float(rule.missing_after)
    return RuleConfig(
        name=rule.alert,
        kind=rule.on,
        where=rule.where,
        type=rule.type,
        params=with_plain_kind(tagged.params, rule.on),
        recover=recover and with_plain_kind(recover, rule.on),
        population=(of.on or rule.on, of.where) if tagged.plugin.compares else None,
        by=tuple(dict.fromkeys(rule.by)),
        for_=float(rule.for_),
        keep_firing_for=float(rule.keep_firing_for),
        on_missing=rule.on_missing,
        missing_after=missing,
        flapping=rule.flapping,
        severity=severity,
        labels={**rule.labels, "severity": severity},
        annotations=rule.annotations,
        remediate=rule.remediate,
        file=document.file,
        line=document.line(tagged.path),
    )


def _severity_of(rule: Rule) -> AlertSeverity | None:
    given = rule.labels.get("severity", "warning")
    return next((severity for severity in _SEVERITIES if severity == given), None)


def _check(document: Document, tagged: Tagged[Rule]) -> Iterator[Problem]:
    rule, path = tagged.common, tagged.path
    if rule.on not in tagged.plugin.kinds:
        kinds = sorted(tagged.plugin.kinds)
        yield document.problem(
            (*path, "on"),
            "rule/kind",
            found=f"{rule.on} signals for the detector {rule.type}",
            expected=one_of(kinds),
            hint=f"{rule.type} can't look at {rule.on} signals: choose another type",
        )
    if rule.where:
        yield from check_where(document, (*path, "where"), rule.on)
    for index, name in enumerate(rule.by):
        yield from check_field(document, (*path, "by", index), rule.on, name)
    for key in tagged.plugin.reads:
        yield from _check_read(document, tagged, key)
    yield from check_population(document, tagged)
    yield from _check_missing(document, tagged)
    yield from document.positive(
        (*path, "flapping"), within=rule.flapping.within, quiet=rule.flapping.quiet
    )
    yield from _check_labels(document, path, rule)
    yield from _check_annotations(document, tagged)


def _check_read(document: Document, tagged: Tagged[Rule], key: str) -> Iterator[Problem]:
    """A parameter that names a field of the rule's signals, or several."""
    kind, path, named = tagged.common.on, (*tagged.path, key), getattr(tagged.params, key)
    if isinstance(named, str):
        yield from check_field(document, path, kind, named)
        return
    for index, name in enumerate(named or ()):
        yield from check_field(document, (*path, index), kind, name)


def _check_missing(document: Document, tagged: Tagged[Rule]) -> Iterator[Problem]:
    rule, path = tagged.common, tagged.path
    yield from document.positive(path, missing_after=rule.missing_after)
    if rule.on_missing == "keep" and rule.missing_after is not None:
        yield document.problem(
            (*path, "missing_after"),
            "rule/missing-without-effect",
            found="missing_after, and nothing that follows from it",
            expected="on_missing: fire or on_missing: resolve beside it",
            hint="without on_missing the alert keeps its state while no signal comes",
            warning=True,
        )
    if rule.on_missing != "keep" and tagged.plugin.watches_silence:
        yield document.problem(
            (*path, "on_missing"),
            "rule/missing-without-effect",
            found=f"on_missing for {rule.type}, which itself judges that no signal comes",
            expected="one of the two",
            hint="leave on_missing out",
            warning=True,
        )


def _check_labels(document: Document, path: KeyPath, rule: Rule) -> Iterator[Problem]:
    if _severity_of(rule) is None:
        given = rule.labels["severity"]
        yield document.problem(
            (*path, "labels", "severity"),
            "rule/severity",
            found=show(given),
            expected=one_of(_SEVERITIES),
            hint=did_you_mean(given, _SEVERITIES),
        )
    if "alertname" in rule.labels:
        yield document.problem(
            (*path, "labels", "alertname"),
            "rule/reserved-label",
            found="the label alertname",
            expected="other labels: alertname is always the name of the rule",
            hint="change `alert` instead",
        )


def _check_annotations(document: Document, tagged: Tagged[Rule]) -> Iterator[Problem]:
    """A detector may fill placeholders that are not known here, so only near misses are told."""
    rule = tagged.common
    own = tagged.plugin.Params.__struct_encode_fields__
    told = tagged.plugin.facts
    known = {*fields_of(rule.on), *_ALWAYS, *rule.by, *rule.labels, *own, *told}
    for key, text in rule.annotations.items():
        for name in dict.fromkeys(_PLACEHOLDER.findall(text)):
            meant = nearest(name, known)
            if name not in known and meant and not name.startswith("tags."):
                yield document.problem(
                    (*tagged.path, "annotations", key),
                    "rule/placeholder",
                    found=f"the placeholder {{{name}}}",
                    expected="a field, a label or something that the detector tells",
                    hint=f"did you mean {{{meant}}}?",
                    warning=True,
                )
