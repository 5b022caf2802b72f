"""Clients: tenants and their contacts, what each of them is sent, and what changed by whom."""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import get_args
from urllib.parse import urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sentinel.clients import managing, personal, preferences, subscribing
from sentinel.clients.addresses import KINDS
from sentinel.clients.links import Links
from sentinel.clients.preferences import Choice, checked, clock_text
from sentinel.clients.words import Words
from sentinel.errors import Invalid
from sentinel.model.client import Subscription, SubscriptionState
from sentinel.store import client_deliveries, client_history, clients
from sentinel.store.clients import Reached
from sentinel.store.status import generation
from sentinel.web.client_data import may_see, read_noted, shown
from sentinel.web.numbers import number_in
from sentinel.web.pages.status_links import status_link
from sentinel.web.visit import Visit, signed_in

STATES: tuple[SubscriptionState, ...] = get_args(SubscriptionState)
_A_PAGE = 50
_PUBLIC = "-"


async def _list(visit: Visit) -> Response:
    return await _show_list(visit)


async def _show_list(visit: Visit, *, refusal: str = "", status: int = 200) -> Response:
    tenant = visit.query("tenant")
    state = next((one for one in STATES if one == visit.query("state")), None)
    # Whoever may search for addresses could find them out, letter by letter.
    text = visit.query("text") if may_see(visit.user) else ""
    after = number_in(visit.query("after")) or 0
    search = partial(
        clients.contacts,
        tenant=("" if tenant == _PUBLIC else tenant) if tenant else None,
        state=state,
        search=text,
        after=after,
        limit=_A_PAGE + 1,
    )
    found = await read_noted(
        visit.services.database, visit.user, search, "a list of clients", visit.now
    )
    tenants, counts = await visit.read(
        lambda conn: (clients.tenant_counts(conn), clients.counts(conn))
    )
    wanted = {"tenant": tenant, "state": state or "", "text": text}
    further = None
    if len(found) > _A_PAGE:
        query = {**wanted, "after": found[_A_PAGE - 1].contact.id}
        further = f"/clients?{urlencode({name: value for name, value in query.items() if value})}"
    chosen = next((one for one in tenants if one.tenant.name == tenant), None)
    return await visit.render(
        "clients.html",
        status=status,
        contacts=[shown(visit.user, one) for one in found[:_A_PAGE]],
        tenants=tenants,
        counts=counts,
        states=STATES,
        wanted=wanted,
        chosen=chosen,
        sign_up=await _sign_up_link(visit, tenant) if chosen else _open_link(visit),
        status_page=await status_link(visit, tenant) if chosen else "",
        further=further,
        first=f"/clients?{urlencode({k: v for k, v in wanted.items() if v})}" if after else None,
        refusal=refusal,
    )


async def _put_tenant(visit: Visit) -> Response:
    form = visit.form
    name, title = form.get("name", ""), form.get("title", "")
    try:
        tenant = await visit.change(
            "tenant set",
            f"tenant {name.strip()[:100]}",
            lambda conn: managing.put_tenant(conn, name, title, visit.now),
        )
    except Invalid as error:
        return await _show_list(visit, refusal=str(error), status=422)
    return RedirectResponse(f"/clients?{urlencode({'tenant': tenant.name})}", 303)


async def _new(visit: Visit) -> Response:
    return await _show_form(visit, None, _blank(visit))


async def _create(visit: Visit) -> Response:
    form, now, actor = visit.form, visit.now, visit.user.name
    asks, channels = "confirm" in form, set[str]()

    def make(conn: sqlite3.Connection) -> Reached:
        made = managing.create(conn, wanted, actor, now, confirm=asks)
        if asks:
            for one in made.live:
                channels.update(managing.ask(conn, one, visit.config.clients.channels, now))
        return made

    try:
        wanted = _draft(visit)
        made = await visit.change("contact added", wanted.tenant or "the public", make)
    except Invalid as error:
        return await _show_form(visit, None, {**_blank(visit), **form}, refusal=str(error))
    _told(visit, channels)
    return RedirectResponse(f"/clients/{made.contact.id}?done=contact-added", 303)


async def _contact(visit: Visit) -> Response:
    return await _show_contact(visit)


