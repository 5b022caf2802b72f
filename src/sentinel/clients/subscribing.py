"""The life of a subscription: asked for, confirmed, ended. Each step is noted in the contact's
history, in the transaction of the step itself.

    pending --confirmed--> active --> ended | bounced | complained
       `--not confirmed, or withdrawn--> ended

One that is over stays over: whoever comes back gets a new one. That an address refused outlives
it (`store/refusals.py`), so that neither a reload nor an import writes to it again. Who
unsubscribed may come back by confirming; who complained is not even asked, until an admin lifts it.
"""

import sqlite3
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from sentinel.errors import Invalid
from sentinel.model.alert import AlertSeverity
from sentinel.model.client import Change, Contact, Source, Subscription, SubscriptionState
from sentinel.store import client_deliveries, client_history, clients, refusals
from sentinel.store.clients import Reached

THE_CONTACT = "the contact"
CONFIGURATION = "configuration"
SENTINEL = "Sentinel"
UNSUBSCRIBED = "unsubscribed"
NOT_CONFIRMED = "not confirmed in time"
_BOUNCES = 3


def add(
    conn: sqlite3.Connection,
    contact: Contact,
    kind: str,
    address: str,
    *,
    state: Literal["pending", "active"] = "active",
    components: Sequence[str] = (),
    severity: AlertSeverity = "info",
    source: Source,
    actor: str,
    detail: str = "",
    now: float,
) -> Subscription:
    """A new subscription of a contact. `address` is normalised.

    Raises Invalid where there is one, and where its holder wants nothing: then only a `pending`
    one may be made, which they confirm themselves.
    """
    live = [one for one in _live(conn, contact.id) if (one.kind, one.address) == (kind, address)]
    if live:
        raise Invalid(f"found the address with this contact already ({live[0].state})")
    why = refusals.refused(conn, kind, address, contact.tenant)
    if why is not None and state == "active":
        raise Invalid(f"{_REFUSED[why]}: only its holder can subscribe it again")
    fresh = Subscription(
        id=0,
        contact=contact.id,
        kind=kind,
        address=address,
        components=tuple(components),
        severity=severity,
        state=state,
        since=now,
        source=source,
    )
    added = replace(fresh, id=clients.add_subscription(conn, fresh))
    what = "asked for" if state == "pending" else "added"
    _note(conn, added, what, actor, now, f"{kind} {address}{detail and f', {detail}'}")
    return added


def confirm(conn: sqlite3.Connection, id: int, now: float, origin: str) -> bool:
    """The holder of the address says that it is theirs and wants it. `origin` is where from.
    Whether it waited for that."""
    found = clients.subscriber(conn, id)
    if found is None or found[1].state != "pending":
        return False
    contact, subscription = found
    clients.set_state(conn, id, "active", now)
    refusals.allow(conn, subscription.kind, subscription.address, contact.tenant, now)
    _note(conn, subscription, "confirmed", THE_CONTACT, now, f"from {origin}" if origin else "")
    return True


def unsubscribe(conn: sqlite3.Connection, id: int, actor: str, now: float, how: str = "") -> bool:
    """Its holder wants no more of it, and nothing makes it begin again but they themselves.
    Whether it was not over yet."""
    found = clients.subscriber(conn, id)
    if found is None:
        return False
    contact, subscription = found
    # The second copy of an old mail ends what was begun since, too: that is what they ask for.
    refusals.refuse(
        conn, subscription.kind, subscription.address, contact.tenant, "unsubscribed", now
    )
    same = [
        one
        for other, one in clients.at_address(conn, subscription.kind, subscription.address)
        if other.tenant == contact.tenant and one.state in ("pending", "active")
    ]
    for one in same:
        _finish(conn, one, "ended", UNSUBSCRIBED, UNSUBSCRIBED, actor, now, how)
    return bool(same)


def end(conn: sqlite3.Connection, id: int, reason: str, actor: str, now: float) -> bool:
    """It is over for another reason than its holder's wish. Whether it was not over yet."""
    subscription = clients.subscription(conn, id)
    if subscription is None or subscription.state not in ("pending", "active"):
        return False
    _finish(conn, subscription, "ended", reason, "ended", actor, now, reason)
    return True


def lost(
    conn: sqlite3.Connection,
    kind: str,
    address: str,
    why: Literal["bounced", "complained"],
    detail: str,
    now: float,
    *,
    bounces: int = _BOUNCES,
    key: str = "",
) -> list[Subscription]:
    """What comes back from an address. A complaint ends all that it subscribed to at once; so many
    bounces in a row do, of which each message counts for one, however often it is reported. `key`
    is that of the message in question, where it is known.

    Gives the subscriptions that ended by it.
    """
    over = why == "complained"
    for one in _live_at(conn, kind, address):
        if why == "bounced" and client_deliveries.bounced(conn, one.id, key, detail, now):
            _note(conn, one, "bounced", SENTINEL, now, detail)
            over = over or client_history.strikes(conn, one.id) >= bounces
    return _close(conn, kind, address, why, detail, now) if over else []


