"""What people do about an incident, as the web asks for it, each with its entry in the audit
trail."""

import sqlite3

from starlette.exceptions import HTTPException

from sentinel.engine.commands import Assign, Escalate, Handling, Note, Release, Resolve
from sentinel.engine.objections import objection, over
from sentinel.errors import Invalid
from sentinel.model.alert import Incident
from sentinel.store import alerts
from sentinel.store.audit import Noted
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
    number = command.incident
    before = await _find(services, number)
    refused = objection(command, before, services.setup.book.people)
    if refused is not None:
        raise Invalid(f"incident {number}: {refused.text}")
    action, detail = _DONE[type(command)], how
    if isinstance(command, Assign):
        detail = ", ".join(filter(None, (f"to {command.to}", how)))
    noted = Noted(command.by, action, f"incident {number}", detail)
    await services.pipeline.command(command, noting=lambda _: noted)
    return await _find(services, number)


async def acknowledge(services: Services, number: int, by: str, how: str = "") -> Incident:
    """Returns the incident as it is then. Answers with 404 where there is none; raises Invalid
    where somebody else has it, or it is over."""
    await _find(services, number)

    def noting(conn: sqlite3.Connection) -> Noted | None:
        found = alerts.get_incident(conn, number)
        if found is None or not _has(by, found):
            return None
        return Noted(by, "incident acknowledged", f"incident {number}", how)

    await services.pipeline.acknowledge(number, by, noting)
    found = await _find(services, number)
    if found.state == "resolved":
        raise Invalid(f"incident {number} can't be taken: {over(found)}")
    # Where nobody has it, it was given back again meanwhile.
    if found.acknowledged_by not in (by, None):
        raise Invalid(f"incident {number} can't be taken: {found.acknowledged_by} has it")
    return found


def _has(by: str, incident: Incident) -> bool:
    return incident.state == "acknowledged" and incident.acknowledged_by == by


async def _find(services: Services, number: int) -> Incident:
    found = await services.database.read(lambda conn: alerts.get_incident(conn, number))
    if found is None:
        raise HTTPException(404, "there is no such incident")
    return found
