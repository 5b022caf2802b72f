"""One error group: what it is, since when, whom it hurts, why, and what to do now."""

import sqlite3
from typing import get_args

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.intelligence.report import DebugReport, render_markdown
from sentinel.model.alert import Alert
from sentinel.model.group import GroupStatus
from sentinel.model.signal import Error
from sentinel.reports import Reporter, reporter_of
from sentinel.store import alerts, events, groups
from sentinel.web.event_view import EventView, view_of
from sentinel.web.report_formats import downloaded
from sentinel.web.visit import Visit, signed_in

_MOST_EVENTS = 10
STATUSES: tuple[GroupStatus, ...] = get_args(GroupStatus)


class ErrorPage(Struct, frozen=True, kw_only=True):
    """`groups_of` leads from a code that is active now to its error group."""

    report: DebugReport
    markdown: str
    view: EventView | None
    older: int | None
    newer: int | None
    latest: bool
    events: list[Error]
    alerts: list[Alert]
    tenants: list[str]
    groups_of: dict[str, int]


def load(
    conn: sqlite3.Connection,
    number: int,
    seq: int | None,
    reporter: Reporter,
    now: float,
) -> ErrorPage | None:
    report = reporter.on_group(conn, number, now)
    if report is None:
        return None
    recent = events.of_group(conn, number, limit=_MOST_EVENTS)
    event = events.get(conn, number, seq) if seq else next(iter(recent), None)
    if seq and event is None:
        return None
    older, newer = events.neighbours(conn, number, event.seq) if event else (None, None)
    return ErrorPage(
        report=report,
        markdown=render_markdown(report),
        view=view_of(event) if event else None,
        older=older,
        newer=newer,
        latest=newer is None,
        events=recent,
        alerts=alerts.of_group(conn, number),
        tenants=groups.tenants_of(conn, number, 12),
        groups_of=_groups_of(conn, report),
    )


def _groups_of(conn: sqlite3.Connection, report: DebugReport) -> dict[str, int]:
    active = [one.code for one in (*report.causes, *report.effects) if one.active or one.direct]
    found = {code: groups.of_code(conn, code, 1) for code in active[:20]}
    return {code: groups_found[0].id for code, groups_found in found.items() if groups_found}


async def _show(visit: Visit) -> Response:
    number, seq = visit.number("id"), visit.request.path_params.get("seq")
    reporter, now = reporter_of(visit.services.setup), visit.now
    found = await visit.find(lambda conn: load(conn, number, seq, reporter, now), "error or event")
    return await visit.render("error.html", page=found, group=found.report.group)


async def _report(visit: Visit) -> Response:
    report = await find_report(visit)
    form = visit.query("format")
    if not form:
        text = render_markdown(report)
        return await visit.render(
            "report.html",
            of="error",
            plural="errors",
            number=report.group.id,
            title=report.group.title,
            text=text,
        )
    return downloaded(report, form, f"error-{report.group.id}")


async def find_report(visit: Visit) -> DebugReport:
    number, reporter = visit.number("id"), reporter_of(visit.services.setup)
    return await visit.find(lambda conn: reporter.on_group(conn, number, visit.now), "error")


async def _set_status(visit: Visit) -> Response:
    number = visit.number("id")
    status = next((one for one in STATUSES if one == visit.form.get("status")), None)
    if status not in ("open", "resolved", "ignored"):
        raise HTTPException(400, "Expected the status open, resolved or ignored.")
    known = await visit.change(
        f"error {status}",
        f"error {number}",
        lambda conn: groups.set_status(conn, number, status),
    )
    if not known:
        raise HTTPException(404, "There is no such error.")
    visit.services.live.tell("errors")
    return RedirectResponse(f"/errors/{number}?done={status}", 303)


routes = [
    Route("/errors/{id:number}", signed_in(_show)),
    Route("/errors/{id:number}/events/{seq:number}", signed_in(_show)),
    Route("/errors/{id:number}/report", signed_in(_report)),
    Route("/errors/{id:number}/status", signed_in(_set_status, "responder"), methods=["POST"]),
]
