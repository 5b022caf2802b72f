"""Brings the tables in line with `tenants:` of the configuration, in one transaction.

A contact is known by its tenant and its name. What its holder has chosen stands: preferences that
they set are left alone, and an address that refused is not written to again, whatever the files
say.
"""

import sqlite3
from collections.abc import Mapping

import structlog
from msgspec import Struct
from msgspec.structs import replace

from sentinel.clients import subscribing
from sentinel.clients.subscribing import CONFIGURATION
from sentinel.config.model import ContactConfig, TenantConfig
from sentinel.discretion import masked
from sentinel.model.client import Contact, Tenant
from sentinel.store import clients, refusals
from sentinel.store.clients import Reached

log = structlog.get_logger("sentinel.clients")
_GONE = "no longer in the configuration"


class Synchronised(Struct, frozen=True, kw_only=True):
    """How many subscriptions began, ended, and were left out because their holder refused."""

    begun: int = 0
    ended: int = 0
    refused: int = 0


def synchronise(
    conn: sqlite3.Connection, tenants: Mapping[str, TenantConfig], now: float
) -> Synchronised:
    """Takes what changed, and nothing else: to run it again changes nothing."""
    return _Synchronising(conn, now).run(tenants)


class _Synchronising:
    def __init__(self, conn: sqlite3.Connection, now: float) -> None:
        self._conn = conn
        self._now = now
        self._begun = self._ended = self._refused = 0

    def run(self, tenants: Mapping[str, TenantConfig]) -> Synchronised:
        known = {
            (one.contact.tenant, one.contact.name.casefold()): one
            for one in clients.of_source(self._conn, "config")
        }
        wanted: dict[tuple[str | None, str], ContactConfig] = {
            (tenant.name, contact.name.casefold()): contact
            for tenant in tenants.values()
            for contact in tenant.contacts
        }
        # First what ends: an address that goes from one contact to another is free then.
        for key, reached in known.items():
            self._end(reached, wanted.get(key))
        for tenant in tenants.values():
            self._put_tenant(tenant)
            for contact in tenant.contacts:
                key = (tenant.name, contact.name.casefold())
                self._put_contact(tenant.name, contact, known.get(key))
        for old in clients.tenants(self._conn):
            if old.source == "config" and old.name not in tenants:
                self._drop_tenant(old)
        done = Synchronised(begun=self._begun, ended=self._ended, refused=self._refused)
        if self._begun or self._ended:
            log.info("clients", begun=done.begun, ended=done.ended, refused=done.refused)
        return done

    def _end(self, reached: Reached, wanted: ContactConfig | None) -> None:
        """Of a contact that stays, what it added itself stays too."""
        listed = set() if wanted is None else set(wanted.addresses.items())
        for one in reached.live:
            own = wanted is not None and one.source == "self"
            if not own and (one.kind, one.address) not in listed:
                self._ended += subscribing.end(self._conn, one.id, _GONE, CONFIGURATION, self._now)

    def _put_tenant(self, tenant: TenantConfig) -> None:
        known = clients.tenant(self._conn, tenant.name)
        fresh = Tenant(
            name=tenant.name,
            title=tenant.title,
            source="config",
            created=known.created if known else self._now,
        )
        if fresh != known:
            clients.put_tenant(self._conn, fresh)

    def _drop_tenant(self, tenant: Tenant) -> None:
        """One that still has contacts is from now on managed by people."""
        if clients.contacts(self._conn, tenant=tenant.name, limit=1):
            clients.put_tenant(self._conn, replace(tenant, source="managed"))
        else:
            clients.delete_tenant(self._conn, tenant.name)

    def _put_contact(self, tenant: str, wanted: ContactConfig, known: Reached | None) -> None:
        contact = self._contact(tenant, wanted, known)
        live = {} if known is None else {(one.kind, one.address): one for one in known.live}
        for kind, address in wanted.addresses.items():
            one = live.get((kind, address))
            if one is not None:
                same = (one.components, one.severity) == (wanted.components, wanted.severity)
                if contact.chosen is None and one.state == "active" and not same:
                    clients.set_wish(self._conn, one.id, wanted.components, wanted.severity)
            elif refusals.refused(self._conn, kind, address, tenant):
                self._refused += 1
                log.debug("client refused", tenant=tenant, to=masked(address))
            else:
                subscribing.add(
                    self._conn,
                    contact,
                    kind,
                    address,
                    components=wanted.components,
                    severity=wanted.severity,
                    source="config",
                    actor=CONFIGURATION,
                    now=self._now,
                )
                self._begun += 1

    def _contact(self, tenant: str, wanted: ContactConfig, known: Reached | None) -> Contact:
        """As it is stored from now on."""
        if known is None:
            fresh = Contact(
                id=0,
                tenant=tenant,
                name=wanted.name,
                language=wanted.language,
                timezone=wanted.timezone,
                quiet=wanted.quiet,
                digest=wanted.digest,
                source="config",
                created=self._now,
            )
            return replace(fresh, id=clients.add_contact(self._conn, fresh))
        contact = replace(known.contact, name=wanted.name)
        if contact.chosen is None:
            contact = replace(
                contact,
                language=wanted.language,
                timezone=wanted.timezone,
                quiet=wanted.quiet,
                digest=wanted.digest,
            )
        if contact != known.contact:
            clients.update_contact(self._conn, contact)
        return contact