def give_up(conn: sqlite3.Connection, id: int, detail: str, now: float) -> None:
    """The address has bounced too often: what it subscribed to is over."""
    found = clients.subscription(conn, id)
    if found is not None:
        _close(conn, found.kind, found.address, "bounced", detail, now)


def _close(
    conn: sqlite3.Connection,
    kind: str,
    address: str,
    why: Literal["bounced", "complained"],
    detail: str,
    now: float,
) -> list[Subscription]:
    """What can't be reached, or complained, for one tenant is so for the others."""
    refusals.refuse(conn, kind, address, refusals.EVERYWHERE, why, now)
    over = _live_at(conn, kind, address)
    for one in over:
        told = "complained" if why == "complained" else "ended: too many bounces"
        _finish(conn, one, why, detail, told, SENTINEL, now, detail)
    return over


def resume(conn: sqlite3.Connection, id: int, actor: str, now: float) -> Subscription:
    """An operator knows that a bounced address works again. Raises Invalid for any other."""
    found = clients.subscriber(conn, id)
    if found is None or found[1].state != "bounced":
        raise Invalid("expected a subscription that has bounced: only its holder can begin others")
    contact, old = found
    if refusals.refused(conn, old.kind, old.address, contact.tenant) == "complained":
        raise Invalid(f"{_REFUSED['complained']} since: {_WAY_BACK}")
    refusals.allow(conn, old.kind, old.address, refusals.EVERYWHERE, now)
    return add(
        conn,
        contact,
        old.kind,
        old.address,
        components=old.components,
        severity=old.severity,
        source=old.source,
        actor=actor,
        detail="it is said to work again",
        now=now,
    )


def require_may_be_asked(
    conn: sqlite3.Connection, kind: str, address: str, tenant: str | None
) -> None:
    """Whoever complained is not asked to confirm either. Raises Invalid."""
    if refusals.refused(conn, kind, address, tenant) == "complained":
        raise Invalid(f"{_REFUSED['complained']}, and is not asked either: {_WAY_BACK}")


def complaints(conn: sqlite3.Connection, reached: Reached) -> set[int]:
    """The subscriptions of a contact that ended by a complaint which still stands."""
    return {
        one.id
        for one in reached.subscriptions
        if one.state == "complained"
        and refusals.refused(conn, one.kind, one.address, refusals.EVERYWHERE) == "complained"
    }


def readmit(conn: sqlite3.Connection, kind: str, address: str, actor: str, now: float) -> None:
    """A complaint is settled: whoever holds the address may be asked again, and hears nothing
    until they confirm. `address` is normalised. Raises Invalid where nobody complained."""
    if not refusals.settle(conn, kind, address, now):
        raise Invalid("found no complaint from this address: nothing is to be lifted")
    for _, one in clients.at_address(conn, kind, address):
        if one.state == "complained":
            _note(conn, one, "readmitted", actor, now, "the complaint is settled")


def _live_at(conn: sqlite3.Connection, kind: str, address: str) -> list[Subscription]:
    found = clients.at_address(conn, kind, address)
    return [one for _, one in found if one.state in ("pending", "active")]


def _live(conn: sqlite3.Connection, contact: int) -> tuple[Subscription, ...]:
    found = clients.reached(conn, contact)
    return () if found is None else found.live


def _finish(
    conn: sqlite3.Connection,
    subscription: Subscription,
    state: SubscriptionState,
    reason: str,
    what: str,
    actor: str,
    now: float,
    detail: str,
) -> None:
    clients.set_state(conn, subscription.id, state, now, reason)
    client_deliveries.withdraw(conn, subscription.id, f"the subscription is over: {reason}")
    _note(conn, subscription, what, actor, now, detail)


def _note(
    conn: sqlite3.Connection,
    subscription: Subscription,
    what: str,
    actor: str,
    now: float,
    detail: str = "",
) -> None:
    client_history.note(
        conn,
        subscription.contact,
        Change(at=now, actor=actor, what=what, subscription=subscription.id, detail=detail),
    )


_REFUSED = {
    "unsubscribed": "the holder of this address has unsubscribed",
    "bounced": "this address has bounced too often",
    "complained": "the holder of this address has complained",
}
_WAY_BACK = (
    "once they say that they want messages again, an admin lifts it with "
    "`sentinel client readmit ADDRESS`"
)
