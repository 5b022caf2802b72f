"""Alerts: the list, and why one of them fired and whom it did or did not page."""

import sqlite3
from typing import get_args

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from sentinel.explanation import AlertExplanation, explain_alert
from sentinel.intelligence.catalog import Entry
from sentinel.intelligence.report.model import Background
from sentinel.model.alert import Alert, AlertState
from sentinel.model.group import Group
from sentinel.pipeline import Setup
from sentinel.reports import reporter_of
from sentinel.store import alerts, groups
from sentinel.web.visit import Visit, signed_in

STATES: tuple[AlertState, ...] = get_args(AlertState)
_A_PAGE = 50


class AlertPage(Struct, frozen=True, kw_only=True):
    """`background` is what stands behind its incident; None while it has none."""

    group: Group | None
    entry: Entry | None
    background: Background | None
    explanation: AlertExplanation


def load(conn: sqlite3.Connection, number: int, setup: Setup, now: float) -> AlertPage | None:
    found = explain_alert(conn, number, setup.book, now)
    if found is None:
        return None
    alert, incident = found.alert, found.incident
    reporter = reporter_of(setup)
    return AlertPage(
        background=reporter.background(conn, incident, now, alert) if incident else None,
        group=groups.get(conn, alert.group) if alert.group else None,
        entry=setup.catalog.get(alert.code),
        explanation=found,
    )


async def _list(visit: Visit) -> Response:
    state = next((one for one in STATES if one == visit.query("state")), None)
    before = visit.page_before()
    found: list[Alert] = await visit.read(
        lambda conn: alerts.search(conn, state=state, limit=_A_PAGE + 1, before=before)
    )
    more = len(found) > _A_PAGE
    return await visit.render(
        "alerts.html",
        alerts=found[:_A_PAGE],
        state=state,
        states=STATES,
        older=found[_A_PAGE - 1].id if more else None,
    )


async def _show(visit: Visit) -> Response:
    number, setup = visit.number("id"), visit.services.setup
    found = await visit.find(lambda conn: load(conn, number, setup, visit.now), "alert")
    explained = found.explanation
    return await visit.render("alert.html", page=found, alert=explained.alert, why=explained)


routes = [
    Route("/alerts", signed_in(_list)),
    Route("/alerts/{id:number}", signed_in(_show)),
]