async def _show_contact(visit: Visit, refusal: str = "") -> Response:
    number, before = visit.number("id"), visit.page_before()
    reached = await read_noted(
        visit.services.database,
        visit.user,
        lambda conn: clients.reached(conn, number),
        f"contact {number}",
        visit.now,
    )
    if reached is None:
        raise HTTPException(404, "There is no such contact, or it has been erased.")
    history, messages, complaints = await visit.read(
        lambda conn: (
            client_history.changes(conn, number),
            client_deliveries.sent_to(conn, number, before=before, limit=_A_PAGE + 1),
            subscribing.complaints(conn, reached),
        )
    )
    return await visit.render(
        "client.html",
        status=422 if refusal else 200,
        reached=shown(visit.user, reached),
        chosen=preferences.of(reached),
        clock=clock_text,
        kinds=KINDS,
        history=history if may_see(visit.user) else [],
        messages=messages[:_A_PAGE],
        complaints=complaints,
        older=f"/clients/{number}?before={messages[_A_PAGE - 1].delivery}"
        if len(messages) > _A_PAGE
        else None,
        refusal=refusal,
    )


async def _edit(visit: Visit) -> Response:
    reached = await _find(visit)
    return await _show_form(visit, reached, _filled(reached))


async def _change(visit: Visit) -> Response:
    number, now, actor = visit.number("id"), visit.now, visit.user.name
    reached = await _find(visit)
    try:
        wanted = _draft(visit)
        await visit.change(
            "contact changed",
            f"contact {number}",
            lambda conn: managing.change(conn, number, wanted, actor, now),
        )
    except Invalid as error:
        values = {**_filled(reached), **visit.form}
        return await _show_form(visit, reached, values, refusal=str(error))
    _told(visit)
    return RedirectResponse(f"/clients/{number}?done=contact-changed", 303)


async def _add_address(visit: Visit) -> Response:
    number, now, actor, form = visit.number("id"), visit.now, visit.user.name, visit.form
    await _find(visit)
    asks, channels = "confirm" in form, set[str]()

    def add(conn: sqlite3.Connection) -> Subscription:
        one = managing.add_address(
            conn, number, form.get("kind", ""), form.get("address", ""), actor, now, confirm=asks
        )
        if asks:
            channels.update(managing.ask(conn, one, visit.config.clients.channels, now))
        return one

    try:
        await visit.change("address added", f"contact {number}", add)
    except Invalid as error:
        return await _show_contact(visit, str(error))
    _told(visit, channels)
    return RedirectResponse(f"/clients/{number}?done=contact-changed", 303)


async def _end(visit: Visit) -> Response:
    return await _act(
        visit, "ended", lambda conn, one: managing.end(conn, one.id, visit.user.name, visit.now)
    )


async def _resume(visit: Visit) -> Response:
    return await _act(
        visit,
        "resumed",
        lambda conn, one: subscribing.resume(conn, one.id, visit.user.name, visit.now),
    )


async def _readmit(visit: Visit) -> Response:
    def readmit(conn: sqlite3.Connection, one: Subscription) -> None:
        subscribing.readmit(conn, one.kind, one.address, visit.user.name, visit.now)

    return await _act(visit, "readmitted", readmit)


async def _ask_again(visit: Visit) -> Response:
    channels = set[str]()

    def ask(conn: sqlite3.Connection, one: Subscription) -> None:
        if one.state != "pending":
            raise Invalid("expected an address that waits to be confirmed")
        channels.update(managing.ask(conn, one, visit.config.clients.channels, visit.now))

    return await _act(visit, "asked again", ask, channels)


async def _act(
    visit: Visit,
    verb: str,
    act: Callable[[sqlite3.Connection, Subscription], object],
    channels: set[str] | None = None,
) -> Response:
    number = visit.number("subscription")
    found = await visit.find(lambda conn: clients.subscription(conn, number), "subscription")
    if found.contact != visit.number("id"):
        raise HTTPException(404, "There is no such subscription with this contact.")
    try:
        await visit.change(
            f"subscription {verb}", f"subscription {number}", lambda conn: act(conn, found)
        )
    except Invalid as error:
        return await _show_contact(visit, str(error))
    _told(visit, channels)
    return RedirectResponse(f"/clients/{found.contact}?done=contact-changed", 303)


async def _data(visit: Visit) -> Response:
    number = visit.number("id")
    found = await read_noted(
        visit.services.database,
        visit.user,
        lambda conn: personal.dossier(conn, number),
        f"contact {number}",
        visit.now,
        "as a file",
    )
    if found is None:
        raise HTTPException(404, "There is no such contact, or it has been erased.")
    headers = {"content-disposition": f'attachment; filename="contact-{number}.json"'}
    body = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return Response(body, headers=headers, media_type="application/json")


async def _erase(visit: Visit) -> Response:
    number, now, actor = visit.number("id"), visit.now, visit.user.name
    await _find(visit)
    await visit.services.database.write(lambda conn: personal.erase(conn, number, actor, now))
    _told(visit)
    return RedirectResponse("/clients?done=contact-erased", 303)


