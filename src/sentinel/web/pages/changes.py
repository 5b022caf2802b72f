"""Changes: deploys, releases and whatever else was reported, the latest first."""

from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from sentinel.model.signal import Change
from sentinel.store import changes
from sentinel.web.paging import place_of, position
from sentinel.web.visit import Visit, signed_in

USUAL = ("deploy", "release", "config", "flag", "migration")
_A_PAGE = 50


async def _list(visit: Visit) -> Response:
    wanted = {name: visit.query(name) for name in ("text", "kind")}
    before = position(visit.query("before"))
    found: list[Change] = await visit.read(
        lambda conn: changes.search(
            conn, text=wanted["text"], kind=wanted["kind"], before=before, limit=_A_PAGE + 1
        )
    )
    kinds = USUAL if wanted["kind"] in ("", *USUAL) else (*USUAL, wanted["kind"])
    return await visit.render(
        "changes.html",
        changes=found[:_A_PAGE],
        wanted=wanted,
        kinds=kinds,
        older=_older(found, wanted),
    )


def _older(found: list[Change], wanted: dict[str, str]) -> str | None:
    if len(found) <= _A_PAGE:
        return None
    last = found[_A_PAGE - 1]
    query = {name: value for name, value in wanted.items() if value}
    return f"/changes?{urlencode({**query, 'before': place_of(last.at, last.seq)})}"


routes = [Route("/changes", signed_in(_list))]
