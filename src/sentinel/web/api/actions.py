"""Actions: what may be run, running it, and what came of it."""

from typing import Annotated

from msgspec import Meta, Struct

from sentinel.errors import SentinelError
from sentinel.model.action import ActionRun
from sentinel.store import action_runs
from sentinel.store.accounts import Role
from sentinel.web.acting import ask_for
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit

Number = Annotated[int, Meta(ge=1, lt=10**18)]


class ActionDetail(Struct, frozen=True, kw_only=True):
    """`description` is what a run would do, `last` the latest run. `cooldown` is in seconds."""

    name: str
    type: str
    description: str
    changes: bool
    role: Role
    allow_rules: bool
    cooldown: float
    last: ActionRun | None


class RunBody(Struct, frozen=True, forbid_unknown_fields=True):
    dry_run: bool = False
    incident: Annotated[
        Number | None, Meta(description="The incident for the sake of which it is run.")
    ] = None


class RunQuery(Struct, frozen=True, forbid_unknown_fields=True):
    action: str | None = None
    incident: Number | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


async def _list(call: Call) -> list[ActionDetail]:
    last = await call.read(action_runs.latest)
    return [
        ActionDetail(
            name=one.name,
            type=one.type,
            description=_description(call, one.name),
            changes=one.changes,
            role=one.role,
            allow_rules=one.allow_rules,
            cooldown=one.cooldown,
            last=last.get(one.name),
        )
        for one in call.config.actions.values()
    ]


def _description(call: Call, name: str) -> str:
    try:
        return call.services.performer.describe(name, call.user.name)
    except SentinelError as error:
        return str(error)


async def _run(call: Call) -> ActionRun:
    body: RunBody = call.body
    name: str = call.request.path_params["name"]
    return await ask_for(call.services, name, call.user, dry=body.dry_run, incident=body.incident)


async def _runs(call: Call) -> Listing[ActionRun]:
    query: RunQuery = call.query
    before = number_after(query.cursor)
    found = await call.read(
        lambda conn: action_runs.listing(
            conn,
            action=query.action,
            incident=query.incident,
            before=before,
            limit=query.limit + 1,
        )
    )
    return page_of(found, query.limit, lambda run: str(run.id))


async def _get_run(call: Call) -> ActionRun:
    number = call.number
    return await call.find(lambda conn: action_runs.get(conn, number), "run")


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/actions",
        summary="What may be run: tests and repairs",
        handler=_list,
        reply=list[ActionDetail],
    ),
    Endpoint(
        method="POST",
        path="/actions/{name}/run",
        summary="Run an action; the answer is the run, which has then not ended yet",
        handler=_run,
        body=RunBody,
        reply=ActionRun,
        role="responder",
        status=202,
    ),
    Endpoint(
        method="GET",
        path="/action-runs",
        summary="Runs, newest first",
        handler=_runs,
        query=RunQuery,
        reply=Listing[ActionRun],
    ),
    Endpoint(
        method="GET",
        path="/action-runs/{id:number}",
        summary="One run, and what came of it",
        handler=_get_run,
        reply=ActionRun,
    ),
)
