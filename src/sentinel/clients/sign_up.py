"""Strangers sign up: what they may cause, and nothing that they learn.

Whoever signs an address up is told the same whether it is known, new, or wants nothing: only the
inbox behind it hears more. A message goes there a few times a day at most, whoever asks.
"""

import ipaddress
import sqlite3
from collections.abc import Mapping

import structlog
from msgspec import Struct

from sentinel.clients import subscribing
from sentinel.clients.addresses import Kind
from sentinel.config.model import ClientsConfig
from sentinel.discretion import masked
from sentinel.errors import Overloaded
from sentinel.model.client import Contact, Subscription
from sentinel.model.delivery import Recipient
from sentinel.store import (
    client_deliveries,
    client_history,
    clients,
    deliveries,
    refusals,
    sign_ups,
)
from sentinel.store.clients import Reached

log = structlog.get_logger("sentinel.clients")
_AN_HOUR = 3600.0
_ITS_NETWORK = 64


class SignUp(Struct, frozen=True, kw_only=True):
    """What a stranger asked for. `address` is normalised, `origin` the network address that it was
    asked from; `tenant` is that of the link it was asked by."""

    kind: Kind
    address: str
    name: str = ""
    language: str
    timezone: str = "UTC"
    tenant: str | None = None
    origin: str


def ask(conn: sqlite3.Connection, asked: SignUp, settings: ClientsConfig, now: float) -> set[str]:
    """Write the message that asks the holder of the address to confirm, unless it had too many of
    them today. Gives the channels that have something to send.

    Raises Overloaded where too much comes from one network, or from everywhere: that says nothing
    about the address.
    """
    origin = network_of(asked.origin)
    tally = sign_ups.tally(conn, asked.kind, asked.address, origin, now)
    limits = settings.limits
    if tally.origin >= limits.sign_ups or tally.all >= limits.sign_ups_in_all:
        raise Overloaded("too many sign-ups within an hour", _AN_HOUR)
    sign_ups.count(conn, asked.kind, asked.address, origin, now)
    if tally.address >= limits.confirmations:
        log.info("sign-up passed over", to=masked(asked.address), today=tally.address)
        return set()
    if refusals.refused(conn, asked.kind, asked.address, asked.tenant) == "complained":
        # One more message, even a confirmation, is what was complained of.
        log.info("sign-up passed over", to=masked(asked.address), why="complained")
        return set()
    subscription = _known(conn, asked) or _fresh(conn, asked, now)
    return send(conn, subscription, settings.channels, now)


def add_address(
    conn: sqlite3.Connection,
    reached: Reached,
    kind: str,
    address: str,
    origin: str,
    settings: ClientsConfig,
    now: float,
) -> set[str]:
    """A contact names another address, which hears nothing more until its holder confirms it.

    Raises Invalid where the contact has it already, and Overloaded as for strangers: they may be
    somebody else's, too.
    """
    network = network_of(origin)
    tally = sign_ups.tally(conn, kind, address, network, now)
    if tally.origin >= settings.limits.sign_ups or tally.address >= settings.limits.confirmations:
        raise Overloaded("too many messages to confirm an address", _AN_HOUR)
    wish = next(iter(reached.live), None)
    added = subscribing.add(
        conn,
        reached.contact,
        kind,
        address,
        state="pending",
        components=wish.components if wish else (),
        severity=wish.severity if wish else "info",
        source="self",
        actor=subscribing.THE_CONTACT,
        detail=f"from {origin}",
        now=now,
    )
    sign_ups.count(conn, kind, address, network, now)
    if refusals.refused(conn, kind, address, reached.contact.tenant) == "complained":
        # The one who asks is told the same as ever: they may not be the one who complained.
        log.info("address passed over", to=masked(address), why="complained")
        return set()
    return send(conn, added, settings.channels, now)


def send(
    conn: sqlite3.Connection, subscription: Subscription, channels: Mapping[str, str], now: float
) -> set[str]:
    """Write the message to its address. Gives the channels that have something to send."""
    channel = channels.get(subscription.kind)
    if channel is None:
        return set()
    deliveries.enqueue_client(
        conn,
        Recipient(channel, subscription.address),
        reason="confirm",
        severity="info",
        subscription=subscription.id,
        due=now,
        now=now,
    )
    return {channel}


def network_of(origin: str) -> str:
    """What one household has: an IPv4 address, or the network of an IPv6 one."""
    try:
        address = ipaddress.ip_address(origin.partition("%")[0])
    except ValueError:
        return origin[:100]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _ITS_NETWORK), strict=False))
    return str(address)


def _known(conn: sqlite3.Connection, asked: SignUp) -> Subscription | None:
    """The live one of this address, an active one before one that waits."""
    live = [
        one
        for contact, one in clients.at_address(conn, asked.kind, asked.address)
        if one.state == "active" or (one.state == "pending" and contact.tenant == asked.tenant)
    ]
    return min(live, key=lambda one: one.state != "active", default=None)


def _fresh(conn: sqlite3.Connection, asked: SignUp, now: float) -> Subscription:
    contact = Contact(
        id=0,
        tenant=asked.tenant,
        name=asked.name,
        language=asked.language,
        timezone=asked.timezone,
        source="self",
        created=now,
    )
    number = clients.add_contact(conn, contact)
    found = clients.contact(conn, number)
    assert found is not None
    return subscribing.add(
        conn,
        found,
        asked.kind,
        asked.address,
        state="pending",
        source="self",
        actor=subscribing.THE_CONTACT,
        detail=f"from {asked.origin}",
        now=now,
    )


def forget_unconfirmed(conn: sqlite3.Connection, patience: float, now: float, limit: int) -> int:
    """What was asked for so long ago, in seconds, and never confirmed goes, and with it the
    contacts who have nothing else: they may never have heard of us. How many went."""
    waiting = clients.unconfirmed(conn, now - patience, limit)
    for one in waiting:
        found = clients.reached(conn, one.contact)
        if found is not None and len(found.subscriptions) == 1 and found.contact.source == "self":
            client_deliveries.erase(conn, one.contact)
            client_history.erase(conn, one.contact)
            clients.delete_contact(conn, one.contact)
        else:
            subscribing.end(conn, one.id, subscribing.NOT_CONFIRMED, subscribing.SENTINEL, now)
    return len(waiting)
