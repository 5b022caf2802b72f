"""From a checked configuration to what runs: the engine's book, and the objects of plugins."""

from collections.abc import Mapping
from typing import Any

import msgspec

from sentinel.config.model import Config, EscalationConfig, RouteConfig, RuleConfig
from sentinel.engine.book import Book, Causes
from sentinel.engine.routing import Escalation, Route, Step, parse_matcher
from sentinel.engine.rules import Rule, RuleIndex, make_rule
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.classify import Classifier, make_entry
from sentinel.plugins import Registry


def build_book(config: Config, registry: Registry, catalog: Catalog) -> Book:
    """What the configuration and the catalog tell the engine."""
    escalations = {name: _escalation(one) for name, one in config.escalations.items()}
    return Book(
        rules=RuleIndex([_rule(rule, registry) for rule in config.rules]),
        routes=Route(name="", routes=tuple(_route(one, escalations) for one in config.routes)),
        causes=Causes(effects=dict(catalog.effects), per_tenant=catalog.per_tenant),
    )


def build_classifier(config: Config) -> Classifier:
    return Classifier(
        [
            make_entry(one.where, one.fingerprint, one.severity, one.category)
            for one in config.classify
        ]
    )


def _rule(rule: RuleConfig, registry: Registry) -> Rule:
    detector: Any = registry.get("detector", rule.type)
    return make_rule(
        name=rule.name,
        kind=rule.kind,
        where=rule.where,
        detector=detector(rule.params),
        by=rule.by,
        hold=rule.for_,
        keep=rule.keep_firing_for,
        severity=rule.severity,
        labels=rule.labels,
        annotations=rule.annotations,
        facts={name: _text(value) for name, value in msgspec.structs.asdict(rule.params).items()},
        source=f"{rule.file}:{rule.line}",
    )


def _route(route: RouteConfig, escalations: Mapping[str, Escalation]) -> Route:
    return Route(
        name=route.name,
        matchers=tuple(parse_matcher(text) for text in route.matchers),
        escalation=escalations[route.escalation],
        group_wait=route.group_wait,
        repeat=route.repeat_interval,
        goes_on=route.continue_,
        routes=tuple(_route(child, escalations) for child in route.routes),
    )


def _escalation(escalation: EscalationConfig) -> Escalation:
    steps = tuple(Step(step.after, step.recipients) for step in escalation.steps)
    return Escalation(escalation.name, steps)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, float) and type(value) is not float else value
