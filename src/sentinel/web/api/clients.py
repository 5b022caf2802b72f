"""Tenants, contacts and their subscriptions: read, managed, imported, and what came back."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sentinel.clients import bounces, managing, personal, subscribing, table
from sentinel.clients.addresses import Kind, normalised
from sentinel.clients.managing import Draft
from sentinel.clients.personal import Dossier
from sentinel.clients.preferences import Choice, checked
from sentinel.clients.words import Words
from sentinel.discretion import masked
from sentinel.errors import Invalid
from sentinel.model.client import Subscription, SubscriptionState, Tenant
from sentinel.store import audit, clients
from sentinel.store.clients import Reached, TenantCount
from sentinel.web.api.call import Call, Endpoint, Listing, number_after, page_of
from sentinel.web.api.errors import Cursor, Limit
from sentinel.web.client_data import may_see, read_noted, shown
from sentinel.web.client_files import take_table

_BY_API = "by the API"
Clock = Annotated[str, Meta(description="Such as `22:00`; empty for none.")]


class ClientQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """`tenant` of `-` are those of the public."""

    tenant: Annotated[str, Meta(max_length=200)] | None = None
    state: SubscriptionState | None = None
    search: Annotated[str, Meta(max_length=200)] = ""
    cursor: Cursor | None = None
    limit: Limit = 50


class TenantBody(Struct, frozen=True, forbid_unknown_fields=True):
    title: Annotated[str, Meta(max_length=200)] = ""


class ContactBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With `confirm`, the addresses are asked first and hear nothing until their holders agree."""

    tenant: str | None = None
    name: str = ""
    email: list[str] = field(default_factory=list)
    sms: list[str] = field(default_factory=list)
    webhook: list[str] = field(default_factory=list)
    slack: list[str] = field(default_factory=list)
    language: str | None = None
    timezone: str | None = None
    quiet_from: Clock = ""
    quiet_until: Clock = ""
    digest: Clock = ""
    components: list[str] = field(default_factory=list)
    severity: str = "info"
    confirm: bool = False


class AddressBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Kind
    address: str
    confirm: bool = True


class EraseBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`address` is one of the contact's, said again: a wrong number must not erase another."""

    address: str


class ReadmitBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Kind = "email"
    address: str


class ImportBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With `dry_run`, what would be done is told, and nothing is."""

    csv: str
    dry_run: bool = False


class Imported(Struct, frozen=True, kw_only=True):
    """Where there is a problem, nothing is taken."""

    taken: bool
    problems: Sequence[table.Problem]
    steps: Sequence[table.Step]


class Exported(Struct, frozen=True, kw_only=True):
    """As the import takes it."""

    csv: str


class BounceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either `message`, a mail of RFC 3464 or RFC 5965 whole, or the address and what it was."""

    message: str | None = None
    kind: Kind = "email"
    address: str | None = None
    key: Annotated[
        str,
        Meta(
            pattern="^([0-9a-f]{12}-[0-9]{1,18})?$",
            description="The `X-Sentinel-Key` of the message that came back, where it is known; "
            "else it is the latest.",
        ),
    ] = ""
    why: Literal["bounced", "complained"] = "bounced"
    detail: Annotated[str, Meta(max_length=500)] = ""


class Bounced(Struct, frozen=True, kw_only=True):
    """`reports` is for how many addresses something came back, `ended` what ended by it."""

    reports: int
    ended: Sequence[int]


async def _tenants(call: Call) -> Listing[TenantCount]:
    return Listing(await call.read(clients.tenant_counts))


async def _put_tenant(call: Call) -> Tenant:
    name, body, now = call.request.path_params["name"], call.body, call.now
    return await call.change(
        "tenant set",
        f"tenant {name}",
        lambda conn: managing.put_tenant(conn, name, body.title, now),
    )


async def _delete_tenant(call: Call) -> Tenant:
    name = call.request.path_params["name"]
    found = await call.find(lambda conn: clients.tenant(conn, name), "tenant")
    await call.change(
        "tenant removed", f"tenant {name}", lambda conn: managing.delete_tenant(conn, name)
    )
    return found


async def _list(call: Call) -> Listing[Reached]:
    query: ClientQuery = call.query
    if query.search and not may_see(call.user):
        # Whoever may search for addresses could find them out, letter by letter.
        raise HTTPException(403, "search: this takes the role responder")
    search = partial(
        clients.contacts,
        tenant="" if query.tenant == "-" else query.tenant,
        state=query.state,
        search=query.search,
        after=number_after(query.cursor) or 0,
        limit=query.limit + 1,
    )
    found = await read_noted(
        call.services.database, call.user, search, "a list of clients", call.now, _BY_API
    )
    return page_of(
        [shown(call.user, one) for one in found], query.limit, lambda one: str(one.contact.id)
    )


