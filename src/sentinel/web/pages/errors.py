"""The list of error groups, and the codes that need a catalog entry."""

from typing import get_args
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from sentinel.model.group import Group, GroupStatus
from sentinel.store import codes, groups, projects
from sentinel.web.paging import mark_of, position
from sentinel.web.visit import Visit, signed_in

STATUSES: tuple[GroupStatus, ...] = get_args(GroupStatus)
_A_PAGE = 50


async def _list(visit: Visit) -> Response:
    wanted = {name: visit.query(name) for name in ("text", "status", "project", "code")}
    status = next((one for one in STATUSES if one == wanted["status"]), None)
    before, before_id = position(visit.query("before")) or (None, 0)
    found, known, uncatalogued = await visit.read(
        lambda conn: (
            groups.search(
                conn,
                text=wanted["text"],
                status=status,
                project=wanted["project"] or None,
                code=wanted["code"] or None,
                limit=_A_PAGE + 1,
                before=before,
                before_id=before_id,
            ),
            projects.all_of(conn),
            codes.uncatalogued(conn, 100),
        )
    )
    return await visit.render(
        "errors.html",
        groups=found[:_A_PAGE],
        wanted=wanted,
        statuses=STATUSES,
        projects=[project.name for project in known],
        uncatalogued=len(uncatalogued),
        older=_older(found, wanted),
        later=before is not None,
    )


async def _codes(visit: Visit) -> Response:
    found = await visit.read(codes.uncatalogued)
    return await visit.render("codes.html", codes=found)


def _older(found: list[Group], wanted: dict[str, str]) -> str | None:
    if len(found) <= _A_PAGE:
        return None
    query = {name: value for name, value in wanted.items() if value}
    return f"/errors?{urlencode({**query, 'before': mark_of(found[_A_PAGE - 1])})}"


routes = [
    Route("/errors", signed_in(_list)),
    Route("/errors/codes", signed_in(_codes)),
]
