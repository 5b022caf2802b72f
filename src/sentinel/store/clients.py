"""Tenants, their contacts, and what each address of a contact subscribes to. Every function runs
inside the caller's transaction."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from sentinel.model.alert import SEVERITY_RANK, AlertSeverity
from sentinel.model.client import (
    ClientQuiet,
    Contact,
    Source,
    Subscription,
    SubscriptionState,
    Tenant,
)

_CONTACT = "id tenant name language timezone quiet_start quiet_end digest source created chosen"
_SUBSCRIPTION = "id contact_id kind address components severity state since reason source"
_CONTACT_COLUMNS = ", ".join(f"c.{name} AS contact_{name}" for name in _CONTACT.split())
_SUBSCRIPTION_COLUMNS = ", ".join(f"s.{name} AS sub_{name}" for name in _SUBSCRIPTION.split())
_READ = 500
# The same address may be known through two contacts; whoever reads it is told once.
_CONCERNED = """{s}.state = 'active'
    AND {s}.severity IN (SELECT value FROM json_each(:severities))
    AND (:tenants IS NULL OR {c}.tenant IN (SELECT value FROM json_each(:tenants)))
    AND (:components = '[]' OR {s}.components = '[]' OR EXISTS (
        SELECT 1 FROM json_each({s}.components) AS wanted
        JOIN json_each(:components) AS hit ON hit.value = wanted.value))"""
_AUDIENCE = f"""
    FROM subscriptions AS s JOIN contacts AS c ON c.id = s.contact_id
    WHERE s.id > :after AND {_CONCERNED.format(s="s", c="c")} AND NOT EXISTS (
        SELECT 1 FROM subscriptions AS twin JOIN contacts AS other ON other.id = twin.contact_id
        WHERE twin.address = s.address AND twin.kind = s.kind AND twin.id < s.id
        AND {_CONCERNED.format(s="twin", c="other")})
    ORDER BY s.id LIMIT :limit"""
_EVERYBODY = -1


def audience(
    conn: sqlite3.Connection,
    tenants: Collection[str] | None,
    components: Collection[str],
    severity: AlertSeverity,
    after: int = 0,
    limit: int = 500,
) -> list[tuple[Contact, Subscription]]:
    """Who is to hear of this, in the order of the subscriptions' numbers, from the one after
    `after` on: active ones, at least as severe as they ask for, about one of their components.

    `tenants` of None are all, and those of the public; no `components` concern everybody.
    """
    rows = conn.execute(
        f"SELECT {_CONTACT_COLUMNS}, {_SUBSCRIPTION_COLUMNS} {_AUDIENCE}",
        _wanted(tenants, components, severity, after, limit),
    )
    return [(_contact(row), _subscription(row)) for row in rows]


def audience_numbers(
    conn: sqlite3.Connection,
    tenants: Collection[str] | None,
    components: Collection[str],
    severity: AlertSeverity,
) -> list[int]:
    """The numbers of the subscriptions of all of them, which is much faster to know."""
    wanted = _wanted(tenants, components, severity, 0, _EVERYBODY)
    return [row[0] for row in conn.execute(f"SELECT s.id {_AUDIENCE}", wanted)]


def _wanted(
    tenants: Collection[str] | None,
    components: Collection[str],
    severity: AlertSeverity,
    after: int,
    limit: int,
) -> dict[str, object]:
    rank = SEVERITY_RANK[severity]
    return {
        "severities": _json([one for one, other in SEVERITY_RANK.items() if other <= rank]),
        "tenants": None if tenants is None else _json(sorted(tenants)),
        "components": _json(sorted(components)),
        "after": after,
        "limit": limit,
    }


class Reached(Struct, frozen=True, kw_only=True):
    """A contact with all that it has ever subscribed to, the newest last."""

    contact: Contact
    subscriptions: tuple[Subscription, ...]

    @property
    def live(self) -> tuple[Subscription, ...]:
        """Those that are active, or wait to be confirmed."""
        return tuple(one for one in self.subscriptions if one.state in ("active", "pending"))


class TenantCount(Struct, frozen=True, kw_only=True):
    """A tenant, with how many contacts it has and how many of their addresses are written to."""

    tenant: Tenant
    contacts: int
    active: int


def tenant(conn: sqlite3.Connection, name: str) -> Tenant | None:
    row = conn.execute("SELECT * FROM tenants WHERE name = ?", (name,)).fetchone()
    return None if row is None else msgspec.convert(dict(row), Tenant)


def tenants(conn: sqlite3.Connection) -> list[Tenant]:
    """By name."""
    rows = conn.execute("SELECT * FROM tenants ORDER BY name")
    return [msgspec.convert(dict(row), Tenant) for row in rows]


def tenant_counts(conn: sqlite3.Connection) -> list[TenantCount]:
    """By name."""
    rows = conn.execute(
        "SELECT t.*, (SELECT count(*) FROM contacts WHERE tenant = t.name) AS contacts,"
        " (SELECT count(*) FROM subscriptions AS s JOIN contacts AS c ON c.id = s.contact_id"
        " WHERE c.tenant = t.name AND s.state = 'active') AS active"
        " FROM tenants AS t ORDER BY t.name"
    )
    return [
        TenantCount(
            tenant=Tenant(
                name=row["name"], title=row["title"], source=row["source"], created=row["created"]
            ),
            contacts=row["contacts"],
            active=row["active"],
        )
        for row in rows
    ]


def put_tenant(conn: sqlite3.Connection, tenant: Tenant) -> None:
    """New, or another title or source for one that there is."""
    conn.execute(
        "INSERT INTO tenants (name, title, source, created) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET title = excluded.title, source = excluded.source",
        (tenant.name, tenant.title, tenant.source, tenant.created),
    )


def delete_tenant(conn: sqlite3.Connection, name: str) -> None:
    """Its contacts are the caller's to see to."""
    conn.execute("DELETE FROM tenants WHERE name = ?", (name,))


