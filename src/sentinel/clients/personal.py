"""All that is stored about somebody: given out, and erased (GDPR, articles 15, 17 and 20)."""

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from sentinel.clients import subscribing
from sentinel.clients.addresses import forms_of
from sentinel.discretion import masked
from sentinel.errors import Invalid
from sentinel.model.client import Change, Contact, Subscription
from sentinel.store import audit, client_deliveries, client_history, clients
from sentinel.store.client_deliveries import Sent
from sentinel.store.clients import Reached

_MOST = 10_000


class Dossier(Struct, frozen=True, kw_only=True):
    """One contact with everything about it. Times are seconds since 1970 UTC."""

    contact: Contact
    subscriptions: tuple[Subscription, ...]
    history: Sequence[Change]
    messages: Sequence[Sent]


def dossier(conn: sqlite3.Connection, contact: int) -> Dossier | None:
    found = clients.reached(conn, contact)
    if found is None:
        return None
    return Dossier(
        contact=found.contact,
        subscriptions=found.subscriptions,
        history=client_history.changes(conn, contact, _MOST),
        messages=client_deliveries.sent_to(conn, contact, limit=_MOST),
    )


def contacts_at(conn: sqlite3.Connection, address: str) -> list[int]:
    """The contacts who have, or had, this address, whatever its kind. It is normalised."""
    rows = conn.execute(
        "SELECT DISTINCT contact_id FROM subscriptions WHERE address = ? ORDER BY 1", (address,)
    )
    return [row[0] for row in rows]


def require_address(reached: Reached, given: str) -> None:
    """Whoever erases says whom they mean, by an address that this contact has, or had; of one
    that never had any by its name. Raises Invalid."""
    known = {one.address for one in reached.subscriptions} or {reached.contact.name}
    if known.isdisjoint(forms_of(given)):
        raise Invalid(
            f"address: expected one that contact {reached.contact.id} has, or had, so that a wrong "
            "number erases nobody, found another; nothing was erased"
        )


def erase(conn: sqlite3.Connection, contact: int, actor: str, now: float) -> bool:
    """All of it goes at once. That its addresses are not to be written to is remembered, as hashes,
    so that neither the configuration nor an import brings them back. Whether there was one."""
    found = clients.reached(conn, contact)
    if found is None:
        return False
    for one in found.subscriptions:
        # The same address may be with another contact of the tenant, too.
        subscribing.unsubscribe(conn, one.id, actor, now, "erased")
    client_deliveries.erase(conn, contact)
    client_history.erase(conn, contact)
    clients.delete_contact(conn, contact)
    addresses = sorted({masked(one.address) for one in found.subscriptions})
    audit.note(conn, now, actor, "contact erased", f"contact {contact}", ", ".join(addresses))
    return True
