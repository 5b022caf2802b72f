"""Settings: people and their roles, API tokens, projects, plugins, and who changed what."""

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.errors import Invalid
from sentinel.store import accounts, audit, projects
from sentinel.store.accounts import ROLES, Role
from sentinel.web import auth
from sentinel.web.visit import Visit, signed_in

_A_PAGE = 100


async def _index(visit: Visit) -> Response:
    start = "users" if auth.may(visit.user, "admin") else "tokens"
    return RedirectResponse(f"/settings/{start}", 303)


async def _users(visit: Visit) -> Response:
    return await _show_users(visit)


async def _show_users(
    visit: Visit, *, refusal: str = "", link: str = "", link_for: str = "", status: int = 200
) -> Response:
    found = await visit.read(accounts.users)
    return await visit.render(
        "settings/users.html",
        status=status,
        users=found,
        roles=ROLES,
        refusal=refusal,
        link=link,
        link_for=link_for,
    )


async def _add_user(visit: Visit) -> Response:
    name = visit.form.get("name", "")
    try:
        role = _role(visit)
        user, token = await visit.change(
            "user added",
            f"user {name.strip()}",
            lambda conn: (
                found := accounts.add_user(conn, name, role, visit.now),
                accounts.new_link(conn, found.id, visit.now),
            ),
            role,
        )
    except Invalid as error:
        return await _show_users(visit, refusal=str(error), status=422)
    return await _show_users(visit, link=_welcome(visit, token), link_for=user.name)


async def _new_link(visit: Visit) -> Response:
    user = await visit.find(lambda conn: accounts.get(conn, visit.number("id")), "user")
    token = await visit.change(
        "sign-in link made",
        f"user {user.name}",
        lambda conn: accounts.new_link(conn, user.id, visit.now),
    )
    return await _show_users(visit, link=_welcome(visit, token), link_for=user.name)


async def _set_role(visit: Visit) -> Response:
    user = await visit.find(lambda conn: accounts.get(conn, visit.number("id")), "user")
    try:
        role = _role(visit)
        await visit.change(
            "role changed",
            f"user {user.name}",
            lambda conn: accounts.set_role(conn, user.id, role),
            f"{user.role} to {role}",
        )
    except Invalid as error:
        return await _show_users(visit, refusal=str(error), status=422)
    return RedirectResponse("/settings/users?done=role", 303)


async def _remove_user(visit: Visit) -> Response:
    user = await visit.find(lambda conn: accounts.get(conn, visit.number("id")), "user")
    try:
        await visit.change(
            "user removed",
            f"user {user.name}",
            lambda conn: accounts.remove_user(conn, user.id),
            user.role,
        )
    except Invalid as error:
        return await _show_users(visit, refusal=str(error), status=422)
    return RedirectResponse("/settings/users?done=removed", 303)


async def _tokens(visit: Visit) -> Response:
    return await _show_tokens(visit)


async def _show_tokens(
    visit: Visit, *, refusal: str = "", token: str = "", status: int = 200
) -> Response:
    whose = _whose(visit)
    found = await visit.read(lambda conn: accounts.tokens(conn, whose))
    url = visit.config.public_url
    return await visit.render(
        "settings/tokens.html", status=status, tokens=found, refusal=refusal, token=token, url=url
    )


async def _add_token(visit: Visit) -> Response:
    name = visit.form.get("name", "")
    try:
        token = await visit.change(
            "API token made",
            f"token {name.strip()[:100]}",
            lambda conn: accounts.new_token(conn, visit.user.id, name, visit.now),
        )
    except Invalid as error:
        return await _show_tokens(visit, refusal=str(error), status=422)
    return await _show_tokens(visit, token=token)


async def _remove_token(visit: Visit) -> Response:
    id, whose = visit.request.path_params["id"], _whose(visit)
    removed = await visit.change(
        "API token removed",
        f"token {id[:12]}",
        lambda conn: accounts.remove_token(conn, id, whose),
    )
    if not removed:
        raise HTTPException(404, "There is no such token.")
    return RedirectResponse("/settings/tokens?done=removed", 303)


async def _projects(visit: Visit) -> Response:
    return await _show_projects(visit)


async def _show_projects(visit: Visit, *, refusal: str = "", status: int = 200) -> Response:
    url = visit.config.public_url
    found = await visit.read(projects.all_of)
    listed = [(project, projects.dsn_of(project, url)) for project in found]
    return await visit.render(
        "settings/projects.html", status=status, projects=listed, refusal=refusal, url=url
    )


async def _add_project(visit: Visit) -> Response:
    name = visit.form.get("name", "").strip()
    try:
        projects.require_name(name)
    except Invalid as error:
        return await _show_projects(visit, refusal=str(error), status=422)
    await visit.change(
        "project ensured",
        f"project {name}",
        lambda conn: projects.ensure(conn, name, visit.now),
    )
    return RedirectResponse("/settings/projects?done=project", 303)


async def _plugins(visit: Visit) -> Response:
    return await visit.render("settings/plugins.html", plugins=visit.services.plugins())


async def _audit(visit: Visit) -> Response:
    before = visit.page_before()
    found = await visit.read(lambda conn: audit.entries(conn, before=before, limit=_A_PAGE + 1))
    more = len(found) > _A_PAGE
    return await visit.render(
        "settings/audit.html",
        entries=found[:_A_PAGE],
        older=found[_A_PAGE - 1].id if more else None,
    )


def _role(visit: Visit) -> Role:
    role = next((one for one in ROLES if one == visit.form.get("role")), None)
    if role is None:
        raise Invalid(f"expected one of the roles {', '.join(ROLES)}")
    return role


def _whose(visit: Visit) -> int | None:
    """Everybody sees their own tokens; administrators see all."""
    return None if auth.may(visit.user, "admin") else visit.user.id


def _welcome(visit: Visit, token: str) -> str:
    return f"{visit.config.public_url}/welcome/{token}"


routes = [
    Route("/settings", signed_in(_index)),
    Route("/settings/users", signed_in(_users, "admin")),
    Route("/settings/users/add", signed_in(_add_user, "admin"), methods=["POST"]),
    Route("/settings/users/{id:number}/link", signed_in(_new_link, "admin"), methods=["POST"]),
    Route("/settings/users/{id:number}/role", signed_in(_set_role, "admin"), methods=["POST"]),
    Route("/settings/users/{id:number}/remove", signed_in(_remove_user, "admin"), methods=["POST"]),
    Route("/settings/tokens", signed_in(_tokens)),
    Route("/settings/tokens/add", signed_in(_add_token), methods=["POST"]),
    Route("/settings/tokens/{id}/remove", signed_in(_remove_token), methods=["POST"]),
    Route("/settings/projects", signed_in(_projects)),
    Route("/settings/projects/add", signed_in(_add_project, "admin"), methods=["POST"]),
    Route("/settings/plugins", signed_in(_plugins)),
    Route("/settings/audit", signed_in(_audit, "admin")),
]
