"""Broadcasts: what waits to go out to clients, what they were told, and what else they may be."""

import sqlite3
from collections import Counter
from datetime import datetime
from typing import TypeVar, get_args

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.broadcasts.audience import size
from sentinel.broadcasts.compose import subject_of, titles
from sentinel.broadcasts.writing import Leaky, new_broadcast
from sentinel.clients.words import Words
from sentinel.config.broadcasts import titles_of
from sentinel.config.components import known_components_of
from sentinel.config.model import Config
from sentinel.engine.broadcast_commands import refusal
from sentinel.errors import Invalid
from sentinel.model.alert import AlertSeverity
from sentinel.model.broadcast import (
    AFTERWARDS,
    INCIDENT_PHASES,
    MAINTENANCE_PHASES,
    Broadcast,
    BroadcastAudience,
    BroadcastKind,
    Phase,
    Update,
)
from sentinel.store import broadcasts, clients
from sentinel.web.numbers import number_in
from sentinel.web.telling import (
    edit_update,
    end_broadcast,
    publish_update,
    veto_update,
    write_update,
)
from sentinel.web.visit import Visit, signed_in

_T = TypeVar("_T")
_A_PAGE = 50
_SEVERITIES: tuple[AlertSeverity, ...] = get_args(AlertSeverity)
_AUDIENCES: tuple[BroadcastAudience, ...] = get_args(BroadcastAudience)
_PHASES = (*INCIDENT_PHASES, *MAINTENANCE_PHASES, *AFTERWARDS)


class Waiting(Struct, frozen=True, kw_only=True):
    """An update that somebody may stop or let go. `readers` is to how many addresses it would go
    now, `subject` what stands above it."""

    update: Update
    broadcast: Broadcast
    readers: int
    subject: str
    shown: tuple[str, ...]


class Draft(Struct, frozen=True, kw_only=True):
    """A form as it was filled in, and why it was refused. `leaky`: it may be sent as it is."""

    refusal: str = ""
    leaky: bool = False
    update: int | None = None
    values: dict[str, str] = {}

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)


async def _list(visit: Visit) -> Response:
    before = visit.page_before()

    def load(conn: sqlite3.Connection) -> tuple[list[Waiting], list[Broadcast], list[Broadcast]]:
        going_on = broadcasts.listing(conn, is_open=True, limit=200)
        over = broadcasts.listing(conn, is_open=False, before=before, limit=_A_PAGE + 1)
        return _waiting(conn, visit), going_on, over

    waiting, going_on, over = await visit.read(load)
    return await visit.render(
        "broadcasts.html",
        waiting=waiting,
        going_on=going_on,
        over=over[:_A_PAGE],
        more=over[_A_PAGE - 1].id if len(over) > _A_PAGE else None,
        first_page=before is None,
        now=visit.now,
        zone=visit.config.timezone.key,
    )


async def _show(visit: Visit, draft: Draft | None = None, status: int = 200) -> Response:
    number = visit.number("id")
    broadcast = await visit.find(lambda conn: broadcasts.get(conn, number), "broadcast")
    said, waiting, tenants = await visit.read(
        lambda conn: (
            broadcasts.updates_of(conn, number),
            [one for one in _waiting(conn, visit) if one.broadcast.id == number],
            broadcasts.tenants_of(conn, number),
        )
    )
    return await visit.render(
        "broadcast.html",
        status=status,
        broadcast=broadcast,
        said=said[::-1],
        waiting=waiting,
        tenants=tenants,
        shown=titles(visit.config, broadcast),
        phases=[phase for phase in _PHASES if refusal(broadcast, phase) is None],
        draft=draft or Draft(),
        now=visit.now,
        zone=visit.config.timezone.key,
    )


async def _decide(visit: Visit) -> Response:
    """What the buttons below an update do."""
    number = visit.number("id")
    update = await visit.find(lambda conn: broadcasts.get_update(conn, number), "update")
    visit.request.path_params["id"] = update.broadcast
    by, text, as_is = visit.user.name, visit.form.get("text", ""), _as_is(visit)
    do = visit.form.get("do", "")
    try:
        if do == "publish":
            await publish_update(visit.services, number, by, text=text, as_is=as_is)
        elif do == "veto":
            await veto_update(visit.services, number, by)
        elif do == "edit":
            await edit_update(visit.services, number, text, by, as_is=as_is)
        else:
            raise HTTPException(400, "This form says neither publish nor veto nor edit.")
    except Invalid as error:
        return await _show(visit, _refused(visit, error, number), 422)
    return RedirectResponse(f"/broadcasts/{update.broadcast}?done=update-{do}", 303)


async def _write(visit: Visit) -> Response:
    number = visit.number("id")
    of = await visit.find(lambda conn: broadcasts.get(conn, number), "broadcast")
    publish = visit.form.get("do") == "publish"
    try:
        await write_update(
            visit.services,
            of,
            _phase(visit),
            visit.form.get("text", ""),
            visit.user.name,
            publish=publish,
            as_is=_as_is(visit),
        )
    except Invalid as error:
        return await _show(visit, _refused(visit, error), 422)
    done = "update-publish" if publish else "update-draft"
    return RedirectResponse(f"/broadcasts/{number}?done={done}", 303)


