"""What people do about an incident, as the web asks for it: committed first, then noted in the
audit trail."""

from starlette.exceptions import HTTPException

from sentinel.engine.commands import Assign, Escalate, Handling, Note, Release, Resolve
from sentinel.engine.objections import objection
from sentinel.errors import Invalid
from sentinel.model.alert import Incident
from sentinel.store import alerts, audit
from sentinel.web.services import Services

_DONE: dict[type[Handling], str] = {
    Release: "incident released",
    Assign: "incident assigned",
    Escalate: "incident escalated",
    Resolve: "incident resolved",
    Note: "incident noted",
}


async def handle(services: Services, command: Handling, how: str = "") -> Incident:
    """Returns the incident as it is then. Answers with 404 where there is none; raises Invalid
    where that can't be done."""
    number, now = command.incident, services.clock.now()
    before = await _find(services, number)
    refused = objection(command, before, services.setup.book.people)
    if refused is not None:
        raise Invalid(f"incident {number}: {refused.text}")
    await services.pipeline.command(command)
    action, detail = _DONE[type(command)], how
    if isinstance(command, Assign):
        detail = ", ".join(filter(None, (f"to {command.to}", how)))
    await services.database.write(
        lambda conn: audit.note(conn, now, command.by, action, f"incident {number}", detail)
    )
    return await _find(services, number)


async def _find(services: Services, number: int) -> Incident:
    found = await services.database.read(lambda conn: alerts.get_incident(conn, number))
    if found is None:
        raise HTTPException(404, "there is no such incident")
    return found
