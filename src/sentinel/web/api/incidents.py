"""Incidents, alerts, and why they are as they are."""

import sqlite3
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from sentinel.causes import LONGEST, note_fix
from sentinel.explanation import AlertExplanation, Why, explain_alert
from sentinel.intelligence.report import IncidentReport
from sentinel.intelligence.standing import Standing
from sentinel.model.alert import Alert, AlertState, Incident, IncidentState
from sentinel.model.cause import Candidate
from sentinel.model.decision import Decision
from sentinel.model.resolution import Resolution, Similar, Tried
from sentinel.model.signal import Change
from sentinel.reports import reporter_of
from sentinel.store import alerts, changes, decisions, resolutions
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit, ReportQuery
from sentinel.web.guidance import guidance
from sentinel.web.handling import acknowledge
from sentinel.web.report_formats import FORMATS, written


class IncidentQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: IncidentState | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class DecisionQuery(Struct, frozen=True, forbid_unknown_fields=True):
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="Decisions on a page.")] = 500


class AlertQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: AlertState | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class IncidentDetail(Struct, frozen=True):
    """`changes` were made in the hour before it began, the nearest first. `standing` says of its
    root what it broke, `candidates` are its probable causes, the likeliest first, `similar` are
    incidents of the past, the most similar first, `tried` is what fixed more than one of them, and
    `resolution` is what fixed it. `steps` are what to do, the first one first; `tests` are the
    names of actions that would show that it is mended."""

    incident: Incident
    alerts: list[Alert]
    changes: list[Change]
    url: str
    standing: Standing | None
    candidates: tuple[Candidate, ...]
    similar: tuple[Similar, ...]
    tried: tuple[Tried, ...]
    resolution: Resolution | None
    steps: list[str]
    tests: tuple[str, ...]


class FixBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An empty text takes back what was said."""

    text: Annotated[str, Meta(max_length=LONGEST, description="What fixed it, in a sentence.")]


class At(Struct, frozen=True, forbid_unknown_fields=True):
    at: Annotated[
        float | None, Meta(description="How it was at this time, in seconds since 1970 UTC.")
    ] = None


class AlertDetail(Alert, frozen=True, kw_only=True):
    why: Why
    explanation: AlertExplanation
    standing: Standing | None


async def _incidents(call: Call) -> Listing[Incident]:
    query: IncidentQuery = call.query
    before = number_after(query.cursor)
    found = await call.read(
        lambda conn: alerts.search_incidents(
            conn, state=query.state, limit=query.limit + 1, before=before
        )
    )
    return page_of(found, query.limit, lambda incident: str(incident.id))


async def _incident(call: Call) -> IncidentDetail:
    number = call.number
    incident = await call.find(lambda conn: alerts.get_incident(conn, number), "incident")
    reporter, now = reporter_of(call.services.setup), call.now

    def read(conn: sqlite3.Connection) -> IncidentDetail:
        own = alerts.of_incident(conn, number)
        background = reporter.background(conn, incident, now)
        guided = guidance(conn, incident, own, background.findings, call.services.setup)
        return IncidentDetail(
            incident,
            own,
            changes.before(conn, incident.opened),
            f"{call.config.public_url}/incidents/{number}",
            background.standing,
            background.findings.candidates,
            background.findings.similar,
            background.findings.tried,
            resolutions.get(conn, number),
            guided.steps,
            guided.tests,
        )

    return await call.read(read)


async def _report(call: Call) -> Any:
    number, reporter, now = call.number, reporter_of(call.services.setup), call.now
    report = await call.find(lambda conn: reporter.on_incident(conn, number, now), "incident")
    return written(report, call.query.format)


async def _fixed(call: Call) -> Resolution | None:
    number, text, now = call.number, call.body.text, call.now
    scrubber = call.services.setup.scrubber
    await call.find(lambda conn: alerts.get_incident(conn, number), "incident")
    found = await call.change(
        "incident explained",
        f"incident {number}",
        lambda conn: note_fix(conn, number, text, call.user.name, now, scrubber),
    )
    call.services.live.tell("incidents")
    return found


async def _of_incident(call: Call) -> Listing[Decision]:
    number = call.number
    query: DecisionQuery = call.query
    before = number_after(query.cursor)
    await call.find(lambda conn: alerts.get_incident(conn, number), "incident")
    found = await call.read(
        lambda conn: decisions.of_incident(conn, number, limit=query.limit + 1, before=before)
    )
    items = found[-query.limit :]
    return Listing(items, str(items[0].id) if len(found) > len(items) else None)


async def _acknowledge(call: Call) -> Incident:
    return await acknowledge(call.services, call.number, call.user.name, "by the API")


async def _alerts(call: Call) -> Listing[Alert]:
    query: AlertQuery = call.query
    before = number_after(query.cursor)
    found = await call.read(
        lambda conn: alerts.search(conn, state=query.state, limit=query.limit + 1, before=before)
    )
    return page_of(found, query.limit, lambda alert: str(alert.id))


async def _alert(call: Call) -> AlertDetail:
    number, book, now, at = call.number, call.services.setup.book, call.now, call.query.at
    found = await call.find(lambda conn: explain_alert(conn, number, book, now, at), "alert")
    standing = None
    if (incident := found.incident) is not None:
        reporter = reporter_of(call.services.setup)
        background = await call.read(
            lambda conn: reporter.background(conn, incident, now, found.alert)
        )
        standing = background.standing
    return AlertDetail(**asdict(found.alert), why=found.why, explanation=found, standing=standing)


async def _of_alert(call: Call) -> Listing[Decision]:
    number = call.number
    await call.find(lambda conn: alerts.get(conn, number), "alert")
    return Listing(await call.read(lambda conn: decisions.of_alert(conn, number)))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/incidents",
        summary="Incidents, newest first",
        handler=_incidents,
        query=IncidentQuery,
        reply=Listing[Incident],
    ),
    Endpoint(
        method="GET",
        path="/incidents/{id:number}",
        summary="One incident with its alerts, its probable causes and similar ones before",
        handler=_incident,
        reply=IncidentDetail,
    ),
    Endpoint(
        method="GET",
        path="/incidents/{id:number}/decisions",
        summary="What was and was not done about it, and why, oldest first; of many the latest, "
        "and by the cursor what came before",
        handler=_of_incident,
        query=DecisionQuery,
        reply=Listing[Decision],
    ),
    Endpoint(
        method="GET",
        path="/incidents/{id:number}/report",
        summary="The debug report on it",
        handler=_report,
        query=ReportQuery,
        reply=IncidentReport,
        raw=tuple(form.type.partition(";")[0] for form in FORMATS.values()),
    ),
    Endpoint(
        method="PUT",
        path="/incidents/{id:number}/resolution",
        summary="Say what fixed it, once it is over",
        handler=_fixed,
        body=FixBody,
        reply=Resolution | None,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/incidents/{id:number}/acknowledge",
        summary="Take it: no further steps or reminders go out",
        handler=_acknowledge,
        reply=Incident,
        role="responder",
    ),
    Endpoint(
        method="GET",
        path="/alerts",
        summary="Alerts, newest first",
        handler=_alerts,
        query=AlertQuery,
        reply=Listing[Alert],
    ),
    Endpoint(
        method="GET",
        path="/alerts/{id:number}",
        summary="One alert: why it fired, who hears of it and what happens next",
        handler=_alert,
        query=At,
        reply=AlertDetail,
    ),
    Endpoint(
        method="GET",
        path="/alerts/{id:number}/decisions",
        summary="Why it fired, and whom it did or did not page, oldest first",
        handler=_of_alert,
        reply=Listing[Decision],
    ),
)