async def _find(visit: Visit) -> Reached:
    number = visit.number("id")
    return await visit.find(lambda conn: clients.reached(conn, number), "contact")


async def _show_form(
    visit: Visit, reached: Reached | None, values: dict[str, str], refusal: str = ""
) -> Response:
    tenants = await visit.read(clients.tenants)
    return await visit.render(
        "client_edit.html",
        status=422 if refusal else 200,
        reached=reached,
        values=values,
        tenants=tenants,
        languages=Words(visit.config.clients.languages).languages,
        kinds=KINDS,
        refusal=refusal,
    )


def _blank(visit: Visit) -> dict[str, str]:
    fields = ("name", "quiet_from", "quiet_until", "digest", "components", *KINDS)
    return {
        **dict.fromkeys(fields, ""),
        "tenant": visit.query("tenant"),
        "language": visit.config.clients.language,
        "timezone": visit.config.timezone.key,
        "severity": "info",
    }


def _filled(reached: Reached) -> dict[str, str]:
    contact, wanted = reached.contact, preferences.of(reached)
    quiet = wanted.quiet
    return {
        "tenant": contact.tenant or "",
        "name": contact.name,
        "language": wanted.language,
        "timezone": wanted.timezone,
        "quiet_from": clock_text(quiet.start) if quiet else "",
        "quiet_until": clock_text(quiet.end) if quiet else "",
        "digest": clock_text(wanted.digest),
        "components": ", ".join(wanted.components),
        "severity": wanted.severity,
        **{
            kind: "\n".join(one.address for one in reached.live if one.kind == kind)
            for kind in KINDS
        },
    }


def _draft(visit: Visit) -> managing.Draft:
    """Raises Invalid. Addresses stand one a line."""
    form = visit.form
    choice = Choice(
        language=form.get("language", ""),
        timezone=form.get("timezone", "").strip(),
        quiet_from=form.get("quiet_from", ""),
        quiet_until=form.get("quiet_until", ""),
        digest=form.get("digest", ""),
        components=tuple(form.get("components", "").split(",")),
        severity=form.get("severity", ""),
    )
    addresses: dict[str, list[str]] = {kind: form.get(kind, "").splitlines() for kind in KINDS}
    wanted = checked(choice, Words(visit.config.clients.languages).languages)
    return managing.draft(
        form.get("tenant", "").strip() or None, form.get("name", ""), addresses, wanted
    )


async def _sign_up_link(visit: Visit, tenant: str) -> str:
    """Empty where nobody may sign up by it, or the reader may not pass it on."""
    if visit.config.clients.sign_up == "off" or not may_see(visit.user):
        return ""
    links = Links(visit.services.signer, visit.config.public_url)
    current = await visit.read(lambda conn: generation(conn, tenant))
    return links.sign_up(tenant, current)


def _open_link(visit: Visit) -> str:
    is_open = visit.config.clients.sign_up == "open"
    return f"{visit.config.public_url}/subscribe" if is_open else ""


def _told(visit: Visit, channels: set[str] | None = None) -> None:
    visit.services.outbox.notify(channels or set())
    visit.services.live.tell("clients")


_ONE = "/clients/{id:number}"
_SUBSCRIPTION = _ONE + "/subscriptions/{subscription:number}"
routes = [
    Route("/clients", signed_in(_list), methods=["GET"]),
    Route("/clients", signed_in(_create, "responder"), methods=["POST"]),
    Route("/clients/tenants", signed_in(_put_tenant, "responder"), methods=["POST"]),
    Route("/clients/new", signed_in(_new, "responder")),
    Route(_ONE, signed_in(_contact), methods=["GET"]),
    Route(_ONE, signed_in(_change, "responder"), methods=["POST"]),
    Route(f"{_ONE}/edit", signed_in(_edit, "responder")),
    Route(f"{_ONE}/data", signed_in(_data, "responder")),
    Route(f"{_ONE}/erase", signed_in(_erase, "admin"), methods=["POST"]),
    Route(f"{_ONE}/addresses", signed_in(_add_address, "responder"), methods=["POST"]),
    Route(f"{_SUBSCRIPTION}/end", signed_in(_end, "responder"), methods=["POST"]),
    Route(f"{_SUBSCRIPTION}/resume", signed_in(_resume, "responder"), methods=["POST"]),
    Route(f"{_SUBSCRIPTION}/readmit", signed_in(_readmit, "admin"), methods=["POST"]),
    Route(f"{_SUBSCRIPTION}/ask", signed_in(_ask_again, "responder"), methods=["POST"]),
]
