"""Incidents: the list, and one with its time line and who has it."""

import sqlite3
from typing import get_args

from msgspec import Struct
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.causes import note_fix
from sentinel.explanation import upcoming
from sentinel.explanation.upcoming import Upcoming
from sentinel.intelligence.catalog import Entry
from sentinel.intelligence.report import render_markdown
from sentinel.intelligence.report.model import Background
from sentinel.model.action import ActionRun
from sentinel.model.alert import Alert, Incident, IncidentState
from sentinel.model.decision import Decision
from sentinel.model.delivery import Delivery
from sentinel.model.paging import Gate
from sentinel.model.resolution import Resolution
from sentinel.model.signal import Change
from sentinel.pipeline import Setup
from sentinel.reports import reporter_of
from sentinel.store import (
    action_runs,
    alerts,
    changes,
    decisions,
    deliveries,
    resolutions,
)
from sentinel.web import auth
from sentinel.web.guidance import Guidance, guidance
from sentinel.web.handling import acknowledge
from sentinel.web.pages.home import Open, open_incident
from sentinel.web.report_formats import downloaded
from sentinel.web.visit import Visit, signed_in

STATES: tuple[IncidentState, ...] = get_args(IncidentState)
_A_PAGE = 50
_A_TIMELINE = 200


class IncidentPage(Struct, frozen=True, kw_only=True):
    """`tested` are the tests of the guidance, each with its latest run for this incident.
    `upcoming` is what happens next if nobody acknowledges; `gates` are what keeps it quiet.
    `changes` were made in the hour before it began, the nearest first."""

    open: Open
    entry: Entry | None
    guidance: Guidance
    tested: dict[str, ActionRun | None]
    root: Alert | None
    beside: list[Alert]
    cascades: list[Alert]
    timeline: list[Decision]
    older: int | None
    home: Incident | None
    deliveries: list[Delivery]
    runs: list[ActionRun]
    upcoming: list[Upcoming]
    gates: list[Gate]
    changes: list[Change]
    background: Background
    resolution: Resolution | None


def load(
    conn: sqlite3.Connection, number: int, setup: Setup, now: float, before: int | None = None
) -> IncidentPage | None:
    """`before` is a decision's number: the time line goes on with what came before it."""
    catalog, book, reporter = setup.catalog, setup.book, reporter_of(setup)
    incident = alerts.get_incident(conn, number)
    if incident is None:
        return None
    own = alerts.of_incident(conn, number)
    views = upcoming.pagings_of(conn, incident, book, now)
    due = [one for view in views for one in view.upcoming]
    background = reporter.background(conn, incident, now)
    runs = action_runs.listing(conn, incident=number)
    guided = guidance(conn, incident, own, background.findings, setup)
    # That an alert joined says already that it brought no new message.
    made = decisions.of_incident(conn, number, limit=_A_TIMELINE + 1, before=before, joining=False)
    timeline = made[-_A_TIMELINE:]
    home = alerts.going_on(conn, incident)
    return IncidentPage(
        open=open_incident(conn, incident, catalog),
        entry=catalog.get(incident.code),
        guidance=guided,
        tested={
            name: next((run for run in runs if run.action == name), None) for name in guided.tests
        },
        root=next((alert for alert in own if alert.id == incident.root), None),
        beside=[one for one in own if incident.is_root(one) and one.id != incident.root],
        cascades=[one for one in own if not incident.is_root(one)],
        timeline=timeline,
        older=timeline[0].id if len(made) > len(timeline) else None,
        home=None if home is incident else home,
        deliveries=deliveries.of_incident(conn, number)[::-1],
        runs=runs[::-1],
        upcoming=upcoming.in_order(
            [*due, *upcoming.of_incident(incident), *upcoming.of_remedies(own, book)]
        ),
        gates=[one.gate for one in views if one.gate is not None]
        if incident.state == "open"
        else [],
        changes=changes.before(conn, incident.opened),
        background=background,
        resolution=resolutions.get(conn, number),
    )


async def _list(visit: Visit) -> Response:
    state = next((one for one in STATES if one == visit.query("state")), None)
    before = visit.page_before()
    found: list[Incident] = await visit.read(
        lambda conn: alerts.search_incidents(conn, state=state, limit=_A_PAGE + 1, before=before)
    )
    more = len(found) > _A_PAGE
    return await visit.render(
        "incidents.html",
        incidents=found[:_A_PAGE],
        state=state,
        states=STATES,
        older=found[_A_PAGE - 1].id if more else None,
    )


async def _show(visit: Visit) -> Response:
    number, setup = visit.number("id"), visit.services.setup
    found = await visit.find(
        lambda conn: load(conn, number, setup, visit.now, visit.page_before()), "incident"
    )
    allowed = {
        name for name in found.tested if auth.may(visit.user, visit.config.actions[name].role)
    }
    incident = found.open.incident
    return await visit.render(
        "incident.html",
        page=found,
        incident=incident,
        allowed=allowed,
        people=sorted(
            name
            for name, reached in setup.book.people.items()
            if reached and name != incident.acknowledged_by
        ),
    )


async def _acknowledge(visit: Visit) -> Response:
    number = visit.number("id")
    await acknowledge(visit.services, number, visit.user.name)
    return RedirectResponse(f"/incidents/{number}?done=acknowledged", 303)


async def _fixed(visit: Visit) -> Response:
    number, text = visit.number("id"), visit.form.get("text", "")
    scrubber = visit.services.setup.scrubber
    await visit.find(lambda conn: alerts.get_incident(conn, number), "incident")
    await visit.change(
        "incident explained",
        f"incident {number}",
        lambda conn: note_fix(conn, number, text, visit.user.name, visit.now, scrubber),
    )
    visit.services.live.tell("incidents")
    return RedirectResponse(f"/incidents/{number}?done=explained", 303)


async def _report(visit: Visit) -> Response:
    number, reporter = visit.number("id"), reporter_of(visit.services.setup)
    report = await visit.find(
        lambda conn: reporter.on_incident(conn, number, visit.now), "incident"
    )
    form = visit.query("format")
    if not form:
        return await visit.render(
            "report.html",
            of="incident",
            plural="incidents",
            number=number,
            title=report.incident.title,
            text=render_markdown(report),
        )
    return downloaded(report, form, f"incident-{number}")


routes = [
    Route("/incidents", signed_in(_list)),
    Route("/incidents/{id:number}", signed_in(_show)),
    Route("/incidents/{id:number}/report", signed_in(_report)),
    Route("/incidents/{id:number}/fixed", signed_in(_fixed, "responder"), methods=["POST"]),
    Route(
        "/incidents/{id:number}/acknowledge", signed_in(_acknowledge, "responder"), methods=["POST"]
    ),
]
