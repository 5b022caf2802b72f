"""What a template may speak of in a message about an incident: the facts of the default one."""

from sentinel.intelligence.advice import WEB
from sentinel.intelligence.message.facts import PageFacts
from sentinel.intelligence.message.view import View, view_of
from sentinel.intelligence.untrusted import one_line
from sentinel.intelligence.wording import clock_time, span
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Candidate
from sentinel.model.delivery import Choice, Delivery, Message
from sentinel.model.signal import Change
from sentinel.templating.views import (
    AdminView,
    AlertView,
    CandidateView,
    CascadeView,
    ChangeView,
    ChoiceView,
    FactView,
    IncidentView,
    LinkView,
)

_MOST_ALERTS = 20
_MOST_OTHERS = 20
_MOST_LABELS = 30
_MOST_CHANGES = 10


def admin_view(facts: PageFacts, delivery: Delivery, message: Message) -> AdminView:
    """`message` is the default one. What comes from outside is on one line each, and bounded."""
    page, view = facts.page, view_of(facts, delivery)
    incident, sample = page.incident, page.sample
    lasts = (incident.resolved or delivery.created) - incident.opened
    return AdminView(
        reason=delivery.reason,
        severity=delivery.severity,
        badge=view.badge,
        channel=delivery.channel,
        recipient=delivery.person or "",
        subject=message.subject,
        text=message.text.rstrip("\n"),
        short=message.short,
        name=_line(facts.name),
        title=_line(facts.entry.title if facts.entry else incident.title),
        code=_line(incident.code),
        tenant=_line(incident.tenant),
        environment=_line(facts.environment),
        service=_line(sample.service if sample else None),
        host=_line((sample.host if sample else None) or incident.host),
        release=_line(sample.release if sample else None),
        lead=view.lead,
        impact=_line(facts.impact, 300),
        do=view.do,
        steps=view.steps,
        because=view.because,
        last_fix=view.last_fix,
        notes=view.notes,
        summary=view.summary,
        error=view.said,
        place=view.place,
        facts=[FactView(label=label, value=value) for label, value in view.facts],
        verify=view.verify,
        cause=_line(facts.cause),
        causes=[_candidate(one) for one in facts.findings.candidates],
        changes=[_change(one, incident) for one in facts.findings.changes[:_MOST_CHANGES]],
        cascades=[
            CascadeView(name=_line(one.name), title=_line(one.title), count=one.count)
            for one in facts.cascades[:_MOST_ALERTS]
        ],
        alerts=[_alert(one, facts, delivery) for one in page.alerts[:_MOST_ALERTS]],
        labels=_labels(facts.root),
        count=facts.events,
        since=_moment(incident.opened, facts, delivery),
        duration=span(lasts),
        seconds=max(0, round(lasts)),
        holder=_line(incident.acknowledged_by),
        resolved_by=_line(incident.resolved_by),
        incident=_incident(incident, facts, delivery),
        others=[_incident(one, facts, delivery) for one in page.others[:_MOST_OTHERS]],
        choices=[_choice(one) for one in message.choices],
        acknowledge_url=next((one.url for one in message.choices if one.verb == "acknowledge"), ""),
        links=_links(view),
        tests=[LinkView(label=one.label, url=one.url) for one in view.tests],
        runbook=facts.runbook or "",
        url=facts.url,
    )


def _line(text: str | None, most: int = 200) -> str:
    return one_line(text or "", most)


def _moment(at: float | None, facts: PageFacts, delivery: Delivery) -> str:
    return "" if at is None else clock_time(at, delivery.created, facts.zone)


def _incident(incident: Incident, facts: PageFacts, delivery: Delivery) -> IncidentView:
    return IncidentView(
        id=incident.id,
        title=_line(incident.title),
        state=incident.state,
        severity=incident.severity,
        code=_line(incident.code),
        tenant=_line(incident.tenant),
        url=facts.url_of(incident),
        opened=_moment(incident.opened, facts, delivery),
        resolved=_moment(incident.resolved, facts, delivery),
    )


def _alert(alert: Alert, facts: PageFacts, delivery: Delivery) -> AlertView:
    return AlertView(
        rule=alert.rule,
        state=alert.state,
        severity=alert.severity,
        code=_line(alert.code),
        count=alert.count,
        since=_moment(alert.started, facts, delivery),
        verdict=_line(alert.verdict, 300),
        labels=_labels(alert),
    )


def _labels(alert: Alert | None) -> dict[str, str]:
    found = list(alert.labels.items())[:_MOST_LABELS] if alert else []
    return {_line(name, 100): _line(value) for name, value in found}


def _candidate(one: Candidate) -> CandidateView:
    return CandidateView(
        kind=one.kind,
        name=_line(one.name),
        title=_line(one.title),
        confidence=one.confidence,
        reasons=[_line(reason, 300) for reason in one.reasons],
    )


def _change(change: Change, incident: Incident) -> ChangeView:
    url = change.url or ""
    return ChangeView(
        kind=_line(change.kind),
        summary=_line(change.summary, 300),
        service=_line(change.service or change.component),
        release=_line(change.release),
        author=_line(change.author),
        # From outside, so it might be one that runs something.
        url=_line(url, 500) if url.startswith(WEB) and url.isprintable() else "",
        before=span(incident.opened - change.at),
    )


def _choice(one: Choice) -> ChoiceView:
    return ChoiceView(verb=one.verb, label=one.label, url=one.url)


def _links(view: View) -> list[LinkView]:
    return [LinkView(label=one.label, url=one.url) for one in view.links]
