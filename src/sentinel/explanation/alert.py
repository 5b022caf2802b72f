"""Why an alert is as it is, from the rule's line to the next timer."""

import sqlite3
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from sentinel.engine.book import Book
from sentinel.engine.due import alert_due
from sentinel.engine.routing import takers
from sentinel.engine.rules import Rule, encode_key
from sentinel.explanation import gates, past, upcoming
from sentinel.explanation.cause import Why, why
from sentinel.explanation.gates import GateLine
from sentinel.explanation.headline import headline
from sentinel.explanation.routes import RouteLine, walk
from sentinel.explanation.rule_words import Pair, words
from sentinel.explanation.told import Told, told
from sentinel.explanation.upcoming import PagingView, Upcoming
from sentinel.explanation.windows import WindowView, window_of
from sentinel.intelligence.wording import clock_time
from sentinel.model.alert import Alert, Incident
from sentinel.model.decision import Decision
from sentinel.store import alerts, decisions, deliveries, signals

_MOST_LATER = 5
_JOINING = ("incident_opened", "incident_joined", "incident_rerooted")


class AlertExplanation(Struct, frozen=True, kw_only=True):
    """`at` is the moment that is explained, in seconds since 1970 UTC. For one that has passed,
    `alert`, `incident` and `deliveries` are as they were then, `later` is what was decided next,
    and there is no window, gate, paging or timer.

    `rule` is the rule in words, `timeline` the moments of the alert's life, `joined` says how it
    came to its incident. `notes` say what could not be told.
    """

    at: float
    past: bool
    headline: str
    alert: Alert
    incident: Incident | None
    why: Why
    rule: list[Pair]
    timeline: list[Pair]
    window: WindowView | None
    joined: str
    routes: list[RouteLine]
    gates: list[GateLine]
    pagings: list[PagingView]
    upcoming: list[Upcoming]
    deliveries: list[Told]
    decisions: list[Decision]
    later: list[Decision]
    notes: list[str]


def explain_alert(
    conn: sqlite3.Connection,
    number: int,
    book: Book | None,
    now: float,
    at: float | None = None,
) -> AlertExplanation | None:
    """None where there is no such alert, or was none `at` that time. Without a book, what only
    the configuration knows is left out."""
    found = alerts.get(conn, number)
    if found is None:
        return None
    made = decisions.of_alert(conn, number)
    if at is not None and at < now:
        return _in_the_past(conn, found, book, made, at)
    incident = alerts.get_incident(conn, found.incident) if found.incident else None
    rule = book.rules.by_name.get(found.rule) if book else None
    window = window_of(conn, rule, (found.rule, encode_key(found.key)), now) if rule else None
    views = upcoming.pagings_of(conn, incident, book, now) if incident and book else []
    due = [one for view in views for one in view.upcoming]
    due += upcoming.of_incident(incident) if incident else ()
    due += upcoming.of_alert(rule, found, window) if rule else ()
    due += upcoming.of_remedies([found], book) if book else ()
    sent = deliveries.of_incident(conn, incident.id) if incident else []
    heard = told(sent, made)
    return AlertExplanation(
        at=now,
        past=False,
        headline=headline(
            found,
            incident,
            heard,
            upcoming.in_order(due),
            made,
            quiet=upcoming.gate_of(views, now),
            now=now,
        ),
        alert=found,
        incident=incident,
        why=why(conn, found, book),
        rule=words(rule) if rule else [],
        timeline=list(_timeline(found, incident, rule, now)),
        window=window if found.state != "resolved" else None,
        joined=_joined(made, number),
        routes=walk(book.routes, found.labels) if book else [],
        gates=_gates(conn, book, found, incident, now),
        pagings=views,
        upcoming=upcoming.in_order(due),
        deliveries=heard,
        decisions=made,
        later=[],
        notes=list(_notes(found, made)),
    )


