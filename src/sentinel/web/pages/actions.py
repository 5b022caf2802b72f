"""Actions: what may be run, what exactly that does, and what came of it."""

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.errors import SentinelError
from sentinel.store import action_runs
from sentinel.web import auth
from sentinel.web.acting import ask_for, find_action
from sentinel.web.numbers import number_in
from sentinel.web.visit import Visit, signed_in

_LATEST = 20


async def _list(visit: Visit) -> Response:
    last, latest = await visit.read(
        lambda conn: (action_runs.latest(conn), action_runs.listing(conn, limit=_LATEST))
    )
    actions = list(visit.config.actions.values())
    return await visit.render(
        "actions.html",
        repairs=[one for one in actions if not one.name.startswith("test:")],
        tests=[one for one in actions if one.name.startswith("test:")],
        last=last,
        latest=latest,
        allowed={one.name for one in actions if auth.may(visit.user, one.role)},
    )


async def _show(visit: Visit) -> Response:
    """Says what a run will do before it is asked for."""
    action = find_action(visit.services, visit.request.path_params["name"])
    try:
        description, described = (
            visit.services.performer.describe(action.name, visit.user.name),
            True,
        )
    except SentinelError as error:
        description, described = str(error), False
    runs = await visit.read(
        lambda conn: action_runs.listing(conn, action=action.name, limit=_LATEST)
    )
    return await visit.render(
        "action.html",
        action=action,
        description=description,
        runs=runs,
        incident=number_in(visit.query("incident")),
        may_run=described and auth.may(visit.user, action.role),
    )


async def _run(visit: Visit) -> Response:
    name, dry = visit.request.path_params["name"], visit.form.get("dry") == "yes"
    action = find_action(visit.services, name)
    incident = number_in(visit.form.get("incident", ""))
    if action.changes and not dry and visit.form.get("confirmed") != "yes":
        query = "" if incident is None else f"?incident={incident}"
        return RedirectResponse(f"/actions/{quote(name, safe=':')}{query}", 303)
    run = await ask_for(visit.services, name, visit.user, dry=dry, incident=incident)
    if visit.form.get("back") == "incident" and incident is not None:
        return RedirectResponse(f"/incidents/{incident}?done=asked", 303)
    return RedirectResponse(f"/action-runs/{run.id}?done=asked", 303)


async def _show_run(visit: Visit) -> Response:
    number = visit.number("id")
    run = await visit.find(lambda conn: action_runs.get(conn, number), "run")
    return await visit.render("action_run.html", run=run)


routes = [
    Route("/actions", signed_in(_list)),
    Route("/actions/{name}", signed_in(_show)),
    Route("/actions/{name}/run", signed_in(_run, "responder"), methods=["POST"]),
    Route("/action-runs/{id:number}", signed_in(_show_run)),
]