async def _get(call: Call) -> Reached:
    number = call.number
    found = await read_noted(
        call.services.database,
        call.user,
        lambda conn: clients.reached(conn, number),
        f"contact {number}",
        call.now,
        _BY_API,
    )
    if found is None:
        raise HTTPException(404, "there is no such contact")
    return shown(call.user, found)


async def _dossier(call: Call) -> Dossier:
    number = call.number
    found = await read_noted(
        call.services.database,
        call.user,
        lambda conn: personal.dossier(conn, number),
        f"contact {number}",
        call.now,
        _BY_API,
    )
    if found is None:
        raise HTTPException(404, "there is no such contact")
    return found


async def _create(call: Call) -> Reached:
    body: ContactBody = call.body
    wanted, now, actor = _draft(call), call.now, call.user.name
    channels: set[str] = set()

    def make(conn: sqlite3.Connection) -> Reached:
        made = managing.create(conn, wanted, actor, now, confirm=body.confirm)
        if body.confirm:
            for one in made.live:
                channels.update(managing.ask(conn, one, call.config.clients.channels, now))
        return made

    made = await call.change("contact added", wanted.tenant or "the public", make)
    _told(call, channels)
    return made


async def _change(call: Call) -> Reached:
    wanted, now, actor, number = _draft(call), call.now, call.user.name, call.number
    await _find(call)
    changed = await call.change(
        "contact changed",
        f"contact {number}",
        lambda conn: managing.change(conn, number, wanted, actor, now),
    )
    _told(call)
    return changed


async def _erase(call: Call) -> Response:
    body: EraseBody = call.body
    number, now, actor = call.number, call.now, call.user.name
    personal.require_address(await _find(call), body.address)
    await call.services.database.write(lambda conn: personal.erase(conn, number, actor, now))
    _told(call)
    return Response(status_code=204)


async def _add_address(call: Call) -> Subscription:
    body: AddressBody = call.body
    now, actor, number = call.now, call.user.name, call.number
    await _find(call)
    channels: set[str] = set()

    def add(conn: sqlite3.Connection) -> Subscription:
        one = managing.add_address(
            conn, number, body.kind, body.address, actor, now, confirm=body.confirm
        )
        if body.confirm:
            channels.update(managing.ask(conn, one, call.config.clients.channels, now))
        return one

    added = await call.change("address added", f"contact {number}", add)
    _told(call, channels)
    return added


async def _end(call: Call) -> Subscription:
    number, now, actor = call.number, call.now, call.user.name
    await call.find(lambda conn: clients.subscription(conn, number), "subscription")
    await call.change(
        "subscription ended",
        f"subscription {number}",
        lambda conn: managing.end(conn, number, actor, now),
    )
    _told(call)
    return await call.find(lambda conn: clients.subscription(conn, number), "subscription")


async def _resume(call: Call) -> Subscription:
    number, now, actor = call.number, call.now, call.user.name
    await call.find(lambda conn: clients.subscription(conn, number), "subscription")
    fresh = await call.change(
        "subscription resumed",
        f"subscription {number}",
        lambda conn: subscribing.resume(conn, number, actor, now),
    )
    _told(call)
    return fresh


async def _readmit(call: Call) -> Response:
    body: ReadmitBody = call.body
    address, now, actor = normalised(body.kind, body.address), call.now, call.user.name
    await call.change(
        "complaint lifted",
        masked(address),
        lambda conn: subscribing.readmit(conn, body.kind, address, actor, now),
    )
    _told(call)
    return Response(status_code=204)


async def _import(call: Call) -> Imported:
    body: ImportBody = call.body
    words = Words(call.config.clients.languages)
    rows, problems = table.read(body.csv.encode(), words.languages, call.config.timezone.key)
    if problems:
        return Imported(taken=False, problems=problems, steps=[])
    if body.dry_run:
        steps = await call.read(lambda conn: table.plan(conn, rows))
        return Imported(taken=False, problems=[], steps=steps)
    steps = await take_table(call.services.database, rows, call.user.name, call.now, _BY_API)
    _told(call)
    return Imported(taken=True, problems=[], steps=steps)


async def _export(call: Call) -> Exported:
    text = await call.read(lambda conn: "".join(table.written(clients.every(conn))))
    await call.services.database.write(
        lambda conn: audit.note(conn, call.now, call.user.name, "clients exported", "", _BY_API)
    )
    return Exported(csv=text)


async def _bounce(call: Call) -> Bounced:
    reports = _reports(call.body)
    most, now = call.config.clients.limits.bounces, call.now
    over = await call.change(
        "bounce reported", "clients", lambda conn: bounces.take(conn, reports, now, bounces=most)
    )
    _told(call)
    return Bounced(reports=len(reports), ended=[one.id for one in over])


