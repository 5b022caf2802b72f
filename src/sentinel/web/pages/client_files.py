"""Contacts as a CSV file: uploaded, looked at before anything is taken, and given out."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.clients import table
from sentinel.clients.words import Words
from sentinel.store import audit, clients
from sentinel.web import auth
from sentinel.web.client_files import take_table
from sentinel.web.services import Services
from sentinel.web.visit import Visit, require_own_form, signed_in

_AROUND = 100_000
_SHOWN = 200


async def _form(visit: Visit) -> Response:
    return await _show(visit)


async def _look(request: Request) -> Response:
    """Takes nothing: it shows what the file would do, and asks."""
    visit, data = await _uploaded(request, "file")
    if not data.strip():
        return await _show(visit, problems=[table.Problem(line=1, text="found no file")])
    rows, problems = table.read(data, _languages(visit), visit.config.timezone.key)
    if problems:
        return await _show(visit, problems=problems)
    steps = await visit.read(lambda conn: table.plan(conn, rows))
    return await _show(visit, steps=steps, text=data.decode("utf-8-sig"))


async def _take(request: Request) -> Response:
    visit, data = await _uploaded(request, "text")
    rows, problems = table.read(data, _languages(visit), visit.config.timezone.key)
    if problems:
        return await _show(visit, problems=problems)
    await take_table(
        visit.services.database, rows, visit.user.name, visit.now, "in the web interface"
    )
    visit.services.live.tell("clients")
    return RedirectResponse("/clients?done=clients-imported", 303)


async def _export(visit: Visit) -> Response:
    text = await visit.read(lambda conn: "".join(table.written(clients.every(conn))))
    await visit.services.database.write(
        lambda conn: audit.note(conn, visit.now, visit.user.name, "clients exported", "")
    )
    return Response(
        text,
        headers={"content-disposition": 'attachment; filename="clients.csv"'},
        media_type="text/csv",
    )


async def _show(
    visit: Visit,
    *,
    problems: list[table.Problem] | None = None,
    steps: list[table.Step] | None = None,
    text: str = "",
) -> Response:
    steps, problems = steps or [], problems or []
    counts = {what: sum(one.what == what for one in steps) for what in _WHATS}
    telling = [one for one in steps if one.what != "same"]
    return await visit.render(
        "client_import.html",
        status=422 if problems else 200,
        problems=problems,
        steps=telling[:_SHOWN],
        left_off=max(0, len(telling) - _SHOWN),
        counts=counts,
        looked=bool(steps),
        text=text,
        columns=table.COLUMNS,
    )


_WHATS = ("new", "changed", "same", "refused")


async def _uploaded(request: Request, name: str) -> tuple[Visit, bytes]:
    """The field of this name, a file or a text, of somebody who may send it, from one of our own
    forms, and no larger than it may be."""
    services: Services = request.app.state.web.services
    session = await auth.session_of(request, services)
    if session is None:
        raise HTTPException(401, "You are signed out: sign in, and send the file again.")
    if not auth.may(session.user, "responder"):
        raise HTTPException(403, f"This takes the role responder; you have {session.user.role}.")
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise HTTPException(411, "The length of the file is missing.")
    if int(length) > table.LARGEST + _AROUND:
        raise HTTPException(413, f"The file is larger than {table.LARGEST:,} bytes.")
    async with request.form(
        max_files=1, max_fields=10, max_part_size=table.LARGEST + _AROUND
    ) as form:
        texts = {key: value for key, value in form.items() if isinstance(value, str)}
        require_own_form(request, services, session.csrf, texts)
        given = form.get(name, "")
        data = given.encode() if isinstance(given, str) else await given.read()
    return Visit(request, session, texts), data


def _languages(visit: Visit) -> list[str]:
    return Words(visit.config.clients.languages).languages


routes = [
    Route("/clients/import", signed_in(_form, "responder"), methods=["GET"]),
    Route("/clients/import", _look, methods=["POST"]),
    Route("/clients/import/take", _take, methods=["POST"]),
    Route("/clients/export.csv", signed_in(_export, "responder")),
]
