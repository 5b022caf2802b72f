"""What people do about an incident on its page, beside taking it."""

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.engine.commands import Assign, Escalate, Handling, Note, Release, Resolve
from sentinel.web.handling import handle
from sentinel.web.visit import Visit, signed_in


async def _release(visit: Visit) -> Response:
    return await _do(visit, Release(visit.number("id"), visit.user.name, visit.now), "released")


async def _assign(visit: Visit) -> Response:
    to = visit.form.get("to", "")
    return await _do(visit, Assign(visit.number("id"), to, visit.user.name, visit.now), "assigned")


async def _escalate(visit: Visit) -> Response:
    return await _do(visit, Escalate(visit.number("id"), visit.user.name, visit.now), "escalated")


async def _resolve(visit: Visit) -> Response:
    command = Resolve(visit.number("id"), visit.user.name, visit.now)
    return await _do(visit, command, "incident-resolved")


async def _note(visit: Visit) -> Response:
    text = visit.form.get("text", "")
    return await _do(visit, Note(visit.number("id"), visit.user.name, text, visit.now), "noted")


async def _do(visit: Visit, command: Handling, done: str) -> Response:
    await handle(visit.services, command)
    return RedirectResponse(f"/incidents/{command.incident}?done={done}", 303)


routes = [
    Route(f"/incidents/{{id:number}}/{name}", signed_in(handler, "responder"), methods=["POST"])
    for name, handler in (
        ("release", _release),
        ("assign", _assign),
        ("escalate", _escalate),
        ("resolve", _resolve),
        ("notes", _note),
    )
]