def _reports(body: BounceBody) -> list[bounces.Lost]:
    """Raises Invalid."""
    if (body.message is None) == (body.address is None):
        raise Invalid("expected either a message or an address")
    if body.message is not None:
        return bounces.read(body.message.encode(errors="surrogateescape"))
    address = normalised(body.kind, body.address or "")
    return [
        bounces.Lost(
            kind=body.kind,
            address=address,
            why=body.why,
            detail=body.detail or body.why,
            key=body.key,
        )
    ]


def _draft(call: Call) -> Draft:
    """Raises Invalid."""
    body: ContactBody = call.body
    settings = call.config.clients
    choice = Choice(
        language=body.language or settings.language,
        timezone=body.timezone or call.config.timezone.key,
        quiet_from=body.quiet_from,
        quiet_until=body.quiet_until,
        digest=body.digest,
        components=tuple(body.components),
        severity=body.severity,
    )
    addresses = {
        "email": body.email,
        "sms": body.sms,
        "webhook": body.webhook,
        "slack": body.slack,
    }
    wanted = checked(choice, Words(settings.languages).languages)
    return managing.draft(body.tenant, body.name, addresses, wanted)


async def _find(call: Call) -> Reached:
    number = call.number
    return await call.find(lambda conn: clients.reached(conn, number), "contact")


def _told(call: Call, channels: set[str] | None = None) -> None:
    call.services.outbox.notify(channels or set())
    call.services.live.tell("clients")


_SUBSCRIPTION = "/clients/subscriptions/{id:number}"
ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/clients/tenants",
        summary="Tenants by name, with how many contacts each has",
        handler=_tenants,
        reply=Listing[TenantCount],
    ),
    Endpoint(
        method="PUT",
        path="/clients/tenants/{name}",
        summary="A new tenant, or another title",
        handler=_put_tenant,
        body=TenantBody,
        reply=Tenant,
        role="responder",
    ),
    Endpoint(
        method="DELETE",
        path="/clients/tenants/{name}",
        summary="Remove a tenant that has no contacts",
        handler=_delete_tenant,
        reply=Tenant,
        role="admin",
    ),
    Endpoint(
        method="GET",
        path="/clients",
        summary="Contacts with their subscriptions; viewers see addresses masked",
        handler=_list,
        query=ClientQuery,
        reply=Listing[Reached],
    ),
    Endpoint(
        method="POST",
        path="/clients",
        summary="Add a contact",
        handler=_create,
        body=ContactBody,
        reply=Reached,
        role="responder",
        status=201,
    ),
    Endpoint(
        method="GET",
        path="/clients/{id:number}",
        summary="One contact; viewers see it masked",
        handler=_get,
        reply=Reached,
    ),
    Endpoint(
        method="PUT",
        path="/clients/{id:number}",
        summary="Change a contact, whole: addresses that are left out end",
        handler=_change,
        body=ContactBody,
        reply=Reached,
        role="responder",
    ),
    Endpoint(
        method="DELETE",
        path="/clients/{id:number}",
        summary="Erase all that is stored about a contact, one of whose addresses you name",
        handler=_erase,
        body=EraseBody,
        reply=None,
        role="admin",
        status=204,
    ),
    Endpoint(
        method="GET",
        path="/clients/{id:number}/dossier",
        summary="All that is stored about a contact: subscriptions, history, messages",
        handler=_dossier,
        reply=Dossier,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/clients/{id:number}/addresses",
        summary="Add an address to a contact",
        handler=_add_address,
        body=AddressBody,
        reply=Subscription,
        role="responder",
        status=201,
    ),
    Endpoint(
        method="DELETE",
        path=_SUBSCRIPTION,
        summary="End a subscription",
        handler=_end,
        reply=Subscription,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path=f"{_SUBSCRIPTION}/resume",
        summary="Begin again a subscription that has bounced",
        handler=_resume,
        reply=Subscription,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/clients/readmit",
        summary="Lift a complaint: its holder may be asked to confirm again",
        handler=_readmit,
        body=ReadmitBody,
        reply=None,
        role="admin",
        status=204,
    ),
    Endpoint(
        method="POST",
        path="/clients/import",
        summary="Add and change contacts by a CSV file, or see what it would do",
        handler=_import,
        body=ImportBody,
        reply=Imported,
        role="responder",
        largest=2 * table.LARGEST,
    ),
    Endpoint(
        method="GET",
        path="/clients/export",
        summary="All contacts as CSV, as the import takes it",
        handler=_export,
        reply=Exported,
        role="responder",
    ),
    Endpoint(
        method="POST",
        path="/clients/bounces",
        summary="Report a bounce or a complaint that came back by mail",
        handler=_bounce,
        body=BounceBody,
        reply=Bounced,
        role="responder",
        largest=2 * bounces.LARGEST,
    ),
)
