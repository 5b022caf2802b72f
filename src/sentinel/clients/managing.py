"""What operators do with tenants and contacts, in the web interface, over the API and at the
terminal. What the configuration holds is changed there alone."""

import re
import sqlite3
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sentinel.clients import preferences, sign_up, subscribing
from sentinel.clients.addresses import clean_name, normalised
from sentinel.clients.preferences import Preferences
from sentinel.errors import Invalid
from sentinel.model.client import Change, Contact, Source, Subscription, Tenant
from sentinel.store import client_history, clients
from sentinel.store.clients import Reached

_TENANT = re.compile(r"[^\s/?#%\\<>\"'][^\s/?#%\\<>\"']{0,99}")
_MOST_ADDRESSES = 20


class Draft(Struct, frozen=True, kw_only=True):
    """A contact as it is wanted, checked. `addresses` are pairs of kind and address, normalised."""

    tenant: str | None
    name: str
    addresses: tuple[tuple[str, str], ...]
    wanted: Preferences


def draft(
    tenant: str | None, name: str, addresses: Mapping[str, Sequence[str]], wanted: Preferences
) -> Draft:
    """Raises Invalid, naming what is wrong."""
    pairs = [
        (kind, normalised(kind, text))
        for kind, texts in addresses.items()
        for text in texts
        if text.strip()
    ]
    if not pairs:
        raise Invalid("expected at least one address, found none")
    if len(pairs) > _MOST_ADDRESSES:
        raise Invalid(f"expected at most {_MOST_ADDRESSES} addresses, found {len(pairs)}")
    return Draft(
        tenant=tenant_name(tenant) if tenant else None,
        name=clean_name(name),
        addresses=tuple(dict.fromkeys(pairs)),
        wanted=wanted,
    )


def tenant_name(text: str) -> str:
    """What signals call a tenant. Raises Invalid for what could not stand in a path."""
    name = text.strip()
    if not _TENANT.fullmatch(name) or not name.isprintable():
        raise Invalid(
            "tenant: expected the name that signals have for it, 1 to 100 characters without "
            f"spaces, quotes and slashes, found {text[:80]!r}"
        )
    return name


def put_tenant(conn: sqlite3.Connection, name: str, title: str, now: float) -> Tenant:
    """A new one, or another title. Raises Invalid for one of the configuration."""
    name, known = tenant_name(name), clients.tenant(conn, name.strip())
    _require_managed("tenant", known.source if known else "managed")
    wanted = Tenant(
        name=name,
        title=clean_name(title) or name,
        source="managed",
        created=known.created if known else now,
    )
    clients.put_tenant(conn, wanted)
    return wanted


def delete_tenant(conn: sqlite3.Connection, name: str) -> None:
    """Raises Invalid for one of the configuration, or one that still has contacts."""
    known = clients.tenant(conn, name)
    if known is None:
        raise Invalid(f"there is no tenant {name[:80]!r}")
    _require_managed("tenant", known.source)
    if clients.contacts(conn, tenant=name, limit=1):
        raise Invalid("expected a tenant without contacts: erase them first")
    clients.delete_tenant(conn, name)


def create(
    conn: sqlite3.Connection, wanted: Draft, actor: str, now: float, *, confirm: bool = False
) -> Reached:
    """A new contact. With `confirm` its addresses are asked first, and hear nothing until then.

    Raises Invalid where an address refused (and is not asked), or a tenant is not known.
    """
    if wanted.tenant is not None and clients.tenant(conn, wanted.tenant) is None:
        raise Invalid(f"tenant: expected one that there is, found {wanted.tenant!r}")
    fresh = Contact(
        id=0,
        tenant=wanted.tenant,
        name=wanted.name,
        language=wanted.wanted.language,
        timezone=wanted.wanted.timezone,
        quiet=wanted.wanted.quiet,
        digest=wanted.wanted.digest,
        source="managed",
        created=now,
    )
    contact = replace(fresh, id=clients.add_contact(conn, fresh))
    for kind, address in wanted.addresses:
        _add(conn, contact, kind, address, wanted.wanted, actor, now, confirm=confirm)
    return _found(conn, contact.id)


