"""From a checked configuration to what runs: the engine's book, and the objects of plugins."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from sentinel.acting.limits import UNTIL_LOOKED, UNTIL_REPORTED
from sentinel.broadcasts.redaction import Redaction
from sentinel.config.broadcasts import titles_of
from sentinel.config.model import (
    BroadcastConfig,
    Config,
    EscalationConfig,
    InhibitConfig,
    MaintenanceConfig,
    RouteConfig,
    RuleConfig,
    StepConfig,
)
from sentinel.config.reach import recipients_of
from sentinel.engine.book import Book, Causes
from sentinel.engine.broadcast_rules import Announcement, BroadcastRule
from sentinel.engine.inhibition import InhibitRule
from sentinel.engine.intervals import Interval
from sentinel.engine.maintenance import Maintenance
from sentinel.engine.matchers import parse_matchers
from sentinel.engine.routing import Escalation, OnCall, Route, Step
from sentinel.engine.rules import Flapping, Remedy, Rule, RuleIndex, make_rule
from sentinel.health.patience import Patience
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.classify import Classifier, make_entry
from sentinel.joins import open_joins
from sentinel.model.delivery import Reason
from sentinel.plugins import Registry


def build_book(config: Config, registry: Registry, catalog: Catalog) -> Book:
    """What the configuration and the catalog tell the engine."""
    escalations = {name: _escalation(one, config) for name, one in config.escalations.items()}
    routes = tuple(_route(one, escalations, config) for one in config.routes)
    return Book(
        rules=RuleIndex([_rule(rule, registry, config) for rule in config.rules]),
        routes=Route(name="", routes=routes),
        open_joins=open_joins,
        causes=Causes(
            effects=dict(catalog.effects),
            direct={code: frozenset(catalog.direct_effects(code)) for code in catalog.effects},
            per_tenant=catalog.per_tenant,
            hold=config.hold,
        ),
        correlations=config.correlations,
        inhibit=tuple(map(_inhibit, config.inhibit_rules)),
        maintenance=tuple(_maintenance(one, config) for one in config.maintenance),
        broadcasts=tuple(_broadcast(one, config) for one in config.broadcasts),
        redact=redaction_of(config).redacted,
        quiet={name: person.quiet for name, person in config.people.items() if person.quiet},
        digests={name: person.digest for name, person in config.people.items() if person.digest},
        patience=Patience(config).of,
        people={
            name: recipients_of(name, person.addresses, config.channels.values())
            for name, person in config.people.items()
        },
        only=_only(config, registry),
    )


def _only(config: Config, registry: Registry) -> dict[str, frozenset[Reason]]:
    """The reasons for which a channel is used, of those that are not used for all."""
    found = {}
    for channel in config.channels.values():
        notifier: Any = registry.get("notifier", channel.type)
        if notifier.capabilities.only is not None:
            found[channel.name] = notifier.capabilities.only
    return found


def build_classifier(config: Config) -> Classifier:
    return Classifier(
        [
            make_entry(one.where, one.fingerprint, one.severity, one.category)
            for one in config.classify
        ]
    )


def _rule(rule: RuleConfig, registry: Registry, config: Config) -> Rule:
    detector: Any = registry.get("detector", rule.type)
    return make_rule(
        name=rule.name,
        kind=rule.kind,
        where=rule.where,
        detector=detector(rule.params),
        recover=None if rule.recover is None else detector(rule.recover),
        population=rule.population,
        by=rule.by,
        hold=rule.for_,
        keep=rule.keep_firing_for,
        on_missing=rule.on_missing,
        missing_after=rule.missing_after,
        flapping=Flapping(
            rule.flapping.times, float(rule.flapping.within), float(rule.flapping.quiet)
        ),
        severity=rule.severity,
        labels=rule.labels,
        annotations=rule.annotations,
        facts={name: _text(value) for name, value in msgspec.structs.asdict(rule.params).items()},
        remedy=_remedy(rule, config),
        source=f"{rule.file}:{rule.line}",
    )


def _remedy(rule: RuleConfig, config: Config) -> Remedy | None:
    given = rule.remediate
    if given is None:
        return None
    proof = given.verify.probe if given.verify else None
    probe = next((one for one in config.probes if one.name == proof), None)
    return Remedy(
        action=given.action,
        after=float(given.after),
        cooldown=float(given.cooldown),
        most=given.most,
        within=float(given.within),
        limit=config.actions[given.action].timeout + UNTIL_REPORTED,
        verify_after=None if given.verify is None else float(given.verify.after),
        probe=None if probe is None else probe.name,
        component=None if probe is None else probe.component,
        look_limit=0.0 if probe is None else probe.timeout + UNTIL_LOOKED,
        dry=given.dry_run,
        page_after=given.page == "after_remediation",
    )


def _route(route: RouteConfig, escalations: Mapping[str, Escalation], config: Config) -> Route:
    return Route(
        name=route.name,
        matchers=parse_matchers(route.matchers),
        escalation=escalations[route.escalation],
        group_by=route.group_by,
        group_wait=route.group_wait,
        group_interval=route.group_interval,
        repeat=route.repeat_interval,
        goes_on=route.continue_,
        muted=_times(route.muted, config),
        active=_times(route.active, config),
        routes=tuple(_route(child, escalations, config) for child in route.routes),
    )


def _times(names: Iterable[str], config: Config) -> tuple[Interval, ...]:
    return tuple(one for name in names for one in config.time_intervals[name].intervals)


def _escalation(escalation: EscalationConfig, config: Config) -> Escalation:
    return Escalation(
        name=escalation.name,
        steps=tuple(step_of(step, config) for step in escalation.steps),
        repeat=escalation.repeat,
        ack_timeout=escalation.ack_timeout,
    )


def step_of(step: StepConfig, config: Config) -> Step:
    on_call = [OnCall(config.schedules[one.schedule].schedule, one.reach) for one in step.on_call]
    return Step(step.after, (*step.recipients, *on_call))


def _inhibit(rule: InhibitConfig) -> InhibitRule:
    source, target = parse_matchers(rule.source), parse_matchers(rule.target)
    return InhibitRule(rule.name, source, target, rule.equal)


def _maintenance(one: MaintenanceConfig, config: Config) -> Maintenance:
    announce = None
    if one.announce is not None:
        told = one.announce
        announce = Announcement(
            components=told.components,
            shown=_shown(told.components, config),
            title=told.title,
            severity=told.severity,
            audience=told.audience,
            before=told.before,
            messages=told.messages,
            zone=config.timezone,
        )
    return Maintenance(one.name, parse_matchers(one.matchers), one.during, announce)


def _broadcast(one: BroadcastConfig, config: Config) -> BroadcastRule:
    return BroadcastRule(
        name=one.name,
        alerts=frozenset(one.alerts),
        severities=frozenset(one.severities),
        matchers=parse_matchers(one.matchers),
        components=one.components,
        shown=_shown(one.components, config),
        title=one.title,
        audience=one.audience,
        mode=one.mode,
        hold=one.hold,
        messages=one.messages,
        ask=None if one.ask is None else step_of(one.ask, config),
        resolve_after=one.resolve_after,
        zone=config.timezone,
    )


def redaction_of(
    config: Config, tenants: Iterable[str] = (), more: Iterable[str] = ()
) -> Redaction:
    """What clients must not read, by what is configured: with these names of tenants, and `more`
    names of the operators' own."""
    titles = set(titles_of(config.components, config.status_page).values())
    names = {
        *(rule.name for rule in config.rules),
        *(probe.name for probe in config.probes),
        *(probe.component for probe in config.probes),
        *config.components,
        *config.actions,
        *(monitor.name for monitor in config.monitors),
        *config.channels,
        *config.escalations,
        *config.schedules,
        *config.teams,
    }
    known = (each for one in config.tenants.values() for each in (one.name, one.title))
    return Redaction(
        names={*names, *more} - titles,
        public=(config.public_url, config.application_url),
        tenants=(*known, *tenants),
    )


def _shown(components: Iterable[str], config: Config) -> tuple[str, ...]:
    """What clients call them."""
    titles = titles_of(config.components, config.status_page)
    return tuple(titles.get(name, name) for name in components)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, float) and type(value) is not float else value
