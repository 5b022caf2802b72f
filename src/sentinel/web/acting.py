"""Actions as the web asks for them, by pages and by the API."""

from starlette.exceptions import HTTPException

from sentinel.config.model import ActionConfig
from sentinel.model.action import ActionRun
from sentinel.store import action_runs, alerts
from sentinel.store.accounts import User
from sentinel.web import auth
from sentinel.web.services import Services


def find_action(services: Services, name: str) -> ActionConfig:
    """Answers with 404 where there is none of this name."""
    action = services.performer.action(name)
    if action is None:
        raise HTTPException(404, "there is no such action, or it is not configured any more")
    return action


async def ask_for(
    services: Services, name: str, user: User, *, dry: bool, incident: int | None = None
) -> ActionRun:
    """Write down that somebody wants it run, and for which incident; it begins at once. Answers
    with 403 where their role does not allow it, and with 404 where there is no such incident."""
    action = find_action(services, name)
    if not auth.may(user, action.role):
        raise HTTPException(
            403, f"the action {name} takes the role {action.role}, you have {user.role}"
        )
    if incident is not None:
        known = await services.database.read(lambda conn: alerts.get_incident(conn, incident))
        if known is None:
            raise HTTPException(404, "there is no such incident, or it has been forgotten")
    now = services.clock.now()
    number = await services.database.write(
        lambda conn: action_runs.ask(conn, name, user.name, now, dry=dry, incident=incident)
    )
    services.worker.notify()
    run = await services.database.read(lambda conn: action_runs.get(conn, number))
    assert run is not None
    return run