def change(conn: sqlite3.Connection, id: int, wanted: Draft, actor: str, now: float) -> Reached:
    """All of a contact: addresses that are not named any more end. Raises Invalid for one of the
    configuration, and where an address refused."""
    reached = _found(conn, id)
    _require_managed("contact", reached.contact.source)
    rename(conn, reached, wanted.name, actor, now)
    named = set(wanted.addresses)
    for one in reached.live:
        if (one.kind, one.address) not in named:
            subscribing.end(conn, one.id, f"removed by {actor}", actor, now)
    add_missing(conn, reached, wanted, actor, now)
    preferences.choose(conn, _found(conn, id), wanted.wanted, actor, now)
    return _found(conn, id)


def rename(conn: sqlite3.Connection, reached: Reached, name: str, actor: str, now: float) -> None:
    old = reached.contact
    if name != old.name:
        clients.update_contact(conn, replace(old, name=name))
        text = f"{old.name or 'no name'} → {name or 'no name'}"
        client_history.note(conn, old.id, Change(at=now, actor=actor, what="renamed", detail=text))


def add_missing(
    conn: sqlite3.Connection, reached: Reached, wanted: Draft, actor: str, now: float
) -> list[Subscription]:
    """The addresses of the draft that the contact does not have. Raises Invalid."""
    live = {(one.kind, one.address) for one in reached.live}
    return [
        _add(conn, reached.contact, kind, address, wanted.wanted, actor, now)
        for kind, address in wanted.addresses
        if (kind, address) not in live
    ]


def add_address(
    conn: sqlite3.Connection,
    id: int,
    kind: str,
    address: str,
    actor: str,
    now: float,
    *,
    confirm: bool,
) -> Subscription:
    """One more of a contact, whatever its source. Raises Invalid."""
    reached = _found(conn, id)
    return _add(
        conn,
        reached.contact,
        kind,
        normalised(kind, address),
        preferences.of(reached),
        actor,
        now,
        confirm=confirm,
        # A reload ends what the configuration does not list, but for what the contact added.
        source="self" if reached.contact.source == "config" else "managed",
    )


def end(conn: sqlite3.Connection, id: int, actor: str, now: float) -> bool:
    """A subscription, whatever its source. Whether it was not over yet. Raises Invalid for one
    that the next reload would begin again."""
    found = clients.subscriber(conn, id)
    if found is not None and found[1].source == "config":
        _require_managed("subscription", "config")
    return subscribing.end(conn, id, f"removed by {actor}", actor, now)


def ask(
    conn: sqlite3.Connection, subscription: Subscription, channels: Mapping[str, str], now: float
) -> set[str]:
    """Send the message that asks to confirm. Gives the channels that have something to send."""
    return sign_up.send(conn, subscription, channels, now)


def _add(
    conn: sqlite3.Connection,
    contact: Contact,
    kind: str,
    address: str,
    wanted: Preferences,
    actor: str,
    now: float,
    *,
    confirm: bool = False,
    source: Source = "managed",
) -> Subscription:
    if confirm:
        subscribing.require_may_be_asked(conn, kind, address, contact.tenant)
    return subscribing.add(
        conn,
        contact,
        kind,
        address,
        state="pending" if confirm else "active",
        components=wanted.components,
        severity=wanted.severity,
        source=source,
        actor=actor,
        now=now,
    )


def _found(conn: sqlite3.Connection, id: int) -> Reached:
    found = clients.reached(conn, id)
    if found is None:
        raise Invalid(f"there is no contact {id}")
    return found


def _require_managed(what: str, source: Source) -> None:
    if source == "config":
        raise Invalid(f"this {what} is in the configuration: change it there, and reload")