def contact(conn: sqlite3.Connection, id: int) -> Contact | None:
    row = conn.execute(
        f"SELECT {_CONTACT_COLUMNS} FROM contacts AS c WHERE c.id = ?", (id,)
    ).fetchone()
    return None if row is None else _contact(row)


def reached(conn: sqlite3.Connection, id: int) -> Reached | None:
    """A contact with its subscriptions."""
    found = contact(conn, id)
    return None if found is None else _reached(conn, [found])[0]


def contacts(
    conn: sqlite3.Connection,
    *,
    tenant: str | None = None,
    state: SubscriptionState | None = None,
    search: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Reached]:
    """In the order of their numbers, after this one. `tenant` of "" are those of the public;
    `search` is looked for in names and addresses, whatever the case."""
    rows = conn.execute(
        f"SELECT {_CONTACT_COLUMNS} FROM contacts AS c WHERE c.id > :after"
        " AND (:tenant IS NULL OR ifnull(c.tenant, '') = :tenant)"
        " AND (:state IS NULL OR EXISTS (SELECT 1 FROM subscriptions WHERE contact_id = c.id"
        " AND state = :state))"
        " AND (:search = '' OR c.name LIKE :like ESCAPE '\\' OR EXISTS (SELECT 1 FROM subscriptions"
        " WHERE contact_id = c.id AND address LIKE :like ESCAPE '\\'))"
        " ORDER BY c.id LIMIT :limit",
        {
            "after": after,
            "tenant": tenant,
            "state": state,
            "search": search,
            "like": f"%{_literal(search)}%",
            "limit": limit,
        },
    ).fetchall()
    return _reached(conn, [_contact(row) for row in rows])


def every(conn: sqlite3.Connection) -> Iterator[Reached]:
    """All of them, however many, in the order of their numbers."""
    after = 0
    while found := contacts(conn, after=after, limit=_READ):
        yield from found
        after = found[-1].contact.id