def _in_the_past(
    conn: sqlite3.Connection, found: Alert, book: Book | None, made: list[Decision], at: float
) -> AlertExplanation | None:
    alert = past.alert_at(found, made, at)
    if alert is None:
        return None
    counted = decisions.matched_until(conn, alert.id, signals.last_before(conn, at))
    alert = replace(alert, count=counted)
    if alert.incident is not None and alert.incident != found.incident:
        others = decisions.of_incident(conn, alert.incident)
        made = sorted([*made, *others], key=lambda one: one.at)
    now_in = alerts.get_incident(conn, alert.incident) if alert.incident else None
    incident = past.incident_at(now_in, made, at) if now_in else None
    sent = deliveries.of_incident(conn, incident.id) if incident else []
    then = [one for delivery in sent if (one := past.delivery_at(delivery, at)) is not None]
    before = past.until(made, at)
    heard = told(then, before)
    rule = book.rules.by_name.get(found.rule) if book else None
    notes = [past.NOT_KEPT, *_notes(alert, made)]
    if book is not None:
        notes.append("The rule and the routes are shown as they are configured now.")
    return AlertExplanation(
        at=at,
        past=True,
        headline=headline(alert, incident, heard, [], before, quiet="", now=at),
        alert=alert,
        incident=incident,
        why=why(conn, found, book),
        rule=words(rule) if rule else [],
        timeline=list(_timeline(alert, incident, None, at)),
        window=None,
        joined=_joined(before, found.id),
        routes=walk(book.routes, found.labels) if book else [],
        gates=[],
        pagings=[],
        upcoming=[],
        deliveries=heard,
        decisions=before,
        later=[one for one in made if one.at > at][:_MOST_LATER],
        notes=notes,
    )


def _gates(
    conn: sqlite3.Connection,
    book: Book | None,
    alert: Alert,
    incident: Incident | None,
    now: float,
) -> list[GateLine]:
    """Of one that may still be told of."""
    if book is None or incident is None or not alert.active:
        return []
    taking = [one for one in takers(book.routes, alert.labels) if one.escalation]
    stand_ins = upcoming.stand_ins_at(conn, book, now)
    people = [
        one.person
        for route in taking
        if route.escalation
        for step in route.escalation.steps
        for one in step.reached(now, stand_ins)
        if one.person
    ]
    return gates.lines(conn, book, alert, taking, people, now)


def _joined(made: Iterable[Decision], alert: int) -> str:
    own = [one for one in made if one.alert == alert and one.verb in _JOINING]
    return own[-1].text if own else ""


def _timeline(
    alert: Alert, incident: Incident | None, rule: Rule | None, now: float
) -> Iterator[Pair]:
    yield Pair("its condition holds since", clock_time(alert.started, now))
    if alert.unseen:
        yield Pair("of which nobody watched", f"{alert.unseen:.0f} s")
    if alert.fired is not None:
        yield Pair("it fired", clock_time(alert.fired, now))
    if incident is not None and incident.acknowledged is not None:
        by = f"{clock_time(incident.acknowledged, now)} by {incident.acknowledged_by}"
        yield Pair("it was acknowledged", by)
    if alert.state == "closed" and incident is not None and incident.resolved is not None:
        at = clock_time(incident.resolved, now)
        by = f"{at}, as {incident.resolved_by} resolved its incident"
        yield Pair("it was closed", by)
    if alert.flapping:
        yield Pair("it comes and goes", "it is flapping, and ends once it has been gone for long")
    if alert.resolved is not None:
        yield Pair("it was over", clock_time(alert.resolved, now))
    elif alert.cleared is not None:
        ends = alert_due(rule, alert) if rule else None
        when = "" if ends is None else f", ends at {clock_time(ends, now)}"
        yield Pair("its condition is gone since", f"{clock_time(alert.cleared, now)}{when}")


def _notes(alert: Alert, made: list[Decision]) -> Iterator[str]:
    if alert.fired is not None and not any(one.verb == "alert_fired" for one in made):
        yield "Decisions of its beginning are older than what is kept."
    if len(made) >= decisions.MOST_OF_AN_ALERT:
        yield f"Only the latest {decisions.MOST_OF_AN_ALERT} decisions are shown."
