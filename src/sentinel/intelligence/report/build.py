"""Puts a debug report together from records. Pure: the time and all facts are handed in."""

import re
from collections.abc import Mapping, Sequence

from sentinel.intelligence.catalog import Catalog, Entry, fill_link
from sentinel.intelligence.causes import because, suspect
from sentinel.intelligence.impact import impact_of
from sentinel.intelligence.report.evidence import breadcrumbs_of, exceptions_of, request_of
from sentinel.intelligence.report.model import (
    Background,
    DebugReport,
    Dependency,
    Facts,
    IncidentReport,
    Link,
    NextStep,
    Source,
    Told,
)
from sentinel.intelligence.report.stub import stub_of
from sentinel.model.alert import Alert, Incident
from sentinel.model.delivery import Delivery
from sentinel.model.group import Group
from sentinel.model.reach import Reach
from sentinel.model.signal import Error

_WORD = re.compile(r"[A-Z0-9_]+")


def build_report(
    group: Group,
    *,
    now: float,
    catalog: Catalog,
    latest: Error | None = None,
    alerts: Sequence[Alert] = (),
    incident: Incident | None = None,
    deliveries: Sequence[Delivery] = (),
    related: Sequence[Group] = (),
    url: str = "",
    link_values: Mapping[str, str | None] | None = None,
    background: Background | None = None,
    reach: Reach | None = None,
) -> DebugReport:
    """`latest` is the group's newest event, with its payload. `alerts` are all that fire now, of
    this group and of others: they tell which causes are active. `url` is the group's page;
    `link_values` fill the catalog's addresses, `base_url` above all. `background` is of the
    group's latest incident; `reach` is for a report on the incident itself.
    """
    entry = catalog.get(group.code)
    active = {alert.code for alert in alerts if alert.active and alert.code}
    causes = _dependencies(group, catalog, active, upwards=True)
    named = _named_vars(entry, latest) if entry and latest else ()
    impact = impact_of(group, entry, reach=reach)
    return DebugReport(
        made=now,
        url=url,
        next_step=_next_step(group, latest, catalog, entry, causes, named),
        group=group,
        latest=_facts(latest) if latest else None,
        impact=impact,
        source=_source(latest) if latest else None,
        exceptions=exceptions_of(latest) if latest else (),
        causes=causes,
        effects=_dependencies(group, catalog, active, upwards=False),
        entry=entry,
        named_vars=named,
        links=_links(entry, group, latest, link_values or {}) if entry else (),
        incident=incident,
        alerts=tuple(a for a in alerts if _is_of(a, group)),
        told=told_by(deliveries),
        related=tuple(other for other in related if other.id != group.id),
        breadcrumbs=breadcrumbs_of(latest) if latest else (),
        request=request_of(latest) if latest else None,
        stub=None if entry else stub_of(group, impact.priority),
        background=background or Background(),
    )


def told_by(deliveries: Sequence[Delivery]) -> tuple[Told, ...]:
    return tuple(_told(delivery) for delivery in deliveries)


def _is_of(alert: Alert, group: Group) -> bool:
    return alert.group == group.id or (alert.code is not None and alert.code == group.code)


def _dependencies(
    group: Group, catalog: Catalog, active: set[str], *, upwards: bool
) -> tuple[Dependency, ...]:
    """Active ones first, then the near ones."""
    if not group.code:
        return ()
    if upwards:
        near, far = catalog.direct_causes(group.code), catalog.causes_of(group.code)
    else:
        near, far = catalog.direct_effects(group.code), catalog.effects_of(group.code)
    found = [
        Dependency(
            code=code,
            title=catalog.entries[code].title,
            direct=code in near,
            active=code in active,
        )
        for code in far
    ]
    return tuple(sorted(found, key=lambda d: (not d.active, not d.direct, d.code)))


def _next_step(
    group: Group,
    latest: Error | None,
    catalog: Catalog,
    entry: Entry | None,
    causes: Sequence[Dependency],
    named: Sequence[str],
) -> NextStep:
    if root := _active_root(catalog, causes):
        text = f"Mend {root.code} first ({root.title}). It is active now and may cause this error."
        return NextStep(kind="mend_cause", text=f"{text} {catalog.entries[root.code].fix[0]}")
    if entry and named:
        text = f"The error names {', '.join(named)}: see whether the running process has it."
        return NextStep(kind="follow_fix", text=f"{text} {entry.fix[0]}")
    if entry:
        return NextStep(kind="follow_fix", text=entry.fix[0])
    if group.status == "regressed" and group.last_release:
        text = "It came back after it had been resolved. See what changed in this release:"
        return NextStep(kind="compare_releases", text=text, about=group.last_release)
    if group.first_release and group.first_release == group.last_release:
        text = "It is new in the latest release that shows it. See what changed in this release:"
        return NextStep(kind="compare_releases", text=text, about=group.first_release)
    if latest and latest.file:
        place = f"{latest.file}:{latest.line}" if latest.line else latest.file
        place = f"{place} in {latest.function}" if latest.function else place
        return NextStep(kind="read_source", text="Read the code where it was raised:", about=place)
    text = "Find where it comes from, then give it a code and a catalog entry (below)."
    return NextStep(kind="add_code", text=text)


