"""The same facts as data, for machines. The shape is documented in docs/notifications.md and
only ever grows; `version` changes where it could not."""

from typing import Any

from sentinel.intelligence.advice import WEB
from sentinel.intelligence.impact import impact_of
from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.message.view import View
from sentinel.intelligence.untrusted import one_line
from sentinel.intelligence.wording import iso
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Candidate
from sentinel.model.delivery import Delivery
from sentinel.model.group import Group
from sentinel.model.signal import Change

VERSION = 1
_ABOUT_NONE = ("test", "drill")
_MOST_ALERTS = 20
_MOST_LABELS = 30
_MOST_OTHERS = 50
_MOST_CHANGES = 10
_TEXT = 600


def envelope(delivery: Delivery, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "type": delivery.reason
        if delivery.reason in _ABOUT_NONE
        else f"incident.{delivery.reason}",
        "timestamp": iso(delivery.created),
        "data": {"key": delivery.key, "severity": delivery.severity, **data},
    }


def payload_of(facts: PageFacts, view: View, delivery: Delivery) -> dict[str, Any]:
    page = facts.page
    return envelope(
        delivery,
        {
            "subject": view.subject,
            "summary": view.lead,
            "do": view.do,
            "incident": _incident(facts),
            "impact": _impact(facts),
            "catalog": _catalog(facts),
            "error": _error(facts, view),
            "alerts": [_alert(alert) for alert in page.alerts[:_MOST_ALERTS]],
            "cascades": [
                {"name": _short(c.name), "title": c.title, "count": c.count}
                for c in facts.cascades[:_MOST_ALERTS]
            ],
            "groups": [_group(facts, group) for group in page.groups],
            "probable_causes": [_candidate(one) for one in facts.findings.candidates],
            "last_fix": _last_fix(facts),
            "changes": [_change(facts, one) for one in facts.findings.changes[:_MOST_CHANGES]],
            "tests": [{"action": one, "url": facts.url_of_test(one)} for one in facts.tests],
            "tried": _tried(facts),
            "goes_on": _other(facts, page.home) if page.home else None,
            "others": [_other(facts, other) for other in page.others[:_MOST_OTHERS]],
        },
    )


def _incident(facts: PageFacts) -> dict[str, Any]:
    incident = facts.page.incident
    lasted = None if incident.resolved is None else round(incident.resolved - incident.opened, 3)
    return {
        "id": incident.id,
        "url": facts.url,
        "title": one_line(incident.title, _TEXT),
        "state": incident.state,
        "severity": incident.severity,
        "code": _short(incident.code),
        "tenant": _short(incident.tenant),
        "environment": _short(facts.environment),
        "opened": iso(incident.opened),
        "acknowledged": iso(incident.acknowledged),
        "acknowledged_by": _short(incident.acknowledged_by),
        "acknowledged_until": iso(incident.ack_until),
        "assigned_by": _short(incident.assigned_by),
        "resolved": iso(incident.resolved),
        "resolved_by": _short(incident.resolved_by),
        "duration_seconds": lasted,
        "runbook": facts.runbook,
        "cause": _short(facts.cause or None),
    }


def _other(facts: PageFacts, incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "url": facts.url_of(incident),
        "title": one_line(incident.title, _TEXT),
        "state": incident.state,
        "severity": incident.severity,
        "code": _short(incident.code),
        "tenant": _short(incident.tenant),
        "opened": iso(incident.opened),
        "resolved": iso(incident.resolved),
    }


def _impact(facts: PageFacts) -> dict[str, Any]:
    group = facts.page.groups[0] if facts.page.groups else None
    reach = facts.page.reach
    known = impact_of(group, facts.entry, facts.zone, reach) if group else None
    return {
        "sentence": one_line(facts.impact, _TEXT),
        "priority": known.priority if known else None,
        "tenants": known.tenants if known else 0,
        "users": known.users if known else 0,
        "events": known.events if known else facts.events,
    }


def _catalog(facts: PageFacts) -> dict[str, Any] | None:
    entry = facts.entry
    if entry is None:
        return None
    return {
        "code": entry.code,
        "title": entry.title,
        "summary": entry.summary,
        "category": entry.category,
        "customer_facing": entry.customer_facing,
        "revenue": entry.impact.revenue,
        "features": list(entry.impact.features),
        "companies": entry.impact.companies,
        "fix": list(entry.fix),
        "verify": list(entry.verify),
        "common_causes": list(entry.common_causes),
        "env_vars": list(entry.env_vars),
        "config_file": entry.config_file,
        "fix_url": facts.link(entry.fix_url),
        "ui_fix_url": facts.link(entry.ui_fix_url),
        "external_docs": list(entry.external_docs),
    }


def _error(facts: PageFacts, view: View) -> dict[str, Any] | None:
    sample = facts.page.sample
    if sample is None:
        return None
    return {
        "message": one_line(sample.message or sample.title, _TEXT),
        "place": view.place,
        "release": _short(sample.release),
        "service": _short(sample.service),
        "host": _short(sample.host),
    }


def _alert(alert: Alert) -> dict[str, Any]:
    labels = list(alert.labels.items())[:_MOST_LABELS]
    return {
        "id": alert.id,
        "rule": alert.rule,
        "state": alert.state,
        "severity": alert.severity,
        "code": _short(alert.code),
        "tenant": _short(alert.tenant),
        "labels": {one_line(name, 100): one_line(value, 200) for name, value in labels},
        "started": iso(alert.started),
        "resolved": iso(alert.resolved),
        "count": alert.count,
        "verdict": one_line(alert.verdict, _TEXT),
        "flapping": alert.flapping,
    }


def _group(facts: PageFacts, group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "url": f"{facts.public_url.rstrip('/')}/errors/{group.id}",
        "project": _short(group.project),
        "title": one_line(group.title, _TEXT),
        "culprit": one_line(group.culprit, _TEXT),
        "code": _short(group.code),
        "count": group.count,
        "users": group.users,
        "tenants": group.tenants,
        "first_seen": iso(group.first_seen),
        "last_seen": iso(group.last_seen),
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "title": one.title,
        "score": one.score,
        "confidence": one.confidence,
        "reasons": list(one.reasons),
        "own": one.own,
        "reported": one.reported,
    }


def _last_fix(facts: PageFacts) -> dict[str, Any] | None:
    found = facts.findings.fix
    if found is None or found.fix is None:
        return None
    return {
        "incident": found.incident,
        "text": one_line(found.fix.text, _TEXT),
        "kind": found.fix.kind,
        "ended": iso(found.resolved),
        "recurs": found.recurs,
    }


def _change(facts: PageFacts, one: Change) -> dict[str, Any]:
    return {
        "kind": _short(one.kind),
        "summary": one_line(one.summary, _TEXT),
        "service": _short(one.service),
        "component": _short(one.component),
        "tenant": _short(one.tenant),
        "environment": _short(one.environment),
        "release": _short(one.release),
        "author": _short(one.author),
        "url": one.url if one.url and one.url.startswith(WEB) else None,
        "made": iso(one.at),
        "seconds_before": round(facts.page.incident.opened - one.at, 3),
    }


def _tried(facts: PageFacts) -> dict[str, Any] | None:
    tried = facts.page.tried
    if tried is None:
        return None
    return {"action": tried.action, "text": one_line(tried.text, _TEXT), "at": iso(tried.at)}


def _short(text: str | None) -> str | None:
    return None if text is None else one_line(text, 200)
