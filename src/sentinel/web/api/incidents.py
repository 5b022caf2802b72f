"""Incidents, alerts, and why they are as they are."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import asdict

from sentinel.explanation import AlertExplanation, Why, explain_alert
from sentinel.model.alert import Alert, AlertState, Incident, IncidentState
from sentinel.model.decision import Decision
from sentinel.store import alerts, audit, decisions
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit


class IncidentQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: IncidentState | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class AlertQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: AlertState | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class IncidentDetail(Struct, frozen=True):
    incident: Incident
    alerts: list[Alert]
    url: str


class At(Struct, frozen=True, forbid_unknown_fields=True):
    at: Annotated[
        float | None, Meta(description="How it was at this time, in seconds since 1970 UTC.")
    ] = None


class AlertDetail(Alert, frozen=True, kw_only=True):
    why: Why
    explanation: AlertExplanation


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
    own = await call.read(lambda conn: alerts.of_incident(conn, number))
    return IncidentDetail(incident, own, f"{call.config.public_url}/incidents/{number}")


async def _of_incident(call: Call) -> Listing[Decision]:
    number = call.number
    await call.find(lambda conn: alerts.get_incident(conn, number), "incident")
    return Listing(await call.read(lambda conn: decisions.of_incident(conn, number)))


async def _acknowledge(call: Call) -> Incident:
    number, now = call.number, call.now
    await call.find(lambda conn: alerts.get_incident(conn, number), "incident")
    await call.services.pipeline.acknowledge(number, call.user.name)
    await call.services.database.write(
        lambda conn: audit.note(
            conn, now, call.user.name, "incident acknowledged", f"incident {number}", "by the API"
        )
    )
    return await call.find(lambda conn: alerts.get_incident(conn, number), "incident")


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
    return AlertDetail(**asdict(found.alert), why=found.why, explanation=found)


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
        summary="One incident with its alerts",
        handler=_incident,
        reply=IncidentDetail,
    ),
    Endpoint(
        method="GET",
        path="/incidents/{id:number}/decisions",
        summary="What was and was not done about it, and why, oldest first",
        handler=_of_incident,
        reply=Listing[Decision],
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
