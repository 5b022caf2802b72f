"""Alerts: the list, and why one of them fired and whom it did or did not page."""

import sqlite3
from typing import get_args

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from sentinel.intelligence.catalog import Entry
from sentinel.model.alert import Alert, AlertState, Incident
from sentinel.model.decision import Decision
from sentinel.model.group import Group
from sentinel.pipeline import Setup
from sentinel.store import alerts, decisions, groups
from sentinel.web.visit import Visit, signed_in
from sentinel.why import Why, why

STATES: tuple[AlertState, ...] = get_args(AlertState)
_A_PAGE = 50


class AlertPage(Struct, frozen=True, kw_only=True):
    alert: Alert
    incident: Incident | None
    group: Group | None
    entry: Entry | None
    decisions: list[Decision]
    why: Why


def load(conn: sqlite3.Connection, number: int, setup: Setup) -> AlertPage | None:
    alert = alerts.get(conn, number)
    if alert is None:
        return None
    return AlertPage(
        alert=alert,
        incident=alerts.get_incident(conn, alert.incident) if alert.incident else None,
        group=groups.get(conn, alert.group) if alert.group else None,
        entry=setup.catalog.get(alert.code),
        decisions=decisions.of_alert(conn, number),
        why=why(conn, alert, setup.book),
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
    found = await visit.find(lambda conn: load(conn, number, setup), "alert")
    rule = next((rule for rule in visit.config.rules if rule.name == found.alert.rule), None)
    return await visit.render("alert.html", page=found, alert=found.alert, rule=rule)


routes = [
    Route("/alerts", signed_in(_list)),
    Route("/alerts/{id:number}", signed_in(_show)),
]