async def _end(visit: Visit) -> Response:
    number = visit.number("id")
    try:
        await end_broadcast(visit.services, number, visit.user.name)
    except Invalid as error:
        return await _show(visit, _refused(visit, error), 422)
    return RedirectResponse(f"/broadcasts/{number}?done=broadcast-ended", 303)


async def _new(visit: Visit, draft: Draft | None = None, status: int = 200) -> Response:
    tenants = await visit.read(clients.tenants)
    incident = number_in(visit.query("incident"))
    values = {}
    if incident is not None:
        values = {"incident": str(incident), "audience": "affected"}
    return await visit.render(
        "broadcast_new.html",
        status=status,
        draft=draft or Draft(values=values),
        components=_labelled(visit.config),
        tenants=tenants,
        phases={"incident": INCIDENT_PHASES, "maintenance": MAINTENANCE_PHASES},
        severities=_SEVERITIES,
        audiences=_AUDIENCES,
    )


def _labelled(config: Config) -> dict[str, str]:
    """What clients call each component, by its name, which is added where they call several so."""
    titles = titles_of(config.components, config.status_page)
    names = sorted(known_components_of(config))
    often = Counter(titles.get(name, name) for name in names)
    return {
        name: title if often[title] == 1 else f"{title} ({name})"
        for name in names
        for title in (titles.get(name, name),)
    }


async def _create(visit: Visit) -> Response:
    form, publish = visit.form, visit.form.get("do") == "publish"
    try:
        phase = _phase(visit)
        kind: BroadcastKind = "maintenance" if phase in MAINTENANCE_PHASES else "incident"
        times = {name: _moment(name, form.get(name, "")) for name in ("starts", "ends")}
        of = await visit.read(
            lambda conn: new_broadcast(
                conn,
                visit.config,
                title=form.get("title", ""),
                kind=kind,
                severity=_choice("severity", form.get("severity", ""), _SEVERITIES),
                components=_chosen(form, "component:"),
                audience=_choice("audience", form.get("audience", ""), _AUDIENCES),
                tenants=_chosen(form, "tenant:"),
                incident=number_in(form.get("incident", "")),
                starts=times["starts"],
                ends=times["ends"],
                now=visit.now,
                as_is=_as_is(visit),
            )
        )
        told = await write_update(
            visit.services,
            of,
            phase,
            form.get("text", ""),
            visit.user.name,
            publish=publish,
            as_is=_as_is(visit),
        )
    except Invalid as error:
        return await _new(visit, _refused(visit, error), 422)
    done = "update-publish" if publish else "update-draft"
    return RedirectResponse(f"/broadcasts/{told.broadcast.id}?done={done}", 303)


def _waiting(conn: sqlite3.Connection, visit: Visit) -> list[Waiting]:
    words = Words(visit.config.clients.languages)
    found = []
    for update in broadcasts.waiting(conn):
        broadcast = broadcasts.get(conn, update.broadcast)
        if broadcast is not None:
            badge = words.say(visit.config.clients.language, update.phase)
            found.append(
                Waiting(
                    update=update,
                    broadcast=broadcast,
                    readers=size(conn, broadcast, update),
                    subject=subject_of(badge, broadcast.title),
                    shown=titles(visit.config, broadcast),
                )
            )
    return found


def _refused(visit: Visit, error: Invalid, update: int | None = None) -> Draft:
    return Draft(
        refusal=str(error),
        leaky=isinstance(error, Leaky),
        update=update,
        values=visit.form,
    )


def _phase(visit: Visit) -> Phase:
    return _choice("phase", visit.form.get("phase", ""), _PHASES)


def _choice(name: str, given: str, choices: tuple[_T, ...]) -> _T:
    found = next((one for one in choices if one == given), None)
    if found is None:
        raise Invalid(f"{name}: expected one of {', '.join(map(str, choices))}")
    return found


def _chosen(form: dict[str, str], prefix: str) -> list[str]:
    """The names whose boxes are ticked."""
    return [name.removeprefix(prefix) for name in form if name.startswith(prefix)]


def _moment(name: str, given: str) -> float | None:
    """A time as browsers write it, in UTC; None where none is given."""
    if not given.strip():
        return None
    try:
        return datetime.fromisoformat(f"{given.strip()}+00:00").timestamp()
    except ValueError as error:
        raise Invalid(f"{name}: expected a time such as 2026-12-24T22:00, in UTC") from error


def _as_is(visit: Visit) -> bool:
    return visit.form.get("as_is") == "yes"


routes = [
    Route("/broadcasts", signed_in(_list), methods=["GET"]),
    Route("/broadcasts", signed_in(_create, "responder"), methods=["POST"]),
    Route("/broadcasts/new", signed_in(_new, "responder")),
    Route("/broadcasts/{id:number}", signed_in(_show)),
    Route("/broadcasts/{id:number}/updates", signed_in(_write, "responder"), methods=["POST"]),
    Route("/broadcasts/{id:number}/end", signed_in(_end, "responder"), methods=["POST"]),
    Route("/updates/{id:number}", signed_in(_decide, "responder"), methods=["POST"]),
]
