"""Escalations, drawn as they will run: who is paged on Sunday at three in the morning?"""

import asyncio
from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from sentinel.errors import Invalid
from sentinel.on_call import Ladder, roster_of
from sentinel.on_call.asking import SEVERITIES, answer, case_of
from sentinel.on_call.drawing import drawing_of
from sentinel.on_call.trial import Line, Trial
from sentinel.store import overrides
from sentinel.web.visit import Visit, signed_in

_LONGEST_LABELS = 2_000


class Moment(Struct, frozen=True):
    """What happens at one time for one reason."""

    what: str
    lines: list[Line]


def moments_of(trial: Trial) -> list[Moment]:
    same = groupby(trial.lines, lambda one: (one.at, _what(one)))
    return [Moment(what, list(lines)) for (_, what), lines in same]


def _what(line: Line) -> str:
    match line.kind:
        case "told" if line.step is not None:
            return f"step {line.step}" + (f", round {line.round}" if line.round > 1 else "")
        case "told":
            return "reminder" if line.reason == "reminder" else "after the wait"
        case "waits" | "nobody":
            return line.kind
        case "no_route":
            return "nobody"
    return line.kind.replace("_", " ")


class Draft(Struct, frozen=True):
    """The form as it is filled in; the time by the clocks of the installation's zone."""

    at: str
    severity: str = "critical"
    labels: str = ""
    route: str = ""


async def _all(visit: Visit) -> Response:
    return await _page(visit, None)


async def _one(visit: Visit) -> Response:
    name: str = visit.request.path_params["name"]
    if name not in visit.config.escalations:
        raise HTTPException(404, "There is no such escalation; it may have been renamed.")
    return await _page(visit, name)


async def _page(visit: Visit, name: str | None) -> Response:
    config, zone = visit.config, visit.config.timezone
    lasting = await visit.read(lambda conn: overrides.lasting(conn, visit.now))
    roster = await asyncio.to_thread(roster_of, config, visit.now, lasting)
    ladders = [one for one in roster.escalations if name in (None, one.escalation)]
    draft = _draft(visit, zone, ladders[0] if name else None)
    trial, refusal = None, ""
    try:
        trial = await _tried(visit, draft, zone, alone=name is not None)
    except Invalid as error:
        refusal = str(error)
    return await visit.render(
        "escalations.html",
        status=422 if refusal else 200,
        name=name,
        ladders=ladders,
        draft=draft,
        severities=SEVERITIES,
        trial=trial,
        drawing=drawing_of(trial) if trial else None,
        moments=moments_of(trial) if trial else [],
        refusal=refusal,
        zone=zone,
        same=urlencode({"at": draft.at, "severity": draft.severity}),
    )


def _draft(visit: Visit, zone: ZoneInfo, ladder: Ladder | None) -> Draft:
    now = f"{datetime.fromtimestamp(visit.now, zone):%Y-%m-%dT%H:%M}"
    routes = ladder.routes if ladder else []
    asked = visit.query("route")
    return Draft(
        at=visit.query("at") or now,
        severity=visit.query("severity") or "critical",
        labels=visit.request.query_params.get("labels", "")[:_LONGEST_LABELS],
        route=asked if asked in routes else (routes[0] if routes else ""),
    )


async def _tried(visit: Visit, draft: Draft, zone: ZoneInfo, *, alone: bool) -> Trial | None:
    """None for an escalation that no route uses."""
    if alone and not draft.route:
        return None
    case = case_of(
        at=draft.at,
        severity=draft.severity,
        labels=draft.labels.splitlines(),
        route=draft.route if alone else None,
        zone=zone,
        now=visit.now,
    )
    book = visit.services.setup.book
    return await visit.read(lambda conn: answer(conn, book, case, visit.now))


routes = [
    Route("/escalations", signed_in(_all)),
    Route("/escalations/{name}", signed_in(_one)),
]
