"""The evidence around an incident, read from the store."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from sentinel.intelligence.catalog import Catalog
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import ComponentFact, Evidence, Past, Symptom
from sentinel.model.resolution import Similar
from sentinel.model.signal import Status
from sentinel.store import alerts, changes, components, signals, snapshots, symptoms
from sentinel.store.past import places_of

_AROUND = 300.0
_HEARD = 86_400.0
_MINUTE, _HOUR = 60.0, 3_600.0


def evidence_of(
    conn: sqlite3.Connection,
    incident: Incident,
    similar: Sequence[Similar],
    catalog: Catalog,
    depends_on: Mapping[str, tuple[str, ...]],
) -> Evidence:
    own = alerts.of_incident(conn, incident.id)
    found = _symptoms(conn, incident.id, own)
    codes = {one.code for one in found if one.code}
    causes = codes.union(*(catalog.causes_of(code) for code in codes))
    effects = {code: catalog.effects_of(code) for code in causes}
    related = causes.union(*effects.values())
    first = min((one.began for one in found), default=incident.opened)
    since, until = first - _AROUND, first + _AROUND
    if related:
        found += symptoms.elsewhere(conn, incident.root, incident.id, related, since, until)
    return Evidence(
        incident=incident,
        symptoms=tuple(found),
        effects=effects,
        direct={code: catalog.direct_effects(code) for code in causes},
        titles={code: catalog.entries[code].title for code in causes if code in catalog.entries},
        per_tenant=catalog.per_tenant & related,
        seen=symptoms.seen(conn, causes - codes, since, until) if causes - codes else {},
        components=tuple(_components(conn, incident)),
        depends_on=depends_on,
        changes=tuple(changes.before(conn, incident.opened)),
        past=tuple(_past(one) for one in similar),
    )


def _symptoms(conn: sqlite3.Connection, incident: int, own: Iterable[Alert]) -> list[Symptom]:
    together: dict[tuple[str, str | None], list[Alert]] = {}
    for alert in own:
        together.setdefault((alert.code or alert.rule, alert.tenant), []).append(alert)
    return [
        Symptom(
            name=name,
            code=members[0].code,
            tenant=tenant,
            environment=next(filter(None, map(_environment, members)), None),
            incident=incident,
            began=min(alert.started for alert in members),
            services=tuple(dict.fromkeys(p for alert in members for p in places_of(alert))),
            subject=_subject(conn, members[0]),
        )
        for (name, tenant), members in together.items()
    ]


def _subject(conn: sqlite3.Connection, alert: Alert) -> str | None:
    if alert.code is not None or not alert.signal:
        return None
    signal = signals.get(conn, alert.signal)
    return components.name_of(signal) if isinstance(signal, Status) else None


def _environment(alert: Alert) -> str | None:
    return alert.labels.get("environment") or alert.about.get("environment")


def _components(conn: sqlite3.Connection, incident: Incident) -> list[ComponentFact]:
    """As they are now, or as a snapshot shows them from when an incident that is over began."""
    if incident.state == "resolved":
        picture = snapshots.at_or_before(conn, incident.opened + _MINUTE)
        if picture is None or picture.at < incident.opened - _HOUR:
            return []
        return [
            ComponentFact(
                name=one.name,
                state=one.state,
                since=one.since,
                message=one.message,
                tenant=one.tenant,
                environment=one.environment,
            )
            for one in picture.components
        ]
    return [
        ComponentFact(
            name=components.name_of(one.status),
            state=one.status.status,
            since=one.since,
            message=one.status.message,
            tenant=one.status.tenant,
            environment=one.status.environment,
        )
        for one in components.heard(conn, incident.opened - _HEARD)
    ]


def _past(one: Similar) -> Past:
    return Past(
        incident=one.incident,
        code=one.code,
        codes=one.codes,
        cause=one.cause,
        fix=one.fix.text if one.fix else None,
        held=one.held,
        resolved=one.resolved,
    )
