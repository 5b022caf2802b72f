"""What happens next, and when, if nothing else happens first."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from sentinel.engine.book import Book
from sentinel.engine.due import alert_due
from sentinel.engine.rests import rest_of
from sentinel.engine.routing import Escalation, Route
from sentinel.engine.rules import Remedy, Rule
from sentinel.engine.stand_ins import StandIns, stand_ins_of
from sentinel.explanation.windows import WindowView
from sentinel.explanation.wording import gate_text, until, who
from sentinel.model.action import Attempt
from sentinel.model.alert import Alert, Incident
from sentinel.model.delivery import Recipient
from sentinel.model.paging import Gate, Held, Paging
from sentinel.model.rest import REST_ENDS, DoNotDisturb
from sentinel.store import overrides, pagings, rests


class Upcoming(Struct, frozen=True, kw_only=True):
    """`what` is a stable word: alert_fires, alert_ends, detector_asked, gate_opens, step, news,
    reminder, all_clear, quiet_hours_over, digest_due, do_not_disturb_over, ack_reminder,
    ack_timeout, outlived, remedy_runs, remedy_overdue or remedy_judged. `at` is None where
    something without a known time has to happen first; `to` are those who will be told."""

    at: float | None
    what: str
    text: str
    to: list[str] = []


class PagingView(Struct, frozen=True, kw_only=True):
    """How far one route has come: whom it has told, what keeps it quiet, and what it does next.

    `step` is the number of the step that is next, from 1, of `steps`; `rounds_left` is how often
    the escalation begins anew after this time.
    """

    route: str
    escalation: str | None
    told: list[str]
    step: int
    steps: int
    rounds_left: int
    gate: Gate | None
    upcoming: list[Upcoming]


def of_alert(rule: Rule, alert: Alert, window: WindowView | None) -> Iterator[Upcoming]:
    if alert.state == "pending":
        text = "it fires, if its condition goes on holding"
        yield Upcoming(at=alert_due(rule, alert), what="alert_fires", text=text)
    elif alert.cleared is not None:
        text = "it ends, unless its condition holds again"
        yield Upcoming(at=alert_due(rule, alert), what="alert_ends", text=text)
    elif alert.state == "closed":
        text = "it was closed, and ends once its condition is gone"
        yield Upcoming(at=None, what="alert_ends", text=text)
    if window is not None and window.recheck is not None and alert.state != "resolved":
        text = f"the detector {rule.detector.type} looks again whether its condition holds"
        yield Upcoming(at=window.recheck, what="detector_asked", text=text)


def of_remedies(alerts: Iterable[Alert], book: Book) -> Iterator[Upcoming]:
    """What is still to come of the actions that rules have run for their alerts."""
    for alert in alerts:
        rule = book.rules.by_name.get(alert.rule)
        if alert.attempt is not None and rule is not None and rule.remedy is not None:
            yield _of_attempt(alert.attempt, rule.remedy)


def _of_attempt(attempt: Attempt, remedy: Remedy) -> Upcoming:
    name = remedy.action
    match attempt.state:
        case "waiting":
            dry = ", as a dry run" if remedy.dry else ""
            text = f"the action {name} runs{dry}, if the alert still fires"
            return Upcoming(at=attempt.due, what="remedy_runs", text=text)
        case "running":
            text = f"the action {name} counts as failed, if nothing was heard of it"
            return Upcoming(at=attempt.due, what="remedy_overdue", text=text)
        case "verifying":
            text = f"it is judged whether the action {name} helped; if not, people are told"
            return Upcoming(at=attempt.due, what="remedy_judged", text=text)


def of_incident(incident: Incident) -> Iterator[Upcoming]:
    if incident.state == "acknowledged":
        by = incident.acknowledged_by
        if incident.ack_remind is not None:
            text = f"{by} is reminded that the acknowledgement is about to run out"
            yield Upcoming(at=incident.ack_remind, what="ack_reminder", text=text)
        if incident.ack_until is not None:
            text = f"the acknowledgement of {by} runs out and the escalation begins anew"
            yield Upcoming(at=incident.ack_until, what="ack_timeout", text=text)
    if incident.outlived is not None:
        text = "what is left of it, now that its cause is over, goes on by itself"
        yield Upcoming(at=incident.outlived, what="outlived", text=text)


def pagings_of(
    conn: sqlite3.Connection, incident: Incident, book: Book, now: float
) -> list[PagingView]:
    """What the routes that tell of an incident have done and will do, in the order of names."""
    routes = {one.name: one for one in _all_of(book.routes)}
    stand_ins = stand_ins_at(conn, book, now)
    dnd = dnd_at(conn, now)
    return [
        _view(one, incident, book, routes, stand_ins, dnd)
        for one in pagings.of_incident(conn, incident.id)
    ]


def stand_ins_at(conn: sqlite3.Connection, book: Book, now: float) -> StandIns:
    """Who is on call by overrides that people have set, from now on."""
    return stand_ins_of(overrides.lasting(conn, now), book.people)


def dnd_at(conn: sqlite3.Connection, now: float) -> Mapping[str, DoNotDisturb]:
    """Who does not want to be disturbed, by name."""
    return {one.person: one for one in rests.lasting(conn, now)}


def _all_of(route: Route) -> Iterator[Route]:
    yield route
    for child in route.routes:
        yield from _all_of(child)


def _view(
    paging: Paging,
    incident: Incident,
    book: Book,
    routes: Mapping[str, Route],
    stand_ins: StandIns,
    dnd: Mapping[str, DoNotDisturb],
) -> PagingView:
    route = routes.get(paging.route)
    escalation = route.escalation if route else None
    return PagingView(
        route=paging.route,
        escalation=escalation.name if escalation else None,
        told=[who(one) for one in paging.told],
        step=paging.step + 1,
        steps=len(escalation.steps) if escalation else 0,
        rounds_left=max(0, escalation.repeat - paging.round) if escalation else 0,
        gate=paging.gate,
        upcoming=in_order(_of_paging(paging, incident, escalation, book, stand_ins, dnd)),
    )


def in_order(found: Iterable[Upcoming]) -> list[Upcoming]:
    """What has no known time comes last."""
    return sorted(found, key=lambda one: float("inf") if one.at is None else one.at)


def _of_paging(
    paging: Paging,
    incident: Incident,
    escalation: Escalation | None,
    book: Book,
    stand_ins: StandIns,
    dnd: Mapping[str, DoNotDisturb],
) -> Iterator[Upcoming]:
    told = [who(one) for one in paging.told]
    if incident.id in paging.over:
        text = "they are told that it is over"
        yield Upcoming(at=paging.over_at, what="all_clear", text=text, to=told)
    for held in paging.held:
        if incident.id in held.incidents:
            text = f"{_ended(held)}: {held.reason} goes out"
            at, to = held.until, [who(held.recipient)]
            yield Upcoming(at=at, what=REST_ENDS[held.rest], text=text, to=to)
    if incident.state != "open" or escalation is None:
        return
    if paging.gate is not None:
        text = f"kept quiet: {paging.gate.text}"
        yield Upcoming(at=paging.gate.until, what="gate_opens", text=text)
    is_news = incident.id in paging.news
    begins = is_news and (paging.anew or paging.step == 0)
    if begins:
        first = _after(paging, paging.flush_at, escalation.steps[0].after)
        yield from _steps(escalation, 0, first, incident, book, stand_ins, dnd)
    elif is_news:
        text = f"the route {paging.route} tells of it, with whatever else is new to the group"
        yield Upcoming(at=_after(paging, paging.flush_at), what="news", text=text, to=told)
    elif paging.step_at is not None:
        due = _after(paging, paging.step_at)
        yield from _steps(escalation, paging.step, due, incident, book, stand_ins, dnd)
    if paging.repeat_at is not None and not begins:
        text = "they are reminded, if it is still open"
        yield Upcoming(at=_after(paging, paging.repeat_at), what="reminder", text=text, to=told)


def _ended(held: Held) -> str:
    person = held.recipient.person
    match held.rest:
        case "quiet_hours":
            return f"the quiet hours of {person} are over"
        case "digest":
            return f"the digest of {person} is due"
        case "do_not_disturb":
            return f"{person} can be disturbed again"


def _after(paging: Paging, at: float | None, wait: float = 0.0) -> float | None:
    """When it is done: what is due behind a closed gate is done when that opens."""
    if at is None:
        return None
    if paging.gate is None:
        return at + wait
    return None if paging.gate.until is None else max(at, paging.gate.until) + wait


def _steps(
    escalation: Escalation,
    first: int,
    at: float | None,
    incident: Incident,
    book: Book,
    stand_ins: StandIns,
    dnd: Mapping[str, DoNotDisturb],
) -> Iterator[Upcoming]:
    """The rest of this round. Whom a step reaches depends on who is on call then."""
    for number, step in list(enumerate(escalation.steps))[first:]:
        if number > first and at is not None:
            at += step.after
        reached = step.reached(at, stand_ins) if at is not None else ()
        text = f"step {number + 1} of {escalation.name}"
        if at is not None:
            text += "" if reached else ", which reaches nobody then"
            text += "".join(_rest_text(one, at, incident, book, dnd) for one in reached)
        yield Upcoming(at=at, what="step", text=text, to=[who(one) for one in reached])


def _rest_text(
    recipient: Recipient,
    at: float,
    incident: Incident,
    book: Book,
    dnd: Mapping[str, DoNotDisturb],
) -> str:
    wait = rest_of(book, dnd, recipient.person or "", incident.severity, at)
    return "" if wait is None else f"; {wait.text}{until(wait.until, at)}"


def gate_of(pagings: list[PagingView], now: float) -> str:
    """What keeps it quiet on every one of its routes; empty where one of them is free."""
    gates = [one.gate for one in pagings]
    closed = [gate for gate in gates if gate is not None]
    return gate_text(closed[0], now) if closed and len(closed) == len(gates) else ""
