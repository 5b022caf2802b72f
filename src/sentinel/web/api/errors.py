"""Error groups, their events, and the codes that need a catalog entry."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from sentinel.intelligence.impact import GroupImpact, impact_of
from sentinel.intelligence.report import DebugReport
from sentinel.intelligence.standing import Standing
from sentinel.model.alert import Alert
from sentinel.model.cause import Candidate
from sentinel.model.group import Group, GroupStatus
from sentinel.model.signal import Error
from sentinel.reports import reporter_of
from sentinel.store import alerts, codes, events, groups
from sentinel.store.codes import Code
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.paging import mark_of, position
from sentinel.web.report_formats import FORMATS, written

Limit = Annotated[int, Meta(ge=1, le=200, description="Items on a page.")]
Cursor = Annotated[str, Meta(max_length=100, description="The `next` of the page before.")]


class ErrorQuery(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=300, description="In title, culprit or code.")] = ""
    status: GroupStatus | None = None
    project: str | None = None
    code: str | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class PageQuery(Struct, frozen=True, forbid_unknown_fields=True):
    cursor: Cursor | None = None
    limit: Limit = 50


class ReportQuery(Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["markdown", "text", "json"] = "markdown"


class ErrorDetail(Struct, frozen=True):
    """`latest` is the newest event, None once retention has removed all of them. `standing` and
    `candidates` are of its latest incident: whether it is root or cascade, and what caused it."""

    group: Group
    impact: GroupImpact
    latest: Error | None
    alerts: list[Alert]
    tenants: list[str]
    url: str
    standing: Standing | None
    candidates: tuple[Candidate, ...]


class StatusBody(Struct, frozen=True, forbid_unknown_fields=True):
    status: Literal["open", "resolved", "ignored"]


async def _list(call: Call) -> Listing[Group]:
    query: ErrorQuery = call.query
    before, before_id = _position(query.cursor)
    found = await call.read(
        lambda conn: groups.search(
            conn,
            text=query.text,
            status=query.status,
            project=query.project,
            code=query.code,
            limit=query.limit + 1,
            before=before,
            before_id=before_id,
        )
    )
    return page_of(found, query.limit, mark_of)


def _position(cursor: str | None) -> tuple[float | None, int]:
    if cursor is None:
        return None, 0
    found = position(cursor)
    if found is None:
        raise HTTPException(400, "cursor: expected the `next` of the page before")
    return found


async def _get(call: Call) -> ErrorDetail:
    number, catalog = call.number, call.services.setup.catalog
    group = await call.find(lambda conn: groups.get(conn, number), "error")
    reporter, now = reporter_of(call.services.setup), call.now
    latest, own, tenants, (_, background) = await call.read(
        lambda conn: (
            events.of_group(conn, number, limit=1),
            alerts.of_group(conn, number),
            groups.tenants_of(conn, number),
            reporter.behind_group(conn, number, now),
        )
    )
    return ErrorDetail(
        group,
        impact_of(group, catalog.get(group.code)),
        latest[0] if latest else None,
        own,
        tenants,
        f"{call.config.public_url}/errors/{number}",
        background.standing,
        background.findings.candidates,
    )


async def _events(call: Call) -> Listing[Error]:
    number, limit = call.number, call.query.limit
    before = number_after(call.query.cursor)
    await call.find(lambda conn: groups.get(conn, number), "error")
    found = await call.read(
        lambda conn: events.of_group(conn, number, before=before, limit=limit + 1)
    )
    return page_of(found, limit, lambda event: str(event.seq))


async def _event(call: Call) -> Error:
    number, seq = call.number, call.request.path_params["seq"]
    return await call.find(lambda conn: events.get(conn, number, seq), "event of this error")


async def _set_status(call: Call) -> Group:
    number, status = call.number, call.body.status
    known = await call.change(
        f"error {status}", f"error {number}", lambda conn: groups.set_status(conn, number, status)
    )
    if not known:
        raise HTTPException(404, "there is no such error")
    call.services.live.tell("errors")
    return await call.find(lambda conn: groups.get(conn, number), "error")


async def _report(call: Call) -> Any:
    number, reporter, now = call.number, reporter_of(call.services.setup), call.now
    report = await call.find(lambda conn: reporter.on_group(conn, number, now), "error")
    return written(report, call.query.format)


async def _codes(call: Call) -> Listing[Code]:
    return Listing(await call.read(lambda conn: codes.uncatalogued(conn, 200)))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/errors",
        summary="Error groups, latest seen first",
        handler=_list,
        query=ErrorQuery,
        reply=Listing[Group],
    ),
    Endpoint(
        method="GET",
        path="/errors/{id:number}",
        summary="One error group with its impact, its newest event and its alerts",
        handler=_get,
        reply=ErrorDetail,
    ),
    Endpoint(
        method="GET",
        path="/errors/{id:number}/events",
        summary="Its events, newest first",
        handler=_events,
        query=PageQuery,
        reply=Listing[Error],
    ),
    Endpoint(
        method="GET",
        path="/errors/{id:number}/events/{seq:number}",
        summary="One event",
        handler=_event,
        reply=Error,
    ),
    Endpoint(
        method="POST",
        path="/errors/{id:number}/status",
        summary="Resolve, ignore or reopen it",
        handler=_set_status,
        body=StatusBody,
        reply=Group,
        role="responder",
    ),
    Endpoint(
        method="GET",
        path="/errors/{id:number}/report",
        summary="The debug report",
        handler=_report,
        query=ReportQuery,
        reply=DebugReport,
        raw=tuple(form.type.partition(";")[0] for form in FORMATS.values()),
    ),
    Endpoint(
        method="GET",
        path="/codes",
        summary="Codes that need a catalog entry, most frequent first",
        handler=_codes,
        reply=Listing[Code],
    ),
)