def named(conn: sqlite3.Connection, tenant: str | None, name: str) -> Reached | None:
    """The contact of this name at the tenant, whatever the case; the oldest of several."""
    row = conn.execute(
        f"SELECT {_CONTACT_COLUMNS} FROM contacts AS c WHERE c.tenant IS ?"
        " AND c.name = ? COLLATE NOCASE ORDER BY c.id LIMIT 1",
        (tenant, name),
    ).fetchone()
    return None if row is None else _reached(conn, [_contact(row)])[0]


def of_source(conn: sqlite3.Connection, source: Source) -> list[Reached]:
    rows = conn.execute(
        f"SELECT {_CONTACT_COLUMNS} FROM contacts AS c WHERE c.source = ? ORDER BY c.id", (source,)
    ).fetchall()
    return _reached(conn, [_contact(row) for row in rows])


def add_contact(conn: sqlite3.Connection, contact: Contact) -> int:
    """The new one's number; the one that it is given with does not count."""
    cursor = conn.execute(
        "INSERT INTO contacts (tenant, name, language, timezone, quiet_start, quiet_end, digest,"
        " source, created, chosen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*_values(contact), contact.created, contact.chosen),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def update_contact(conn: sqlite3.Connection, contact: Contact) -> None:
    conn.execute(
        "UPDATE contacts SET tenant = ?, name = ?, language = ?, timezone = ?, quiet_start = ?,"
        " quiet_end = ?, digest = ?, source = ?, chosen = ? WHERE id = ?",
        (*_values(contact), contact.chosen, contact.id),
    )


def delete_contact(conn: sqlite3.Connection, id: int) -> None:
    """With its subscriptions. The numbers are never given to others."""
    conn.execute("DELETE FROM subscriptions WHERE contact_id = ?", (id,))
    conn.execute("DELETE FROM contacts WHERE id = ?", (id,))


def subscription(conn: sqlite3.Connection, id: int) -> Subscription | None:
    row = conn.execute(
        f"SELECT {_SUBSCRIPTION_COLUMNS} FROM subscriptions AS s WHERE s.id = ?", (id,)
    ).fetchone()
    return None if row is None else _subscription(row)


def subscriber(conn: sqlite3.Connection, id: int) -> tuple[Contact, Subscription] | None:
    """The subscription with its contact."""
    row = conn.execute(
        f"SELECT {_CONTACT_COLUMNS}, {_SUBSCRIPTION_COLUMNS} FROM subscriptions AS s"
        " JOIN contacts AS c ON c.id = s.contact_id WHERE s.id = ?",
        (id,),
    ).fetchone()
    return None if row is None else (_contact(row), _subscription(row))


def at_address(
    conn: sqlite3.Connection, kind: str, address: str
) -> list[tuple[Contact, Subscription]]:
    """All that this address ever subscribed to, oldest first."""
    rows = conn.execute(
        f"SELECT {_CONTACT_COLUMNS}, {_SUBSCRIPTION_COLUMNS} FROM subscriptions AS s"
        " JOIN contacts AS c ON c.id = s.contact_id"
        " WHERE s.address = ? AND s.kind = ? ORDER BY s.id",
        (address, kind),
    )
    return [(_contact(row), _subscription(row)) for row in rows]


def add_subscription(conn: sqlite3.Connection, subscription: Subscription) -> int:
    """The new one's number; the one that it is given with does not count."""
    cursor = conn.execute(
        "INSERT INTO subscriptions (contact_id, kind, address, components, severity, state, since,"
        " reason, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            subscription.contact,
            subscription.kind,
            subscription.address,
            _json(subscription.components),
            subscription.severity,
            subscription.state,
            subscription.since,
            subscription.reason,
            subscription.source,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def set_state(
    conn: sqlite3.Connection, id: int, state: SubscriptionState, now: float, reason: str = ""
) -> bool:
    """Only for one that has not ended: whether it was such a one, and in another state."""
    changed = conn.execute(
        "UPDATE subscriptions SET state = ?1, since = ?2, reason = ?3"
        " WHERE id = ?4 AND state IN ('pending', 'active') AND state <> ?1",
        (state, now, reason, id),
    ).rowcount
    return bool(changed)


def set_wish(
    conn: sqlite3.Connection, id: int, components: Sequence[str], severity: AlertSeverity
) -> None:
    """What the address wants to hear of."""
    conn.execute(
        "UPDATE subscriptions SET components = ?, severity = ? WHERE id = ?",
        (_json(components), severity, id),
    )


def unconfirmed(conn: sqlite3.Connection, before: float, limit: int) -> list[Subscription]:
    """Those that have waited to be confirmed since before then."""
    rows = conn.execute(
        f"SELECT {_SUBSCRIPTION_COLUMNS} FROM subscriptions AS s WHERE s.state = 'pending'"
        " AND s.since < ? ORDER BY s.since LIMIT ?",
        (before, limit),
    )
    return [_subscription(row) for row in rows]


def ended(conn: sqlite3.Connection, before: float, limit: int) -> list[int]:
    """The contacts who have had no live subscription since before then."""
    rows = conn.execute(
        "SELECT id FROM contacts AS c WHERE created < :before AND NOT EXISTS (SELECT 1"
        " FROM subscriptions WHERE contact_id = c.id"
        " AND (state IN ('pending', 'active') OR since >= :before)) ORDER BY id LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [row["id"] for row in rows]


def counts(conn: sqlite3.Connection) -> dict[SubscriptionState, int]:
    """How many subscriptions there are in each state."""
    rows = conn.execute("SELECT state, count(*) FROM subscriptions GROUP BY state")
    return {row[0]: row[1] for row in rows}


def _reached(conn: sqlite3.Connection, contacts: Sequence[Contact]) -> list[Reached]:
    rows = conn.execute(
        f"SELECT {_SUBSCRIPTION_COLUMNS} FROM subscriptions AS s"
        " WHERE s.contact_id IN (SELECT value FROM json_each(?)) ORDER BY s.id",
        (_json([one.id for one in contacts]),),
    )
    found: dict[int, list[Subscription]] = {one.id: [] for one in contacts}
    for row in rows:
        found[row["sub_contact_id"]].append(_subscription(row))
    return [Reached(contact=one, subscriptions=tuple(found[one.id])) for one in contacts]


def _values(contact: Contact) -> tuple[object, ...]:
    quiet = contact.quiet
    return (
        contact.tenant,
        contact.name,
        contact.language,
        contact.timezone,
        quiet.start if quiet else None,
        quiet.end if quiet else None,
        contact.digest,
        contact.source,
    )


def _contact(row: sqlite3.Row) -> Contact:
    start, end = row["contact_quiet_start"], row["contact_quiet_end"]
    return Contact(
        id=row["contact_id"],
        tenant=row["contact_tenant"],
        name=row["contact_name"],
        language=row["contact_language"],
        timezone=row["contact_timezone"],
        quiet=None if start is None else ClientQuiet(start=start, end=end),
        digest=row["contact_digest"],
        source=row["contact_source"],
        created=row["contact_created"],
        chosen=row["contact_chosen"],
    )


def _subscription(row: sqlite3.Row) -> Subscription:
    return Subscription(
        id=row["sub_id"],
        contact=row["sub_contact_id"],
        kind=row["sub_kind"],
        address=row["sub_address"],
        components=tuple(msgspec.json.decode(row["sub_components"], type=list[str])),
        severity=row["sub_severity"],
        state=row["sub_state"],
        since=row["sub_since"],
        reason=row["sub_reason"],
        source=row["sub_source"],
    )


def _json(values: Any) -> str:
    return msgspec.json.encode(values).decode()


def _literal(text: str) -> str:
    """For LIKE: with nothing in it that stands for something else."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
