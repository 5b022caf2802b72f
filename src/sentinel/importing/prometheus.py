"""Prometheus' rule files: alerting rules become rules, and what can't is named.

Source: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

import re
from typing import Any

from msgspec import Struct, field

from sentinel.config.document import Document, KeyPath
from sentinel.config.section import LABEL, NAME
from sentinel.importing import templates
from sentinel.importing.emit import Noted
from sentinel.importing.expressions import LOOKBACK, Translation, translate
from sentinel.importing.lengths import length
from sentinel.importing.notes import Notes
from sentinel.importing.series import field_of
from sentinel.importing.severities import severity_of
from sentinel.importing.tokens import NotUnderstood
from sentinel.importing.values import text_of

_RULE_KEYS = ("alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_GROUP_KEYS = ("name", "rules", "labels")
_MOST_BY = 10
_LONGEST_EXPRESSION = 200


class Vocabulary(Struct):
    """What all imported rules together call things: `names` of alerts, `labels` that rules set,
    and the `tags` of their signals that their alerts have as labels."""

    names: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)


def read_rules(document: Document, groups: KeyPath, words: Vocabulary, notes: Notes) -> list[Noted]:
    """`groups` is where the list of groups stands. Adds to `words` and `notes`."""
    return _Reading(document, words, notes).groups(groups)


class _Reading:
    def __init__(self, document: Document, words: Vocabulary, notes: Notes) -> None:
        self.document = document
        self.words = words
        self.notes = notes

    def groups(self, path: KeyPath) -> list[Noted]:
        found = self.document.at(path)
        if not isinstance(found, list):
            self.notes.refused(path, "groups", "found no list of groups")
            return []
        return [rule for index in range(len(found)) for rule in self.group((*path, index))]

    def group(self, path: KeyPath) -> list[Noted]:
        group = self.document.at(path)
        rules = group.get("rules") if isinstance(group, dict) else None
        if not isinstance(rules, list):
            self.notes.refused(path, "a group", "found no list of rules in it")
            return []
        what = f"group {group.get('name', '')}"
        for key in group:
            if key == "interval":
                why = "rules are looked at whenever a signal comes, not at an interval"
                self.notes.approximated((*path, key), what, why)
            elif key not in _GROUP_KEYS:
                self.notes.refused((*path, key), what, f"the key {key} has no counterpart")
        shared = _texts(group.get("labels"))
        found = [self.rule((*path, "rules", index), shared) for index in range(len(rules))]
        return [rule for rule in found if rule is not None]

    def rule(self, path: KeyPath, shared: dict[str, str]) -> Noted | None:
        rule = self.document.at(path)
        if not isinstance(rule, dict) or not isinstance(rule.get("expr"), str | int | float):
            self.notes.refused(path, "a rule", "found no expression in it")
            return None
        if "record" in rule:
            why = "a recording rule makes a new series, which has no counterpart"
            self.notes.refused(path, f"record {rule['record']}", why)
            return None
        what = f"alert {rule.get('alert')}"
        try:
            translation = translate(str(rule["expr"]))
        except NotUnderstood as error:
            self.notes.refused((*path, "expr"), what, str(error))
            return None
        return _Rule(self, path, what, translation).write(rule, shared)


class _Rule:
    """One alerting rule whose expression is understood."""

    def __init__(
        self, reading: _Reading, path: KeyPath, what: str, translation: Translation
    ) -> None:
        self.path = path
        self.what = what
        self.notes = reading.notes
        self.words = reading.words
        self.translation = translation
        self.near = list(translation.near)

    def write(self, rule: dict[str, Any], shared: dict[str, str]) -> Noted:
        for key in rule:
            if key not in _RULE_KEYS:
                self.refuse(key, f"the key {key} has no counterpart")
            elif key in ("labels", "annotations") and not isinstance(rule[key], dict | None):
                self.refuse(key, f"found {key} that are no mapping")
        labels = self.labels({**shared, **_texts(rule.get("labels"))})
        annotations, named = self.annotations(_texts(rule.get("annotations")))
        written: dict[str, Any] = {
            "alert": self.name(rule.get("alert"), labels.get("severity", "")),
            "on": "metric",
            **self.translation.keys,
        }
        if by := self.by(named):
            written["by"] = by
        for key in ("for", "keep_firing_for"):
            if key in rule:
                written |= self.duration(key, rule[key])
        if written["type"] == "threshold":
            # A series without values is no longer in the result of Prometheus' expression. Of a
            # last value that is so after 5m, which is also the default of `missing_after`.
            written["on_missing"] = "resolve"
            if (over := written.get("over", str(LOOKBACK))) != str(LOOKBACK):
                written["missing_after"] = over
        if labels:
            written["labels"] = labels
        if annotations:
            written["annotations"] = annotations
        self.words.labels |= labels.keys()
        tags = (*by, *written["where"])
        self.words.tags |= {tag.removeprefix("tags.") for tag in tags if tag.startswith("tags.")}
        self.tell()
        expression = " ".join(str(rule["expr"]).split())
        return Noted(
            written,
            (
                f"{self.notes.place(self.path)}: {expression[:_LONGEST_EXPRESSION]}",
                *(f"near: {why}" for why in self.near),
            ),
        )

    def tell(self) -> None:
        if not self.near:
            self.notes.translated(self.path, self.what)
        for why in self.near:
            self.notes.approximated(self.path, self.what, why)

    def refuse(self, key: str, why: str) -> None:
        self.notes.refused((*self.path, key), self.what, why)

    def name(self, given: Any, severity: str) -> str:
        """Unique, as Sentinel asks for: Prometheus lets several rules have one name."""
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", str(given))[:80].lstrip(".-") or "Unnamed"
        tries = [plain, *([f"{plain}-{severity}"] if severity else [])]
        number = 2
        while tries[0] in self.words.names:
            tries.pop(0)
            if not tries:
                tries.append(f"{plain}-{number}")
                number += 1
        name = tries[0]
        self.words.names.add(name)
        assert re.match(NAME, name)
        if name != given:
            self.near.append(
                f"it is called {name} here, as names are unique and made of letters, digits, _, . "
                "and -; matchers on alertname may need the new name"
            )
        return name

    def by(self, named: frozenset[str]) -> list[str]:
        if self.translation.by is not None:
            return list(self.translation.by)
        labels = sorted({"instance", *named} - self.translation.fixed)[:_MOST_BY]
        each = f"one for each {', '.join(labels)}" if labels else "one in all"
        mixed = (
            ""
            if self.translation.keys.get("aggregate") != "rate"
            else (", or the counters of several series are taken for one")
        )
        self.near.append(
            f"Prometheus has an alert for each series, this rule {each}: add to `by` the labels "
            f"that tell the series apart{mixed}"
        )
        return [field_of(label) for label in labels]

    def duration(self, key: str, given: Any) -> dict[str, str]:
        found = length(given)
        if found is None:
            self.refuse(key, f"found {given!r}, expected a duration such as 5m")
            return {}
        return {key: str(found)} if found else {}

    def labels(self, given: dict[str, str]) -> dict[str, str]:
        labels: dict[str, str] = {}
        for name, value in given.items():
            if templates.has_action(value):
                self.refuse("labels", f"the label {name} is a template; labels are fixed texts")
            elif name == "alertname":
                self.refuse("labels", "the label alertname is always the name of the rule")
            elif not re.match(LABEL, name):
                self.refuse("labels", f"{name!r} is no name of a label")
            else:
                labels[name] = self.severity(value) if name == "severity" else value
        return labels

    def severity(self, given: str) -> str:
        severity, known = severity_of(given)
        if severity != given:
            why = "" if known else ", as its word is not known"
            self.near.append(f"its severity {given!r} is {severity} here{why}")
        return severity

    def annotations(self, given: dict[str, str]) -> tuple[dict[str, str], frozenset[str]]:
        """The texts, and the labels that they name."""
        written: dict[str, str] = {}
        named: frozenset[str] = frozenset()
        for name, template in given.items():
            filled = templates.fill(template)
            if filled is None:
                why = f"the annotation {name} is a template that does more than name values"
                self.refuse("annotations", why)
                continue
            if not re.match(LABEL, name):
                self.refuse("annotations", f"{name!r} is no name of an annotation")
                continue
            if filled.lost:
                lost = ", ".join(filled.lost)
                self.near.append(f"the annotation {name} shows a plain value, without {lost}")
            text = filled.text
            if self.translation.keys["type"] == "flatline":
                # The only value that `absent` has.
                text = text.replace("{value}", "1")
            written[name] = text.strip()
            named |= filled.labels - {"alertname"}
        return written, named


def _texts(found: Any) -> dict[str, str]:
    if not isinstance(found, dict):
        return {}
    return {key: text_of(value) for key, value in found.items() if value is not None}