def _active_root(catalog: Catalog, causes: Sequence[Dependency]) -> Dependency | None:
    """The active cause that no other active cause explains."""
    active = [cause for cause in causes if cause.active]
    codes = {cause.code for cause in active}
    return next((c for c in active if not codes & catalog.causes_of(c.code)), None)


def _named_vars(entry: Entry, latest: Error) -> tuple[str, ...]:
    """A missing variable often stands in the error's own words, as in `KeyError: 'API_KEY'`."""
    texts = [latest.message, *(raised.message for raised in exceptions_of(latest))]
    words = {word for text in texts for word in _WORD.findall(text)}
    return tuple(name for name in entry.env_vars if name in words)


def _facts(error: Error) -> Facts:
    return Facts(
        id=error.id,
        at=error.at or error.received,
        type=error.type,
        message=error.message,
        environment=error.environment,
        release=error.release,
        service=error.service,
        component=error.component,
        host=error.host,
        tenant=error.tenant,
        transaction=error.transaction,
        trace=error.trace,
        platform=error.platform,
        handled=error.handled,
        tags=error.tags,
    )


def _source(error: Error) -> Source | None:
    source = Source(
        file=error.file,
        line=error.line,
        function=error.function,
        query=error.query,
        transaction=error.transaction,
    )
    return None if source == Source() else source


def _links(
    entry: Entry, group: Group, latest: Error | None, values: Mapping[str, str | None]
) -> tuple[Link, ...]:
    known: dict[str, str | None] = {"project": group.project}
    if latest:
        for name in ("tenant", "environment", "release", "service", "host"):
            known[name] = getattr(latest, name)
    known.update(values)
    pages = (("Mend it", entry.fix_url), ("Mend it in the application", entry.ui_fix_url))
    links = [_link(label, page, known) for label, page in pages if page]
    return (*links, *(Link(label="Documentation", url=page) for page in entry.external_docs))


def _link(label: str, page: str, values: Mapping[str, str | None]) -> Link:
    url = fill_link(page, values)
    return Link(label=label, url=url or page, filled=url is not None)


def _told(delivery: Delivery) -> Told:
    # The address stays out: a report is made to be passed on.
    who = f"{delivery.person} by {delivery.channel}" if delivery.person else delivery.channel
    return Told(who=who, state=delivery.state, at=delivery.sent)


def build_incident_report(
    incident: Incident,
    *,
    now: float,
    catalog: Catalog,
    alerts: Sequence[Alert] = (),
    deliveries: Sequence[Delivery] = (),
    error: DebugReport | None = None,
    url: str = "",
    background: Background | None = None,
) -> IncidentReport:
    """`alerts` are the incident's, the oldest first. `error` is the report on the error behind its
    root, without a background of its own; `url` is the incident's page."""
    background = background or Background()
    entry = catalog.get(incident.code)
    root = next((alert for alert in alerts if alert.id == incident.root), None)
    return IncidentReport(
        made=now,
        url=url,
        next_step=_next_step_of_incident(incident, root, entry, error, background),
        incident=incident,
        entry=entry,
        root=root,
        cascades=tuple(alert for alert in alerts if alert.id != incident.root),
        told=told_by(deliveries),
        background=background,
        error=error,
    )


def _next_step_of_incident(
    incident: Incident,
    root: Alert | None,
    entry: Entry | None,
    error: DebugReport | None,
    background: Background,
) -> NextStep:
    behind = suspect(background.findings.candidates)
    if incident.state != "resolved" and behind is not None:
        text = "Look first at what is probably behind it:"
        return NextStep(kind="mend_cause", text=text, about=because(behind))
    if error is not None:
        return error.next_step
    if entry is not None:
        return NextStep(kind="follow_fix", text=entry.fix[0])
    if root is not None:
        text = "See what its rule found, and what was changed before:"
        return NextStep(kind="look_around", text=text, about=root.verdict)
    return NextStep(kind="look_around", text="See what was changed before it began.")
