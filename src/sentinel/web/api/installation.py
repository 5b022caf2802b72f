"""Projects, plugins, API tokens and the audit trail."""

from typing import Annotated

from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from sentinel.plugins import PluginInfo
from sentinel.store import accounts, audit, projects
from sentinel.store.accounts import ApiToken
from sentinel.store.audit import AuditEntry
from sentinel.store.projects import Project
from sentinel.web import auth
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import PageQuery


class ProjectDetail(Struct, frozen=True):
    """`dsn` is what a Sentry SDK is given."""

    id: int
    name: str
    dsn: str


class NameBody(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100)]


class NewToken(Struct, frozen=True):
    """`token` is shown this once."""

    name: str
    token: str


class Removed(Struct, frozen=True):
    removed: str


async def _projects(call: Call) -> Listing[ProjectDetail]:
    found = await call.read(projects.all_of)
    return Listing([_detail(project, call) for project in found])


async def _add_project(call: Call) -> ProjectDetail:
    name, now = call.body.name, call.now
    projects.require_name(name)
    project = await call.change(
        "project ensured", f"project {name}", lambda conn: projects.ensure(conn, name, now)
    )
    return _detail(project, call)


def _detail(project: Project, call: Call) -> ProjectDetail:
    return ProjectDetail(project.id, project.name, projects.dsn_of(project, call.config.public_url))


async def _plugins(call: Call) -> Listing[PluginInfo]:
    return Listing(call.services.plugins())


async def _tokens(call: Call) -> Listing[ApiToken]:
    whose = _whose(call)
    return Listing(await call.read(lambda conn: accounts.tokens(conn, whose)))


async def _add_token(call: Call) -> NewToken:
    name, now = call.body.name, call.now
    token = await call.change(
        "API token made",
        f"token {name.strip()}",
        lambda conn: accounts.new_token(conn, call.user.id, name, now),
    )
    return NewToken(name.strip(), token)


async def _remove_token(call: Call) -> Removed:
    id, whose = call.request.path_params["token"], _whose(call)
    removed = await call.change(
        "API token removed",
        f"token {id[:12]}",
        lambda conn: accounts.remove_token(conn, id, whose),
    )
    if not removed:
        raise HTTPException(404, "there is no such token")
    return Removed(id)


async def _audit(call: Call) -> Listing[AuditEntry]:
    limit, before = call.query.limit, number_after(call.query.cursor)
    found = await call.read(lambda conn: audit.entries(conn, before=before, limit=limit + 1))
    return page_of(found, limit, lambda entry: str(entry.id))


def _whose(call: Call) -> int | None:
    """Everybody sees their own tokens; administrators see all."""
    return None if auth.may(call.user, "admin") else call.user.id


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/projects",
        summary="Projects with their DSNs",
        handler=_projects,
        reply=Listing[ProjectDetail],
    ),
    Endpoint(
        method="POST",
        path="/projects",
        summary="The project of this name, made if there was none",
        handler=_add_project,
        body=NameBody,
        reply=ProjectDetail,
        role="admin",
    ),
    Endpoint(
        method="GET",
        path="/plugins",
        summary="Plugins that loaded, then those that failed",
        handler=_plugins,
        reply=Listing[PluginInfo],
    ),
    Endpoint(
        method="GET",
        path="/tokens",
        summary="Your API tokens; an administrator sees all",
        handler=_tokens,
        reply=Listing[ApiToken],
    ),
    Endpoint(
        method="POST",
        path="/tokens",
        summary="Make an API token, which may do what you may",
        handler=_add_token,
        body=NameBody,
        reply=NewToken,
        status=201,
    ),
    Endpoint(
        method="DELETE",
        path="/tokens/{token}",
        summary="Remove an API token, by its id",
        handler=_remove_token,
        reply=Removed,
    ),
    Endpoint(
        method="GET",
        path="/audit",
        summary="Who changed what, newest first",
        handler=_audit,
        query=PageQuery,
        reply=Listing[AuditEntry],
        role="admin",
    ),
)
